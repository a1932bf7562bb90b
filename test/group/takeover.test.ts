import t from "tap";
import type { Delivery } from "../../src/shapes.ts";
import { FILTER_TIMEOUT_SECONDS, type Member, openGroupYard, until } from "./group-yard.ts";

/** What X may still do with a request after it has ended. */
const LAST_LOOK_MS = 10_000;

t.test("of a host that is killed, what waits goes on at once, and what had begun is looked up when it can't arrive any more", async (t) => {
  const yard = await openGroupYard({ accounts: ["Waiting", "Begun"] });
  t.teardown(() => yard.close());
  const [victim, other, third] = yard.members as [Member, Member, Member];
  // Alone, so that it holds both lanes.
  await Promise.all([other.host.stop(), third.host.stop()]);
  const toPost = (accountName: string) => ({ method: "POST", path: "/2/tweets", accountName });
  await yard.control("faults", { match: toPost("Waiting"), times: 0, fault: { status: 503 } });
  await yard.control("faults", { match: toPost("Begun"), fault: { hang: true, accept: true } });
  const stateOf = async ({ call }: Member, id = "") => (await call<Delivery>("deliveries.get", { id })).state;
  const [waiting] = await victim.notify({ text: "Waits.", functionalUser: "Waiting" });
  const [begun] = await victim.notify({ text: "Begun.", functionalUser: "Begun" });
  await until(async () => (await stateOf(victim, waiting?.id)) === "waiting");
  await until(async () => (await yard.posts()).some(({ text }) => text === "Begun."));
  await Promise.all([other.start(), third.start()]);
  await yard.forgetFaults();
  // Whoever takes the lanes has been told before that an operator wants them to go on at once.
  const hurry = (member: Member) => member.call("lanes.resume", { accountName: "Begun" });
  await Promise.all([other, third].map(hurry));
  const killedAt = performance.now();
  await victim.host.kill();

  await until(async () => (await stateOf(other, waiting?.id)) === "delivered");
  const waitedMs = performance.now() - killedAt;
  t.not(await stateOf(third, begun?.id), "delivered", "what waited did not wait for what had begun");
  await until(async () => (await stateOf(other, begun?.id)) === "in-doubt");
  await Promise.all([other, third].map(hurry));
  await until(async () => (await stateOf(other, begun?.id)) === "delivered");
  const lookedMs = performance.now() - killedAt;
  t.ok(lookedMs >= FILTER_TIMEOUT_SECONDS * 1000 + LAST_LOOK_MS, "nobody looked while it might still have been on its way");
  t.strictSame((await yard.posts()).map(({ text }) => text).sort(), ["Begun.", "Waits."]);
  t.comment(`taken over after ${Math.round(waitedMs)} ms, looked up after ${Math.round(lookedMs)} ms`);
});
