/** A server in X's place that answers each request with the next of a script, byte for byte, however wrong. */
import { createServer, type Socket } from "node:net";
import type { Test } from "tap";

/**
 * How the answer is put on the wire. Whole: `length`, `chunked`, `close` (the end of the connection ends the body),
 * `continue` (a 100 before it). Not whole: `short` (the connection ends before the body does), `reset`, `silent` (closed
 * without a byte), `garbage` (no HTTP), `hang`.
 */
export const WHOLE = ["length", "chunked", "close", "continue"] as const;
export const BROKEN = ["short", "reset", "silent", "garbage", "hang"] as const;
export type Frame = (typeof WHOLE)[number] | (typeof BROKEN)[number];
export type ScriptedAnswer = { frame: Frame; status: number; headers: readonly (readonly [name: string, value: string])[]; body: string };
export type Served = ScriptedAnswer & { method: string; path: string };

/** What is answered when the script is over; and who is told when a request is left without an answer. */
export type After = { otherwise(method: string, path: string): ScriptedAnswer; onHang?(): void };

export type ScriptedX = {
  url: string;
  /** What comes next. Forgets what was served. */
  play(script: readonly ScriptedAnswer[], after: After): void;
  served(): readonly Served[];
};

export async function startScriptedX(t: Test): Promise<ScriptedX> {
  let script: ScriptedAnswer[] = [];
  let after: After = { otherwise: () => ({ frame: "silent", status: 0, headers: [], body: "" }) };
  let served: Served[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    readRequests(socket, (method, path) => {
      const answer = script.shift() ?? after.otherwise(method, path);
      served.push({ ...answer, method, path });
      write(socket, answer);
      if (answer.frame === "hang") after.onHang?.();
    });
  });
  const address = await new Promise<string>((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const bound = server.address();
      resolve(`http://127.0.0.1:${typeof bound === "object" && bound ? bound.port : 0}`);
    });
  });
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    url: address,
    play: (next, then) => {
      script = [...next];
      after = then;
      served = [];
    },
    served: () => served,
  };
}

/** Enough of HTTP for one client: a head, and a body of the length that it says. */
function readRequests(socket: Socket, answer: (method: string, path: string) => void): void {
  let pending = "";
  socket.setEncoding("latin1");
  socket.on("data", (chunk) => {
    pending += String(chunk);
    for (;;) {
      const end = pending.indexOf("\r\n\r\n");
      if (end < 0) return;
      const head = pending.slice(0, end);
      const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
      if (pending.length < end + 4 + length) return;
      pending = pending.slice(end + 4 + length);
      const [method = "", target = ""] = head.split(" ");
      answer(method, target.split("?")[0] ?? "");
    }
  });
}

function write(socket: Socket, { frame, status, headers, body }: ScriptedAnswer): void {
  const head = (more: string) => `HTTP/1.1 ${status} ${more}${headers.map(([name, value]) => `${name}: ${value}\r\n`).join("")}`;
  const length = Buffer.byteLength(body);
  if (frame === "hang") return;
  if (frame === "silent") socket.end();
  else if (frame === "reset") socket.resetAndDestroy();
  else if (frame === "garbage") socket.end(`${body}\r\n\r\n`);
  else if (frame === "length") socket.write(`${head("X\r\n")}content-length: ${length}\r\n\r\n${body}`);
  else if (frame === "continue") socket.write(`HTTP/1.1 103 Early Hints\r\n\r\n${head("X\r\n")}content-length: ${length}\r\n\r\n${body}`);
  else if (frame === "chunked")
    socket.write(`${head("\r\n")}transfer-encoding: chunked\r\n\r\n${length.toString(16)}\r\n${body}\r\n0\r\n\r\n`);
  else if (frame === "close") socket.end(`${head("X\r\n")}connection: close\r\n\r\n${body}`);
  else socket.end(`${head("X\r\n")}content-length: ${length + 10}\r\n\r\n${body}`);
}
