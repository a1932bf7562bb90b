import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, lstatSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { listenOnUnixSocket } from "../../src/rpc/unix-socket.ts";

/** Not t.testdir(): a socket's path may hold only 107 bytes. */
function folder(t: { teardown(task: () => void): void }): string {
  const path = mkdtempSync(join(tmpdir(), "perch-"));
  t.teardown(() => rmSync(path, { recursive: true }));
  return path;
}
t.test("only its user may open the socket, from the moment that it is there", async (t) => {
  const file = join(folder(t), "new", "perch.sock");
  const server = createServer();
  const umask = process.umask();
  const listening = listenOnUnixSocket(server, file);
  t.equal(await listening, file);
  t.equal(lstatSync(file).mode & 0o777, 0o600);
  t.equal(process.umask(), umask, "and the process's own mask is as it was");
  server.close();
  await once(server, "close");
  t.notOk(existsSync(file), "gone with the server");
});

t.test("the mask alone already keeps the others out", async (t) => {
  const file = join(folder(t), "perch.sock");
  const server = createServer();
  t.teardown(() => server.close());
  const before = process.umask(0o177);
  server.listen(file);
  process.umask(before);
  t.equal(lstatSync(file).mode & 0o777, 0o600, "the file is there when listen() returns");
});

t.test("the socket of a killed host is replaced", async (t) => {
  const file = join(folder(t), "perch.sock");
  const script = `require("node:http").createServer().listen(process.argv[1], () => console.log("up"))`;
  const host = spawn(process.execPath, ["-e", script, file], { stdio: ["ignore", "pipe", "inherit"], env: {} });
  await once(host.stdout, "data");
  host.kill("SIGKILL");
  await once(host, "exit");
  t.ok(existsSync(file), "it was left behind");
  const server = createServer();
  t.teardown(() => server.close());
  t.equal(await listenOnUnixSocket(server, file), file);
});

t.test("the socket of a living host, and a file that is none, are left alone", async (t) => {
  const dir = folder(t);
  const file = join(dir, "perch.sock");
  const first = createServer();
  t.teardown(() => first.close());
  await listenOnUnixSocket(first, file);
  await t.rejects(listenOnUnixSocket(createServer(), file), { message: /another host uses .*perch\.sock/ });
  t.ok(first.listening);
  writeFileSync(join(dir, "notes.txt"), "mine");
  await t.rejects(listenOnUnixSocket(createServer(), join(dir, "notes.txt")), { message: /is not a socket/ });
  mkdirSync(join(dir, "folder"));
  await t.rejects(listenOnUnixSocket(createServer(), join(dir, "folder")), { message: /is not a socket/ });
  t.ok(existsSync(join(dir, "notes.txt")));
});

t.test("a path that the system can't hold is refused with the reason", async (t) => {
  await t.rejects(listenOnUnixSocket(createServer(), join(folder(t), "x".repeat(110))), { message: /too long for a Unix socket/ });
});
