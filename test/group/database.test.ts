import t from "tap";
import { judgeOrder } from "../judge.ts";
import { type Member, openGroupYard, until } from "./group-yard.ts";

const BASIC = `Basic ${Buffer.from("admin:admin-password").toString("base64")}`;

function urlOf({ host }: Member): string {
  const ready = host.log.findLast((line) => line.includes('"msg":"host ready"')) ?? "{}";
  return (JSON.parse(ready) as { url: string }).url;
}

async function noteOf(member: Member, text: string): Promise<number | undefined> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "notify", params: { text } });
  const headers = { "content-type": "application/json", authorization: BASIC };
  const answer = await fetch(`${urlOf(member)}/rpc`, { method: "POST", headers, body });
  const { error } = (await answer.json()) as { error?: { data: { statusList: { messageNum: number }[] } } };
  return error?.data.statusList[1]?.messageNum;
}

const readiness = async (member: Member) => (await fetch(`${urlOf(member)}/readyz`)).status;

t.test("while PostgreSQL is away calls are refused with 20032, and when it is back the hosts go on by themselves", async (t) => {
  const yard = await openGroupYard();
  t.teardown(() => yard.close());
  const [first] = yard.members as [Member];
  const accepted: string[] = [];
  for (const [index, member] of [...yard.members, ...yard.members].entries()) {
    await member.notify({ text: `Before ${index}.` });
    accepted.push(`Before ${index}.`);
  }
  yard.postgres.stop("immediate");
  for (const member of yard.members) {
    t.equal(await noteOf(member, `Refused by ${member.name}.`), 20032);
    await until(async () => (await readiness(member)) === 503);
    t.equal((await fetch(`${urlOf(member)}/healthz`)).status, 200, "it lives");
  }
  yard.postgres.start();
  for (const member of yard.members) {
    await until(async () => (await readiness(member)) === 200);
    await member.notify({ text: `After ${member.name}.` });
    accepted.push(`After ${member.name}.`);
  }
  const deliveries = await yard.drained();
  t.strictSame(judgeOrder(deliveries, await yard.posts()), []);
  t.strictSame(
    deliveries.map(({ text }) => text),
    accepted,
    "what was refused is not kept",
  );
  t.match(await first.call("server.status"), { ready: true, deliveries: { delivered: accepted.length } });
});

t.test("a host whose connections fall silent says so, and works again when they speak", async (t) => {
  const yard = await openGroupYard();
  t.teardown(() => yard.close());
  const [cut, ...others] = yard.members as [Member, Member, Member];
  await cut.notify({ text: "Before." });
  cut.wire.cut("silent");
  await until(async () => (await readiness(cut)) === 503);
  for (const member of others) t.equal(await readiness(member), 200, "the others do not mind");
  await others[0]?.notify({ text: "Meanwhile." });
  await until(async () => (await yard.posts()).some(({ text }) => text === "Meanwhile."));
  cut.wire.mend();
  await until(async () => (await readiness(cut)) === 200);
  await cut.notify({ text: "After." });
  t.strictSame(judgeOrder(await yard.drained(), await yard.posts()), []);
});
