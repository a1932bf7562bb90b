/**
 * The crash harness: notifications to several accounts, the host killed with SIGKILL again and again, at random moments
 * and at chosen points, then started and drained. X's record is the judge: every call that was answered stands there
 * once and in order, and nothing stands there that the store does not know.
 *
 *     npm run crash -- --kills 500
 */
import { parseArgs } from "node:util";
import { crash, POINTS } from "./crash.ts";

const { values } = parseArgs({ options: { kills: { type: "string", default: "500" }, accounts: { type: "string", default: "4" } } });
const result = await crash({
  kills: Number(values.kills),
  accounts: Number(values.accounts),
  random: Math.random,
  pointOf: () => POINTS[Math.floor(Math.random() * POINTS.length)] ?? "random",
  onKill: (kill, point) => {
    if (kill % 10 === 0 || String(kill) === values.kills) process.stdout.write(`kill ${kill} of ${values.kills} (${point})\n`);
  },
});
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
process.exit(result.wrong.length === 0 ? 0 : 1);
