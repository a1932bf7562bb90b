/** Asks the host behind a Unix socket how it is. */
import { request } from "node:http";
import type { HostStatus } from "../shapes.ts";

export type HostAnswer =
  | { state: "running"; status: HostStatus }
  /** Nobody is behind the socket, or there is none. */
  | { state: "stopped" }
  /** Somebody is, or may be, and says nothing of use. */
  | { state: "silent"; cause: string; remedy?: string };

const ANSWER_MS = 5_000;

/** Never rejects. */
export function askHost(socketPath: string): Promise<HostAnswer> {
  const { promise, resolve } = Promise.withResolvers<HostAnswer>();
  const asking = request(
    { socketPath, path: "/rpc", method: "POST", headers: { "content-type": "application/json" }, signal: AbortSignal.timeout(ANSWER_MS) },
    (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("end", () => resolve(readAnswer(Buffer.concat(chunks).toString("utf8"))));
      answer.on("error", (error: Error) => resolve(silence(error)));
    },
  );
  asking.on("error", (error: Error) => resolve(silence(error)));
  asking.end(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "server.status", params: {} }));
  return promise;
}

function silence(error: Error & { code?: unknown }): HostAnswer {
  // A host that was killed leaves its socket behind.
  if (error.code === "ENOENT" || error.code === "ECONNREFUSED" || error.code === "ENOTDIR") return { state: "stopped" };
  if (error.name === "AbortError" || error.name === "TimeoutError")
    return { state: "silent", cause: `nothing within ${ANSWER_MS / 1000} s` };
  // sun_path of Linux holds 108 bytes with its end (unix(7)).
  if (error.code === "EINVAL")
    return { state: "silent", cause: "its path is too long", remedy: "Give server.socket a path of at most 107 bytes." };
  if (error.code === "EACCES")
    return { state: "silent", cause: "only the host's user may open it", remedy: "Run this as the host's user." };
  return { state: "silent", cause: error.message };
}

function readAnswer(text: string): HostAnswer {
  try {
    const answer = JSON.parse(text) as { result?: HostStatus; error?: { message?: string } };
    if (answer.result) return { state: "running", status: answer.result };
    return { state: "silent", cause: answer.error?.message ?? "an answer without a status" };
  } catch {
    return { state: "silent", cause: "what listens there is no host of Perch" };
  }
}
