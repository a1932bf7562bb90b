import t from "tap";
import { readDurability } from "../../bench/read-durability.ts";

const ID = "019a0000-0000-7000-8000-000000000001";
const OTHER = "019a0000-0000-7000-8000-000000000002";
const page = (id: string) => `7 pwrite64(21</data/perch.db-wal>, "\\r\\0\\1${id}twitter", 4096, 56) = 4096`;
const header = '7 pwrite64(21</data/perch.db-wal>, "7\\177\\6\\202", 32, 0) = 32';
const sync = "7 fsync(21</data/perch.db-wal>)           = 0";
const fileSync = "7 fsync(20</data/perch.db>)           = 0";
const answer = (id: string) =>
  `3 write(30<socket:[1]>, "HTTP/1.1 200 OK\\r\\n\\r\\n{\\"result\\":{\\"deliveries\\":[{\\"id\\":\\"${id}\\",\\"state\\"`;

t.test("an answer after the fsync of its page is in time", async (t) => {
  t.match(readDurability([page(ID), sync, answer(ID)]), { syncs: 1, answers: 1, early: [] });
});

t.test("an answer before the fsync of its page, or after that of another, is early", async (t) => {
  t.match(readDurability([page(ID), answer(ID), sync]), { early: [ID] });
  t.match(readDurability([page(OTHER), sync, page(ID), answer(ID), answer(OTHER)]), { answers: 2, early: [ID] });
});

t.test("an fsync that another thread's call came between counts when it has returned", async (t) => {
  const begun = "7 fsync(21</data/perch.db-wal> <unfinished ...>";
  const ended = "7 <... fsync resumed>)              = 0";
  t.match(readDurability([page(ID), begun, answer(ID), ended]), { syncs: 1, early: [ID] });
  t.match(readDurability([page(ID), begun, ended, answer(ID)]), { syncs: 1, early: [] });
});

t.test("the fsyncs of a checkpoint and of a WAL that begins anew are no commit's", async (t) => {
  const seen = readDurability([page(ID), sync, answer(ID), sync, fileSync, header, sync, page(OTHER), sync, answer(OTHER)]);
  t.match(seen, { syncs: 2, checkpointSyncs: 2, restarts: 1, answers: 2, early: [] });
});

t.test("a second fsync for one commit shows", async (t) => {
  t.match(readDurability([page(ID), sync, sync, answer(ID)]), { syncs: 2 });
});
