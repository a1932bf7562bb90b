/**
 * Reloads of every kind under a steady load, as `under-load.ts` makes them; ends with 1 when anything was lost, posted
 * twice, out of order, or refused.
 *
 *     npm run reload-load -- --rate 200 --reloads 50
 */
import { parseArgs } from "node:util";
import { reloadUnderLoad } from "./under-load.ts";

const { values } = parseArgs({ options: { rate: { type: "string", default: "200" }, reloads: { type: "string", default: "50" } } });
const rate = Number(values.rate);
const found = await reloadUnderLoad(rate, Number(values.reloads), (line) => process.stdout.write(`${line}\n`));
const holds = found.failed.length + found.wrong.length === 0 && found.delivered === found.calls;
const shown = { ...found, failed: found.failed.length, firstFailed: found.failed[0], wrong: found.wrong.slice(0, 10) };
process.stdout.write(`${JSON.stringify({ rate, ...shown, holds }, null, 2)}\n`);
process.exit(holds ? 0 : 1);
