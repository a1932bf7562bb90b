/**
 * The crash harness: notifications to several accounts, a host killed with SIGKILL again and again, at random moments
 * and at chosen points, then started and drained. X's record is the judge: every call that was answered stands there
 * once and in order, and nothing stands there that the store does not know.
 *
 * With several hosts they share a PostgreSQL, and are also stopped, cut off from it, or ended, and it ends itself.
 *
 *     npm run crash -- --kills 500
 *     npm run crash -- --hosts 3 --kills 100 --minutes 10
 */
import { parseArgs } from "node:util";
import { crash, POINTS } from "./crash.ts";
import { crashGroup, MOMENTS, TROUBLES } from "./group.ts";

const { values } = parseArgs({
  options: {
    hosts: { type: "string", default: "1" },
    kills: { type: "string", default: "500" },
    accounts: { type: "string", default: "4" },
    /** No new trouble after this. */
    minutes: { type: "string", default: "1000000" },
  },
});
const [hosts, kills, accounts, minutes] = [values.hosts, values.kills, values.accounts, values.minutes].map(Number) as [
  number,
  number,
  number,
  number,
];
const random = Math.random;
const oneOf = <T>(choice: readonly [T, ...T[]]): T => choice[Math.floor(random() * choice.length)] ?? choice[0];
const endsAt = performance.now() + minutes * 60_000;

function* plan() {
  // Every second trouble is a kill.
  for (let count = 0; count < kills && performance.now() < endsAt; count += 1)
    yield { trouble: count % 2 === 0 ? ("kill" as const) : oneOf(TROUBLES), moment: oneOf(MOMENTS) };
}
const onKill = (count: number, ...what: string[]) => {
  if (count % 10 === 0 || count === kills) process.stdout.write(`${count} of ${kills} (${what.join(", ")})\n`);
};

const result =
  hosts > 1
    ? await crashGroup({ hosts, accounts, random, plan: plan(), onTrouble: onKill })
    : await crash({ kills, accounts, random, pointOf: () => oneOf(POINTS), onKill });
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
process.exit(result.wrong.length === 0 ? 0 : 1);
