import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { entryOf, fillStore, idOf } from "../../bench/fill-store.ts";
import { openSqlite } from "../../src/store/sqlite.ts";

const ROWS = 1000;

t.test("a filled store is opened as any other and finds its rows", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "perch-filled-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "perch.db");
  const told: number[] = [];
  fillStore(path, ROWS, (filled) => told.push(filled));
  t.strictSame(told, [ROWS]);
  const store = await openSqlite(path);
  t.teardown(() => store.close());
  t.match((await store.counts()).byState, { delivered: 990, failed: 10 });
  t.match(await store.get(idOf(7)), { id: idOf(7), state: "delivered", posts: [{ state: "posted" }] });
  t.match(await store.list({ entryId: entryOf(999), limit: 2 }), [{ id: idOf(999) }]);
});
