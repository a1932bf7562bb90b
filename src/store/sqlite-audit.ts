/** The audit trail: acts are added, are given their end once, and are pruned; nothing else changes them. */
import type Database from "better-sqlite3";
import type { AuditEnd, AuditQuery, NewAuditEntry, StoredAuditEntry } from "./store.ts";

const ENTRY = "seq, id, at, client, role, address, method, target, detail, outcome, arerr, reason";
type Row = Omit<StoredAuditEntry, "detail"> & { detail: string };

export function auditOperations(db: Database.Database) {
  const append = db.prepare<
    [Omit<Row, "seq">]
  >(`INSERT INTO audit (id, at, client, role, address, method, target, detail, outcome, arerr, reason)
    VALUES (@id, @at, @client, @role, @address, @method, @target, @detail, @outcome, @arerr, @reason)`);
  const end = db.prepare<[{ id: string; detail: string } & Omit<AuditEnd, "detail">]>(`UPDATE audit
    SET outcome = @outcome, target = @target, detail = @detail, arerr = @arerr, reason = @reason WHERE id = @id AND outcome = 'begun'`);
  const prune = db.prepare<[number, number]>("DELETE FROM audit WHERE seq IN (SELECT seq FROM audit WHERE at < ? LIMIT ?)");

  return {
    appendAudit: (entry: NewAuditEntry): void => void append.run({ ...entry, detail: JSON.stringify(entry.detail) }),
    endAudit(id: string, change: AuditEnd): void {
      const { changes } = end.run({ ...change, id, detail: JSON.stringify(change.detail) });
      if (changes !== 1) throw new Error(`there is no audit entry ${id} that awaits its end`);
    },
    /** At most `limit`, so that accepting does not wait behind a long deletion. */
    pruneAudit: (before: number, limit: number): number => prune.run(before, limit).changes,
  };
}

/** One condition for each filter that is given. */
const CONDITIONS: Record<Exclude<keyof AuditQuery, "limit">, string> = {
  since: "at >= @since",
  until: "at < @until",
  client: "client = @client",
  method: "method = @method",
  beforeSeq: "seq < @beforeSeq",
};

export function auditQueries(db: Database.Database) {
  return {
    listAudit(query: AuditQuery): StoredAuditEntry[] {
      const conditions = Object.entries(CONDITIONS).filter(([name]) => query[name as keyof AuditQuery] !== undefined);
      const where = conditions.map(([, condition]) => condition).join(" AND ") || "true";
      const rows = db.prepare<[AuditQuery], Row>(`SELECT ${ENTRY} FROM audit WHERE ${where} ORDER BY seq DESC LIMIT @limit`);
      return rows.all(query).map((row) => ({ ...row, detail: JSON.parse(row.detail) }));
    },
  };
}
