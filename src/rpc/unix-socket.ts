import { chmodSync, lstatSync, mkdirSync, rmSync } from "node:fs";
import type { Server } from "node:http";
import { connect } from "node:net";
import { dirname, resolve } from "node:path";

/** `sun_path` holds 108 bytes with its end mark (unix(7)). */
const MAX_PATH_BYTES = 107;

/** Listens on a socket that only this user may open, from its first moment. Answers the absolute path. */
export async function listenOnUnixSocket(server: Server, path: string): Promise<string> {
  const file = resolve(path);
  if (Buffer.byteLength(file) > MAX_PATH_BYTES) {
    throw new Error(`server.socket: ${file} is too long for a Unix socket (at most ${MAX_PATH_BYTES} bytes); choose a shorter path`);
  }
  mkdirSync(dirname(file), { recursive: true });
  await removeStale(file);
  const listening = new Promise<void>((done, failed) => server.once("listening", done).once("error", failed));
  // The file is made inside listen(), before it returns; a chmod afterwards would leave a gap.
  const before = process.umask(0o177);
  try {
    server.listen(file);
  } finally {
    process.umask(before);
  }
  await listening;
  chmodSync(file, 0o600);
  return file;
}

/** A killed host leaves its socket behind; a living one answers on it. */
async function removeStale(file: string): Promise<void> {
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (!found) return;
  if (!found.isSocket()) throw new Error(`server.socket: ${file} exists and is not a socket; move it away or choose another path`);
  const answer = await tryConnect(file);
  if (answer === "ECONNREFUSED") rmSync(file);
  else if (answer !== "ENOENT") throw new Error(`server.socket: another host uses ${file} (${answer}); stop it or choose another path`);
}

const tryConnect = (path: string): Promise<string> =>
  new Promise((done) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      done("it answers");
    });
    socket.once("error", (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
  });
