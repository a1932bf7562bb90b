// What Perch's start and memory are measured against: one Fastify route and one SQLite file, in JavaScript that Node need
// not strip. `node bare-server.js FOLDER` listens on FOLDER/bare.sock until SIGTERM.
import { join } from "node:path";
import Database from "better-sqlite3";
import Fastify from "fastify";

const folder = process.argv[2] ?? ".";
const db = new Database(join(folder, "bare.db"));
db.pragma("journal_mode = WAL");
db.pragma("synchronous = FULL");
db.exec("CREATE TABLE IF NOT EXISTS notices (id INTEGER PRIMARY KEY, text TEXT NOT NULL)");
const insert = db.prepare("INSERT INTO notices (text) VALUES (?)");

const body = { type: "object", required: ["text"], properties: { text: { type: "string" } } };
const app = Fastify();
app.post("/notices", { schema: { body } }, async (request) => ({ id: Number(insert.run(request.body.text).lastInsertRowid) }));
app.get("/readyz", async () => ({ notices: db.prepare("SELECT count(*) FROM notices").pluck().get() }));
process.once("SIGTERM", async () => {
  await app.close();
  db.close();
});
await app.listen({ path: join(folder, "bare.sock") });
