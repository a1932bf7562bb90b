import { join } from "node:path";
import type { Database } from "better-sqlite3";
import t from "tap";
import { openForReading, openForWriting } from "../../src/store/sqlite-database.ts";
import { historyOperations } from "../../src/store/sqlite-history.ts";
import { openLiveCount } from "../../src/store/sqlite-live-count.ts";
import { lookupOperations } from "../../src/store/sqlite-lookups.ts";
import { putOperations } from "../../src/store/sqlite-put.ts";
import { queryOperations } from "../../src/store/sqlite-queries.ts";
import { registrationOperations } from "../../src/store/sqlite-registrations.ts";
import { settleOperations } from "../../src/store/sqlite-settle.ts";
import { stateOperations } from "../../src/store/sqlite-states.ts";
import type { ListQuery } from "../../src/store/store.ts";

/** The statements that a piece of code prepares. */
function preparedBy(db: Database, run: (db: Database) => void): string[] {
  const seen: string[] = [];
  const recording = new Proxy(db, {
    get: (target, name) => {
      const value = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        if (name === "prepare") seen.push(String(args[0]));
        return Reflect.apply(value, target, args);
      };
    },
  });
  run(recording);
  return seen;
}

/** What SQLite says it will do, one line for each table or index that it walks. */
const planOf = (db: Database, sql: string): string[] => {
  const binds = Object.fromEntries([...sql.matchAll(/@(\w+)/g)].map(([, name = ""]) => [name, null]));
  const questionMarks = [...sql.matchAll(/\?/g)].map(() => null);
  const rows = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...questionMarks, ...(Object.keys(binds).length > 0 ? [binds] : [])) as {
    detail: string;
  }[];
  return rows.map(({ detail }) => detail);
};
/** A walk through all deliveries, posts, repeats or minutes; an index that holds only what is live is no such thing. */
const isFullScan = (line: string) =>
  /^SCAN (deliveries|posts|repeats|history)\b(?!.*USING (COVERING )?INDEX deliveries_(head|undelivered))/.test(line);

t.test("no statement walks through a whole table, except a search in the texts", async (t) => {
  const db = openForWriting(join(t.testdir(), "perch.db"));
  t.teardown(() => db.close());
  const all = preparedBy(db, (recording) => {
    for (const prepare of [
      putOperations,
      settleOperations,
      stateOperations,
      registrationOperations,
      lookupOperations,
      historyOperations,
      queryOperations,
    ])
      prepare(recording, openLiveCount(recording));
  });
  t.ok(all.length > 30, `${all.length} statements`);
  // A walk in order of the key that ends at its first hit is no full scan, and its plan does not show the end.
  const endsAtOnce = (sql: string) => sql.includes("ORDER BY first_seq LIMIT 1");
  t.equal(all.filter(endsAtOnce).length, 1);
  for (const sql of all) t.strictSame(endsAtOnce(sql) ? [] : planOf(db, sql).filter(isFullScan), [], sql);
  t.ok(planOf(db, "SELECT * FROM deliveries WHERE text = 'x'").some(isFullScan), "a full scan would be found");
});

t.test("each of the lists has an index, or stops at its limit", async (t) => {
  const db = openForWriting(join(t.testdir(), "perch.db"));
  t.teardown(() => db.close());
  const planOfList = (query: ListQuery) =>
    preparedBy(db, (recording) => queryOperations(recording).list(query))
      .slice(-2)
      .flatMap((sql) => planOf(db, sql));
  const uses = (query: Partial<ListQuery>, index: RegExp) =>
    t.match(planOfList({ limit: 10, ...query }).join("\n"), index, JSON.stringify(query));
  uses({ entryId: "INC1" }, /deliveries_entry/);
  uses({ states: ["failed", "expired"] }, /deliveries_undelivered/);
  uses({ states: ["queued", "waiting"] }, /COVERING INDEX deliveries_head/);
  uses({ since: 1 }, /SEARCH deliveries USING INTEGER PRIMARY KEY \(rowid>\?\)[\s\S]*COVERING INDEX deliveries_accepted/);
  uses({ beforeSeq: 5 }, /INTEGER PRIMARY KEY/);
  for (const query of [
    { until: 5 },
    { since: 5 },
    { states: ["queued"] },
    { states: ["failed"] },
    { entryId: "INC1" },
  ] satisfies Partial<ListQuery>[]) {
    t.notMatch(planOfList({ limit: 10, ...query }).join("\n"), /TEMP B-TREE/, `nothing is sorted for ${JSON.stringify(query)}`);
  }
});

t.test("the lane's head is read from the index in its order", async (t) => {
  const path = join(t.testdir(), "perch.db");
  openForWriting(path).close();
  const db = openForReading(path);
  t.teardown(() => db.close());
  const heads = preparedBy(db, lookupOperations).filter((sql) => sql.includes("priority, seq LIMIT 1"));
  t.equal(heads.length, 2);
  for (const sql of heads) {
    const plan = planOf(db, sql).join("\n");
    t.match(plan, /SEARCH deliveries USING INDEX deliveries_head \(lane=\? AND begun=\?\)/);
    // The few that have begun may be sorted; those that wait may be a hundred thousand.
    if (sql.includes("begun = 0")) t.notMatch(plan, /TEMP B-TREE/);
  }
});
