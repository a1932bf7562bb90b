/** What a trace of a host's system calls says of its durability. */

/** `syncs`: of the WAL, for commits; those of a checkpoint and of the WAL's new beginning are apart. */
export type Durability = { syncs: number; checkpointSyncs: number; restarts: number; answers: number; early: string[] };

const WAL_WRITE = /^\d+\s+pwrite64\(\d+<[^>]*-wal>, "(.*)", (\d+), (\d+)/;
const SYNC = /^(\d+)\s+f(?:data)?sync\(\d+<[^>]*?(-wal)?>(\)\s+= 0| <unfinished)/;
const SYNC_ENDED = /^(\d+)\s+<\.\.\. f(?:data)?sync resumed>\)\s+= 0/;
/** Node writes an answer with `write` or `writev`. */
const ANSWER = /^\d+\s+writev?\(\d+<[^>]*>, .*HTTP\/1\.1 200 .*\\"deliveries\\":\[\{\\"id\\":\\"([0-9a-f-]{36})\\"/;
const ID = /01[0-9a-f]{6}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g;

/** SQLite's file format, section 4.1: a WAL begins with a header of 32 bytes, which is synced by itself. */
const WAL_HEADER_BYTES = "32";

/**
 * An answer is early when no sync of the WAL that came after the first write of its delivery's page had returned. strace
 * holds a thread until its line is written, so the lines' order is the order of what happened.
 */
export function readDurability(lines: readonly string[]): Durability {
  const found: Durability = { syncs: 0, checkpointSyncs: 0, restarts: 0, answers: 0, early: [] };
  let written = new Set<string>();
  const durable = new Set<string>();
  const underWay = new Map<string, "wal" | "file">();
  let last: "page" | "header" | "wal" | "none" = "none";
  const synced = (what: "wal" | "file") => {
    if (what === "file") {
      // A checkpoint syncs the WAL, then the file.
      if (last === "wal") Object.assign(found, { syncs: found.syncs - 1, checkpointSyncs: found.checkpointSyncs + 1 });
      found.checkpointSyncs += 1;
      last = "none";
      return;
    }
    if (last === "header") found.restarts += 1;
    else found.syncs += 1;
    last = "wal";
    for (const id of written) durable.add(id);
    written = new Set();
  };
  for (const line of lines) {
    const write = WAL_WRITE.exec(line);
    const sync = SYNC.exec(line);
    const [, resumed] = SYNC_ENDED.exec(line) ?? [];
    const [, answered] = ANSWER.exec(line) ?? [];
    if (write) {
      const [, page = "", bytes, offset] = write;
      last = bytes === WAL_HEADER_BYTES && offset === "0" ? "header" : "page";
      for (const [id] of page.matchAll(ID)) if (!durable.has(id)) written.add(id);
    } else if (sync?.[3]?.startsWith(")")) synced(sync[2] ? "wal" : "file");
    else if (sync) underWay.set(sync[1] ?? "", sync[2] ? "wal" : "file");
    else if (resumed !== undefined) synced(underWay.get(resumed) ?? "file");
    else if (answered !== undefined) {
      found.answers += 1;
      if (!durable.has(answered)) found.early.push(answered);
    }
  }
  return found;
}
