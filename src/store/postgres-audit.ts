/** The audit trail: acts are added, are given their end once, and are pruned; nothing else changes them. */
import type { Query } from "./postgres-database.ts";
import type { AuditEnd, AuditQuery, NewAuditEntry, StoredAuditEntry } from "./store.ts";

const ENTRY = "seq, id, at, client, role, address, method, target, detail, outcome, arerr, reason";
const APPEND = `INSERT INTO audit (id, at, client, role, address, method, target, detail, outcome, arerr, reason)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`;
const END = `UPDATE audit SET outcome = $2, target = $3, detail = $4, arerr = $5, reason = $6 WHERE id = $1 AND outcome = 'begun' RETURNING 1`;
const PRUNE = "DELETE FROM audit WHERE seq IN (SELECT seq FROM audit WHERE at < $1 LIMIT $2) RETURNING 1";
/** One condition for each filter that is given; `$` stands for the number of its value. */
const CONDITIONS: Record<Exclude<keyof AuditQuery, "limit">, string> = {
  since: "at >= $",
  until: "at < $",
  client: "client = $",
  method: "method = $",
  beforeSeq: "seq < $",
};
const PRUNE_AT_ONCE = 500;

export function auditOperations(query: Query) {
  return {
    async appendAudit(entry: NewAuditEntry): Promise<void> {
      const { id, at, client, role, address, method, target, detail, outcome, arerr, reason } = entry;
      await query(APPEND, [id, at, client, role, address, method, target, JSON.stringify(detail), outcome, arerr, reason]);
    },
    async endAudit(id: string, { outcome, target, detail, arerr, reason }: AuditEnd): Promise<void> {
      const ended = await query(END, [id, outcome, target, JSON.stringify(detail), arerr, reason]);
      if (ended.length !== 1) throw new Error(`there is no audit entry ${id} that awaits its end`);
    },
    async listAudit({ limit, ...filters }: AuditQuery): Promise<StoredAuditEntry[]> {
      const given = Object.entries(filters).filter(([, value]) => value !== undefined);
      const where = given.map(([name], index) => CONDITIONS[name as keyof typeof CONDITIONS].replace("$", `$${index + 2}`));
      const sql = `SELECT ${ENTRY} FROM audit WHERE ${where.join(" AND ") || "true"} ORDER BY seq DESC LIMIT $1`;
      return query<StoredAuditEntry>(sql, [limit, ...given.map(([, value]) => value)]);
    },
    async pruneAudit(before: number): Promise<number> {
      let pruned = 0;
      for (let last = PRUNE_AT_ONCE; last === PRUNE_AT_ONCE; pruned += last) last = (await query(PRUNE, [before, PRUNE_AT_ONCE])).length;
      return pruned;
    },
  };
}
