/** Copies a whole store into an empty one of any keeper, and proves that both hold the same. */
import { createHash, type Hash } from "node:crypto";
import type { StoredAccount, StoredAuditEntry, StoredDelivery, StoredMinute, StoredRegistration } from "./store.ts";

/** How a repeated call is recognised; `seqs` are the deliveries of the first one. */
export type StoredRepeat = { kind: string; scope: string; key: string; digest: string; at: number; seqs: number[] };
/** Everything that a store keeps. What is counted and indexed follows from it. */
export type Rows = {
  registrations: StoredRegistration;
  accounts: StoredAccount;
  deliveries: StoredDelivery;
  repeats: StoredRepeat;
  audit: StoredAuditEntry;
  history: StoredMinute;
};
export type Table = keyof Rows;
export const TABLES: readonly Table[] = ["registrations", "accounts", "deliveries", "repeats", "audit", "history"];
/** The last order number that was ever given: it must not come again, also where its row was pruned. */
export type LastSeqs = { deliveries: number; audit: number };

/**
 * One store in a copy. Nobody else can work on it as long as it is open, and what is written stands only after
 * `commit`: whatever ends the copy before leaves the store as it was.
 */
export interface CopySide {
  /** For people. */
  readonly name: string;
  count(table: Table): Promise<number>;
  /** In portions, ordered by id, lane, order number, kind, scope and key, or minute and id; texts by their bytes in UTF-8. */
  read<T extends Table>(table: T): AsyncIterable<Rows[T][]>;
  write<T extends Table>(table: T, rows: Rows[T][]): Promise<void>;
  lastSeqs(): Promise<LastSeqs>;
  setLastSeqs(seqs: LastSeqs): Promise<void>;
  commit(): Promise<void>;
  close(): Promise<void>;
}

/** The message says to people why, and what to do; nothing was copied. */
export class CopyRefused extends Error {
  override name = "CopyRefused";
}

/** `checking`: what was written is read again. */
export type CopyProgress = { table: Table; checking: boolean; done: number; total: number };
export type CopyReport = { from: string; to: string; rows: Record<Table, number> };

export async function copyStore(
  from: CopySide,
  to: CopySide,
  onProgress: (progress: CopyProgress) => void = () => {},
): Promise<CopyReport> {
  await refuseUnlessEmpty(to);
  const rows = { registrations: 0, accounts: 0, deliveries: 0, repeats: 0, audit: 0, history: 0 };
  for (const table of TABLES) {
    const total = await from.count(table);
    const told = (checking: boolean) => (done: number) => onProgress({ table, checking, done, total });
    const source = await follow(from.read(table), told(false), (portion) => to.write(table, portion));
    const target = await follow(to.read(table), told(true));
    if (source.count !== total || target.count !== total || source.digest !== target.digest)
      throw new CopyRefused(
        `${table} of ${to.name} are not those of ${from.name} (${target.count} and ${total} rows). ${to.name} is left empty.`,
      );
    rows[table] = total;
  }
  await to.setLastSeqs(await from.lastSeqs());
  await to.commit();
  return { from: from.name, to: to.name, rows };
}

async function refuseUnlessEmpty(to: CopySide): Promise<void> {
  const found: string[] = [];
  for (const table of TABLES) {
    const count = await to.count(table);
    if (count > 0) found.push(`${count} ${table}`);
  }
  if (found.length > 0)
    throw new CopyRefused(`${to.name} is not empty: it holds ${found.join(", ")}. Copy into a new database, so that nothing is mixed.`);
}

type Followed = { count: number; digest: string };

/** Counts and hashes what comes by. */
async function follow<Row>(
  portions: AsyncIterable<Row[]>,
  told: (done: number) => void,
  each: (portion: Row[]) => Promise<void> = async () => {},
): Promise<Followed> {
  const hash = createHash("sha256");
  let count = 0;
  told(count);
  for await (const portion of portions) {
    await each(portion);
    for (const row of portion) add(hash, row);
    count += portion.length;
    told(count);
  }
  return { count, digest: hash.digest("hex") };
}

const add = (hash: Hash, row: unknown): void => void hash.update(`${JSON.stringify(row, inOrder)}\n`);

/** Keys in one order, whatever order a keeper gives them. */
function inOrder(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}
