/** A thread for the test of `SqliteThread`: it answers `echo`, never answers `silence`, and dies of `die` and `throw`. */
import { parentPort } from "node:worker_threads";
import type { Call } from "../../src/store/sqlite-protocol.ts";

parentPort?.on("message", (calls: Call[]) => {
  for (const { id, name, args } of calls) {
    if (name === "die") process.exit(7);
    if (name === "throw") throw new Error("a bug in the thread");
    if (name === "close") parentPort?.close();
    if (name === "echo") parentPort?.postMessage({ kind: "replies", replies: [{ id, value: args[0] }] });
  }
});
parentPort?.postMessage({ kind: "ready" });
