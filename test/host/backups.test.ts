/** `server.backup` and `perch store backup` against a real host. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import t from "tap";
import { Backups } from "../../src/host/backups.ts";
import type { Store } from "../../src/store/store.ts";
import { type Outcome, runOn } from "../cli/stage.ts";
import { openStage, type Stage } from "../stage.ts";

type Report = { file: string; done: boolean; bytes: number; totalBytes: number };

const perch = (stage: Stage, argv: string[], terminal = false): Promise<Outcome> =>
  runOn(argv, stage.folder, {
    terminal,
    machine: { socketOf: async () => ({ ok: true, socket: stage.host.socket }), wait: (ms) => sleep(ms) },
  });

t.test("a running host writes the backup, and says how large it is", async (t) => {
  const stage = await openStage(t);
  const file = join(stage.folder, "copy.db");
  const made = await stage.call<Report>("server.backup", { file });
  t.strictSame(made, { file, done: true, bytes: statSync(file).size, totalBytes: made.bytes });
  t.match(await stage.rpc("server.backup", { file }), {
    error: {
      code: 8753,
      message: /file: .*copy\.db exists, and a backup never overwrites; give another name/,
      data: { reason: "bad-input" },
    },
  });
  t.match(await stage.rpc("server.backup", { file, mode: "progress" }), { error: { data: { reason: "bad-input" } } }, "the last outcome");
  const other = join(stage.folder, "other.db");
  t.match(await stage.rpc("server.backup", { file: other, mode: "progress" }), { error: { data: { reason: "not-found" } } });
  t.match(await stage.rpc("server.backup", { file: "copy.db" }), { error: { code: -32602 } }, "a relative path is of nowhere");
});

t.test("only an admin may make a backup", async (t) => {
  const stage = await openStage(t);
  const file = join(stage.folder, "copy.db");
  for (const client of ["workflow", "operator"] as const) {
    t.match(await stage.rpcAs(client, "server.backup", { file }), { error: { data: { reason: "not-allowed" } } }, client);
  }
  t.notOk(existsSync(file));
  t.match(await stage.rpcAs("admin", "server.backup", { file }), { result: { done: true } });
});

t.test("perch store backup makes one, with progress for a person and JSON for a script", async (t) => {
  const stage = await openStage(t);
  const plain = await perch(stage, ["store", "backup", "copy.db"]);
  t.match(plain, { status: 0, err: "", out: /copy\.db is a backup of the store \(0\.\d MB\)\.\n.*every lane is paused/ });
  t.equal(statSync(join(stage.folder, "copy.db")).mode & 0o777, 0o600, "a relative path is of the caller's folder");
  const json = await perch(stage, ["store", "backup", "json.db", "--json"]);
  t.match(JSON.parse(json.out), { file: join(stage.folder, "json.db"), done: true, bytes: statSync(join(stage.folder, "json.db")).size });
  const terminal = await perch(stage, ["store", "backup", "terminal.db"], true);
  t.match(terminal, { status: 0, err: /^\rBacking up/ });
  t.ok(terminal.err.endsWith("\r\u001b[K"), "the line of the progress is wiped");
  const again = await perch(stage, ["store", "backup", "copy.db"]);
  t.match(again, { status: 1, out: "", err: /ARERR 8753[\s\S]*exists|exists[\s\S]*ARERR 8753/ });
});

t.test("without a host the command says so", async (t) => {
  const dir = t.testdir();
  const gone = { socketOf: async () => ({ ok: true as const, socket: join(dir, "perch.sock") }) };
  const outcome = await runOn(["store", "backup", "copy.db"], dir, { machine: gone });
  t.match(outcome, { status: 1, out: "", err: /\(ARERR 8760\)[\s\S]*perch start/ });
  t.notOk(existsSync(join(dir, "copy.db")));
});

t.test("with --url the path is one of the host's machine, so it must be absolute", async (t) => {
  const argv = ["store", "backup", "copy.db", "--url", "http://127.0.0.1:1", "--client", "admin"];
  const outcome = await runOn(argv, "/", { env: { PERCH_PASSWORD: "x" } });
  t.match(outcome, { status: 2, err: /FILE must be absolute with --url/ });
});

t.test("one backup at a time; who asks again for the same joins it", async (t) => {
  const copying = Promise.withResolvers<{ bytes: number }>();
  const files: string[] = [];
  const backup: Store["backup"] = (file, onProgress) => {
    files.push(file);
    onProgress?.({ bytes: 4096, totalBytes: 8192 });
    return copying.promise;
  };
  const backups = new Backups({ backup });
  const started = { ok: true, value: { file: "/a.db", done: false, bytes: 4096, totalBytes: 8192 } };
  t.strictSame(await backups.run({ file: "/a.db", mode: "start" }), started);
  t.strictSame(await backups.run({ file: "/a.db", mode: "start" }), started);
  t.strictSame(await backups.run({ file: "/a.db", mode: "progress" }), started);
  t.match(await backups.run({ file: "/b.db" }), { ok: false, fault: { cause: /a backup to \/a\.db is under way/ } });
  const waiting = backups.run({ file: "/a.db" });
  copying.resolve({ bytes: 8192 });
  const ended = { ok: true, value: { file: "/a.db", done: true, bytes: 8192, totalBytes: 8192 } };
  t.strictSame(await waiting, ended);
  t.strictSame(await backups.run({ file: "/a.db", mode: "progress" }), ended);
  t.strictSame(files, ["/a.db"]);
});
