import t from "tap";
import type { CopyRequest, Machine, StoreCopyProgress } from "../../../src/cli/machine.ts";
import { runOn } from "../stage.ts";

const ROWS = { registrations: 2, accounts: 1, deliveries: 3000, repeats: 0, audit: 9 };
const STEPS: StoreCopyProgress[] = [
  { table: "deliveries", checking: false, done: 1000, total: 3000 },
  { table: "deliveries", checking: false, done: 3000, total: 3000 },
  { table: "deliveries", checking: true, done: 3000, total: 3000 },
];
const asked: CopyRequest[] = [];
const machine: Partial<Machine> = {
  copyStore: async (request, onProgress) => {
    asked.push(request);
    for (const step of STEPS) onProgress(step);
    if (request.to === "full") return { ok: false, problems: ["full is not empty"] };
    return { ok: true, value: { from: request.from, to: request.to, rows: ROWS } };
  },
};
const run = (argv: string[], terminal = false) => runOn(["store", "copy", ...argv], "/srv", { machine, terminal });

t.test("a pipe gets a line for each table that is done, and what to do next", async (t) => {
  const { status, out, err } = await run(["sqlite:a.db", "postgres://perch@db/perch"]);
  t.equal(status, 0);
  t.equal(err, "copied 3000 deliveries\ncompared 3000 deliveries\n");
  t.match(
    out,
    "postgres://perch@db/perch holds now what sqlite:a.db holds: 2 registrations, 1 accounts, 3000 deliveries, 0 repeats, 9 audit",
  );
  t.match(out, "Never start a host on the old one again");
  t.match(asked.at(-1), { folder: "/srv", from: "sqlite:a.db", configFile: "/srv/config/perch.yaml" });
});

t.test("a terminal gets a bar, which is gone at the end", async (t) => {
  const { err } = await run(["a", "b"], true);
  t.match(err, `Copying deliveries       ${"█".repeat(10)}${"░".repeat(20)} 1000 of 3000`);
  t.ok(err.endsWith("\r\u001b[K"));
});

t.test("JSON when asked, also of a refusal, whose status is 1", async (t) => {
  t.strictSame(JSON.parse((await run(["a", "b", "--json"])).out), { from: "a", to: "b", rows: ROWS });
  const refused = await run(["a", "full", "--json"]);
  t.equal(refused.status, 1);
  t.strictSame(JSON.parse(refused.out), { ok: false, problems: ["full is not empty"] });
  t.match((await run(["a", "full"])).err, "full is not empty");
  t.equal((await run(["a"])).status, 2);
});
