/**
 * Measures what the figures of docs/scale.md rest on, and draws its picture.
 *
 *     node bench/scale.ts --posts 900 --draw
 *
 * `--posts`: what `npm run bench group` says that one host posts in a second. Exit status 2 for wrong usage.
 */
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { broadcastTo, type Costs } from "./scale-model.ts";
import { HOSTS, pictureOf } from "./scale-picture.ts";
import { measureStoreCosts } from "./store-costs.ts";

const ACCOUNTS = [10, 100, 1_000, 10_000] as const;
const PICTURE = new URL("../docs/scale.svg", import.meta.url);

const { values } = parseArgs({ options: { posts: { type: "string" }, draw: { type: "boolean", default: false } } });
const hostPosts = Number(values.posts);
if (hostPosts > 0) {
  const costs: Costs = { ...(await measureStoreCosts()), hostPosts };
  for (const [name, cost] of Object.entries(costs)) console.log(`${name.padEnd(14)}${cost.toPrecision(3)}`);
  const head = ["ACCOUNTS", "HOSTS", "ACCEPTED", "LAST ACCOUNT", "BOUND BY", "A DAY AT X", "HEARTBEATS"];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const accounts of ACCOUNTS)
    for (const hosts of HOSTS) {
      const { acceptSeconds, seconds, bound, aDay, heartbeatShare } = broadcastTo(accounts, hosts, costs);
      const share = `${(heartbeatShare * 100).toFixed(1)} %`;
      table.push([accounts, hosts, `${acceptSeconds.toFixed(2)} s`, `${seconds.toFixed(2)} s`, bound, Math.floor(aDay), share]);
    }
  console.log(String(table));
  if (values.draw) await writeFile(PICTURE, pictureOf(costs));
} else {
  console.error("node bench/scale.ts --posts POSTS-A-SECOND-OF-ONE-HOST [--draw]");
  process.exitCode = 2;
}
