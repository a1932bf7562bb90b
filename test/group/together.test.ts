import t, { type Test } from "tap";
import type { Delivery, Lane, Registration } from "../../src/shapes.ts";
import { type GroupYard, type Member, openGroupYard, until } from "./group-yard.ts";

const ACCOUNTS = ["Desk_A", "Desk_B"];
const yard: GroupYard = await openGroupYard({ accounts: ACCOUNTS });
t.teardown(() => yard.close());
const [a, b, c] = yard.members as [Member, Member, Member];

const stateOn = async (member: Member, id: string) => (await member.call<Delivery>("deliveries.get", { id })).state;
const textsAtX = async () => (await yard.posts()).map(({ text }) => text);
/** The host that works the account's lane: the one that has said that it began this delivery. */
const holderOf = (id: string) => yard.members.find(({ host }) => host.log.some((line) => line.includes(id) && line.includes("post begun")));

async function laneOn(member: Member, account: string): Promise<Lane> {
  const { lanes } = await member.call<{ lanes: Lane[] }>("lanes.list");
  return lanes.find(({ accountName }) => accountName === account) as Lane;
}

async function idOf(account: string): Promise<string> {
  const { registrations } = await a.call<{ registrations: Registration[] }>("registrations.list");
  return registrations.find(({ accountName }) => accountName === account)?.id ?? "";
}

/** Posts on the account, so that a host holds its lane; answers that host and the two others. */
async function lanesOf(t: Test, account: string): Promise<[holder: Member, other: Member, third: Member]> {
  const [delivery] = await c.notify({ text: `Who? ${t.name}`, functionalUser: account });
  const id = delivery?.id ?? "";
  await until(async () => (await stateOn(c, id)) === "delivered" && holderOf(id) !== undefined);
  const holder = holderOf(id) as Member;
  const [other, third] = yard.members.filter((member) => member !== holder) as [Member, Member];
  return [holder, other, third];
}

t.test("one key, sent to three hosts at once, is one delivery", async (t) => {
  const request = { text: "Key.", functionalUser: "Desk_A", idempotencyKey: "one", waitSeconds: 30 };
  const answers = await Promise.all(
    yard.members.map((member) => member.call<{ deliveries: Delivery[]; duplicate?: true }>("notify", request)),
  );
  t.equal(new Set(answers.map(({ deliveries }) => deliveries[0]?.id)).size, 1);
  t.equal(answers.filter(({ duplicate }) => duplicate).length, 2);
  t.strictSame(new Set(answers.map(({ deliveries }) => deliveries[0]?.state)), new Set(["delivered"]), "each host tells of its end");
  t.equal((await textsAtX()).filter((text) => text === "Key.").length, 1);
});

t.test("one entry, sent to three hosts at once without a key, is one delivery", async (t) => {
  const request = { text: "Entry.", functionalUser: "Desk_A", entryId: "INC000001" };
  const answers = await Promise.all(yard.members.map((member) => member.notify(request)));
  t.equal(new Set(answers.map(([delivery]) => delivery?.id)).size, 1);
  await until(async () => (await textsAtX()).includes("Entry."));
  t.equal((await textsAtX()).filter((text) => text === "Entry.").length, 1);
});

t.test("calls that go round the hosts are posted in their order", async (t) => {
  const texts = Array.from({ length: 30 }, (_, index) => `Round ${index}.`);
  for (const [index, text] of texts.entries()) await (yard.members[index % 3] as Member).notify({ text, functionalUser: "Desk_B" });
  await until(async () => (await textsAtX()).includes("Round 29."));
  t.strictSame(
    (await textsAtX()).filter((text) => text.startsWith("Round")),
    texts,
  );
});

t.test("an account that is paused on one host rests on all, and a resume on any lets it go on", async (t) => {
  const [holder, other, third] = await lanesOf(t, "Desk_A");
  await other.call("lanes.pause", { accountName: "Desk_A" });
  await until(async () => (await laneOn(holder, "Desk_A")).paused);
  const [waiting] = await holder.notify({ text: "Paused.", functionalUser: "Desk_A" });
  t.equal(await stateOn(other, waiting!.id), "queued");
  await third.call("lanes.resume", { accountName: "Desk_A" });
  await until(async () => (await stateOn(other, waiting!.id)) === "delivered");
  t.pass("delivered");
});

t.test("a registration that is disabled on one host refuses calls on all, and enabled again takes them", async (t) => {
  const id = await idOf("Desk_B");
  const refuses = (member: Member) =>
    member.notify({ text: "Refused?", functionalUser: "Desk_B" }).then(
      () => false,
      (cause: Error) => cause.message.includes("disabled") || cause.message.includes("Desk_B on Desk_B"),
    );
  await a.call("registrations.update", { id, status: "Disabled" });
  for (const member of yard.members) await until(() => refuses(member));
  await b.call("registrations.update", { id, status: "Enabled" });
  for (const member of yard.members) await until(async () => !(await refuses(member)));
  t.pass("in force on every host");
});

