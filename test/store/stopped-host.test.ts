/** The host's process stands still for seconds (a suspended machine, a snapshot of it) and goes on. */
import { setTimeout as sleep } from "node:timers/promises";
import t from "tap";
import { openYard } from "../child-host.ts";
import { judgeOrder } from "../judge.ts";

const NAMES = ["Account_0", "Account_1", "Account_2", "Account_3"];
/** Longer than the plug-in's time-out, a worker's ping and the busy time-out of SQLite. */
const STILL_MS = 6000;

t.test("a host that stands still under load, again and again, loses nothing and posts nothing twice", async (t) => {
  const yard = await openYard({ accounts: NAMES, userDefined: { requestTimeoutSeconds: 2 } });
  t.teardown(() => yard.close());
  const host = await yard.start();
  await yard.register();
  await yard.control("faults", { match: { method: "POST", path: "/2/tweets" }, times: 0, fault: { delayMs: 30 } });
  const accepted: string[] = [];
  let going = true;
  const caller = async (functionalUser: string) => {
    for (let index = 0; going; index += 1) {
      const text = `Notice ${index} for ${functionalUser}`;
      await yard.notify({ text, functionalUser });
      accepted.push(text);
      await sleep(20);
    }
  };
  const callers = NAMES.map(caller);
  for (let round = 1; round <= 2; round += 1) {
    while (accepted.length < 80 * round || (await yard.posts()).length < 20 * round) await sleep(20);
    host.child.kill("SIGSTOP");
    // Not a wait for something: the stillness itself is what is tried.
    await sleep(STILL_MS);
    host.child.kill("SIGCONT");
  }
  const before = accepted.length;
  while (accepted.length < before + 40) await sleep(20);
  going = false;
  await Promise.all(callers);
  const deliveries = await yard.drained();
  t.strictSame(new Set(deliveries.map(({ text }) => text)), new Set(accepted), "every call that was answered is kept, and no other");
  t.strictSame(judgeOrder(deliveries, await yard.posts()), [], `${accepted.length} accepted, each posted once and in order`);
  t.match(await host.stop(), [0, null]);
});