t.test("what waits for its registration goes on when another host enables it", async (t) => {
  const [holder, other, third] = await lanesOf(t, "Desk_A");
  const id = await idOf("Desk_A");
  await other.call("lanes.pause", { accountName: "Desk_A" });
  await until(async () => (await laneOn(holder, "Desk_A")).paused);
  const [waiting] = await holder.notify({ text: "Disabled.", functionalUser: "Desk_A" });
  await other.call("registrations.update", { id, status: "Disabled" });
  await other.call("lanes.resume", { accountName: "Desk_A" });
  await until(async () => !(await laneOn(holder, "Desk_A")).paused);
  t.equal(await stateOn(third, waiting!.id), "queued");
  await third.call("registrations.update", { id, status: "Enabled" });
  await until(async () => (await stateOn(third, waiting!.id)) === "delivered");
});

t.test("a registration that one host made can be changed on another at once", async (t) => {
  const { id } = await a.call<Registration>("registrations.create", { functionalUser: "Twin", accountName: "Desk_A" });
  t.match(await b.call("registrations.update", { id, status: "Enabled" }), { id, status: "Enabled" });
  const [delivery] = await b.notify({ text: "Made elsewhere.", functionalUser: "Twin" });
  t.match(await c.call("registrations.delete", { id }), { id });
  await until(async () => ["delivered", "cancelled"].includes(await stateOn(a, delivery!.id)));
  await until(async () => (await a.call("registrations.get", { id }).catch(() => undefined)) === undefined);
});

t.test("of changes of one version that are sent to three hosts at once one is kept, and the others are refused", async (t) => {
  const { id } = await a.call<Registration>("registrations.create", { functionalUser: "Contested", accountName: "Desk_A" });
  for (let round = 0; round < 10; round += 1) {
    const { updatedAt } = await a.call<Registration>("registrations.get", { id });
    const change = (member: Member, index: number) =>
      member
        .call<Registration>("registrations.update", { id, content: `${round}.${index}`, ifUpdatedAt: updatedAt })
        .catch((cause: Error) => cause);
    const answers = await Promise.all(yard.members.map(change));
    const [kept, ...more] = answers.filter((answer): answer is Registration => !(answer instanceof Error));
    t.strictSame(more, []);
    for (const answer of answers) if (answer instanceof Error) t.match(answer.message, /the registration was changed/);
    for (const member of yard.members)
      await until(async () => (await member.call<Registration>("registrations.get", { id })).content === kept?.content);
  }
  await a.call("registrations.delete", { id });
});

t.test("who waits on one host is told when the lane's holder, another one, has delivered", async (t) => {
  const [, other] = await lanesOf(t, "Desk_B");
  const { deliveries } = await other.call<{ deliveries: Delivery[] }>("notify", {
    text: "Waits.",
    functionalUser: "Desk_B",
    waitSeconds: 60,
  });
  t.match(deliveries, [{ state: "delivered" }]);
  t.not(holderOf(deliveries[0]!.id), other);
});

t.test("a resume on another host ends what the holder of the lane waits for", async (t) => {
  const [holder, other] = await lanesOf(t, "Desk_B");
  const match = { method: "POST", path: "/2/tweets", accountName: "Desk_B" };
  // X says when the limit ends: in ten minutes.
  const headers = { "x-rate-limit-reset": String(Math.ceil(Date.now() / 1000) + 600), "x-rate-limit-remaining": "0" };
  await yard.control("faults", { match, fault: { status: 429, headers } });
  const [delivery] = await holder.notify({ text: "Waits long.", functionalUser: "Desk_B" });
  await until(async () => (await laneOn(other, "Desk_B")).hold !== undefined);
  t.equal(await stateOn(other, delivery!.id), "waiting");
  await other.call("lanes.resume", { accountName: "Desk_B" });
  await until(async () => (await stateOn(other, delivery!.id)) === "delivered");
  t.equal(holderOf(delivery!.id), holder);
});

t.test("what is cancelled or put back on another host moves the lane that its holder waits with", async (t) => {
  const [holder, other] = await lanesOf(t, "Desk_B");
  await yard.control("faults", { match: { method: "POST", path: "/2/tweets", accountName: "Desk_B" }, times: 0, fault: { status: 503 } });
  const [head] = await holder.notify({ text: "Head.", functionalUser: "Desk_B" });
  const [next] = await holder.notify({ text: "Next.", functionalUser: "Desk_B" });
  await until(async () => (await stateOn(other, head!.id)) === "waiting");
  await other.call("deliveries.cancel", { ids: [head!.id] });
  await until(async () => (await stateOn(other, next!.id)) === "waiting");
  await yard.forgetFaults();
  await other.call("deliveries.retry", { ids: [head!.id, next!.id] });
  await until(async () => (await stateOn(holder, next!.id)) === "delivered");
  t.strictSame((await textsAtX()).slice(-2), ["Head.", "Next."], "what was put back stands where it stood");
});
