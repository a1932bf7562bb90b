/** Accepting: what comes while a commit runs goes into the next one; repeats and the bound are decided inside it. */
import { shareCommits } from "./postgres-commits.ts";
import type { PostgresDatabase, Query } from "./postgres-database.ts";
import { LiveCount } from "./postgres-live-count.ts";
import { DELIVERY, type DeliveryRow } from "./postgres-rows.ts";
import type { Commit, NewDelivery, PutRequest, PutResult, RepeatKey, Store, StoredDelivery } from "./store.ts";

type Recalled = Extract<PutResult, { outcome: "duplicate" | "conflict" }>;
type Address = { kind: string; scope: string; key: string; digest: string };
type Repeat = Address & { seqs: number[]; at: number };
/** What a request comes to, before its deliveries have numbers. */
type Decision =
  | Exclude<PutResult, { outcome: "accepted" }>
  | { outcome: "accepted"; from: number; of: NewDelivery[] }
  | { outcome: "as"; of: number };

/**
 * Numbers of one lane are given and committed in the same order, and two hosts never decide on one repeat key at once:
 * both are locked, in an order that is the same everywhere, until the commit. Lanes share some locks, since a
 * broadcast goes to every lane and PostgreSQL's table of locks has room for some thousands (max_locks_per_transaction).
 */
const LANE_LOCKS = 256;
const LOCK = `SELECT pg_advisory_xact_lock(number) FROM
  (SELECT abs(hashtext(lane) % ${LANE_LOCKS})::bigint AS number FROM unnest($1::text[]) AS lane
    UNION SELECT hashtextextended(key, 0) FROM unnest($2::text[]) AS key ORDER BY number) AS numbers`;
/** LIMIT keeps PostgreSQL from reading all that it remembers to join it with a few. */
const REPEATS = `SELECT known.* FROM jsonb_to_recordset($1::jsonb) AS given (kind text, scope text, key text) CROSS JOIN LATERAL
  (SELECT kind, scope, key, digest, to_jsonb(seqs) AS seqs, at FROM repeats
    WHERE repeats.kind = given.kind AND repeats.scope = given.scope AND repeats.key = given.key LIMIT 1) AS known`;
const THESE = `SELECT ${DELIVERY} FROM deliveries WHERE seq = ANY ($1::bigint[]) ORDER BY seq`;
const INSERT = `INSERT INTO deliveries (id, plugin, lane, registration_id, functional_user, account_name, content, entry_id, text, priority,
    client, accepted_at, expires_at, dated_by)
  SELECT id, plugin, lane, "registrationId", "functionalUser", "accountName", content, "entryId", text, priority, client, "acceptedAt",
    "expiresAt", "datedBy" FROM ROWS FROM (jsonb_to_recordset($1::jsonb) AS (id text, plugin text, lane text, "registrationId" text,
      "functionalUser" text, "accountName" text, content text, "entryId" text, text text, priority integer, client text,
      "acceptedAt" double precision, "expiresAt" double precision, "datedBy" text)) WITH ORDINALITY AS given ORDER BY ordinality
  RETURNING id, seq`;
const REMEMBER = `INSERT INTO repeats (kind, scope, key, digest, seqs, at)
  SELECT kind, scope, key, digest, seqs, at FROM jsonb_to_recordset($1::jsonb)
    AS given (kind text, scope text, key text, digest text, seqs bigint[], at double precision)
  ON CONFLICT (kind, scope, key) DO UPDATE SET digest = excluded.digest, seqs = excluded.seqs, at = excluded.at`;

const addressOf = (repeat: RepeatKey): Address =>
  repeat.kind === "key" ? repeat : { kind: "content", scope: "", key: repeat.digest, digest: repeat.digest };
const nameOf = ({ kind, scope, key }: Pick<Address, "kind" | "scope" | "key">): string => JSON.stringify([kind, scope, key]);

/** Called inside the transaction that accepts. */
type OnAccepted = (query: Query, lanes: string[]) => void;

export function putOperations(
  database: PostgresDatabase,
  onAccepted: OnAccepted,
  onCommit: (commit: Commit) => void,
): Pick<Store, "put" | "recall"> {
  const count = new LiveCount(() => performance.now());
  return {
    put: shareCommits<PutRequest, PutResult>({
      together: (requests) => database.transaction((query) => decideAll(query, requests, count, onAccepted)),
      onCommit,
    }),
    recall: async (repeat: RepeatKey, since: number): Promise<Recalled | undefined> => {
      const address = addressOf(repeat);
      const [known] = await database.query<Repeat>(REPEATS, [JSON.stringify([address])]);
      return known && known.at >= since ? recognise(database.query, known, address) : undefined;
    },
  };
}

async function recognise(query: Query, repeat: Repeat, address: Address): Promise<Recalled | undefined> {
  if (repeat.digest !== address.digest) return { outcome: "conflict" };
  const deliveries = await query<DeliveryRow>(THESE, [repeat.seqs]);
  // The caller's own key holds whatever became of the deliveries; the content only while one of them can still be read.
  const endedBadly = deliveries.every(({ state }) => state === "failed" || state === "expired" || state === "cancelled");
  return address.kind === "content" && endedBadly ? undefined : { outcome: "duplicate", deliveries };
}

async function decideAll(query: Query, requests: PutRequest[], count: LiveCount, onAccepted: OnAccepted): Promise<PutResult[]> {
  const addresses = requests.map(({ repeat }) => repeat && addressOf(repeat));
  const named = addresses.filter((address) => address !== undefined);
  const lanes = [...new Set(requests.flatMap(({ deliveries }) => deliveries.map(({ lane }) => lane)))];
  void query(LOCK, [lanes, named.map(nameOf)]);
  const known = named.length > 0 ? query<Repeat>(REPEATS, [JSON.stringify(named)]) : [];
  const live = await count.before(query, requests);
  const decisions = await decide(query, requests, addresses, new Map((await known).map((repeat) => [nameOf(repeat), repeat])), live);
  const accepted = await accept(query, requests, addresses, decisions);
  count.add(accepted.size);
  if (accepted.size > 0) onAccepted(query, lanes);
  const resultOf = (decision: Decision): PutResult => {
    if (decision.outcome === "accepted")
      return { outcome: "accepted", deliveries: decision.of.map((one) => accepted.get(one.id) as StoredDelivery) };
    if (decision.outcome !== "as") return decision;
    const first = resultOf(decisions[decision.of] as Decision);
    return first.outcome === "accepted" ? { outcome: "duplicate", deliveries: first.deliveries } : first;
  };
  return decisions.map(resultOf);
}

/** In the order in which they came: a later call of the batch may repeat an earlier one. */
async function decide(
  query: Query,
  requests: PutRequest[],
  addresses: (Address | undefined)[],
  known: Map<string, Repeat>,
  live: number,
): Promise<Decision[]> {
  const firstOf = new Map<string, { index: number; digest: string }>();
  const decisions: Decision[] = [];
  let queued = live;
  for (const [index, request] of requests.entries()) {
    const address = addresses[index];
    const name = address && nameOf(address);
    const inBatch = name === undefined ? undefined : firstOf.get(name);
    const stored = name === undefined ? undefined : known.get(name);
    const recalled =
      stored && address && !inBatch && stored.at >= request.repeatSince ? await recognise(query, stored, address) : undefined;
    if (inBatch) decisions.push(inBatch.digest === address?.digest ? { outcome: "as", of: inBatch.index } : { outcome: "conflict" });
    else if (recalled) decisions.push(recalled);
    else if (queued + request.deliveries.length > request.maxQueued) decisions.push({ outcome: "full", queued });
    else {
      decisions.push({ outcome: "accepted", from: index, of: request.deliveries });
      queued += request.deliveries.length;
      if (name !== undefined && address) firstOf.set(name, { index, digest: address.digest });
    }
  }
  return decisions;
}

/** Writes what was accepted; answers it by id. */
async function accept(
  query: Query,
  requests: PutRequest[],
  addresses: (Address | undefined)[],
  decisions: Decision[],
): Promise<Map<string, StoredDelivery>> {
  const fresh = decisions.flatMap((decision) => (decision.outcome === "accepted" ? decision.of : []));
  if (fresh.length === 0) return new Map();
  const rows = await query<{ id: string; seq: number }>(INSERT, [JSON.stringify(fresh)]);
  const seqOf = new Map(rows.map(({ id, seq }) => [id, seq]));
  const repeats = decisions.flatMap((decision, index): Repeat[] => {
    const address = addresses[index];
    if (decision.outcome !== "accepted" || !address) return [];
    const seqs = decision.of.map(({ id }) => seqOf.get(id) ?? 0);
    const at = requests[index]?.deliveries[0]?.acceptedAt ?? 0;
    return [{ ...address, seqs, at }];
  });
  if (repeats.length > 0) void query(REMEMBER, [JSON.stringify(repeats)]);
  return new Map(fresh.map((delivery) => [delivery.id, justAccepted(delivery, seqOf.get(delivery.id) ?? 0)]));
}

/** As it stands in the store right after its acceptance. */
export const justAccepted = (delivery: NewDelivery, seq: number): StoredDelivery => ({
  ...delivery,
  seq,
  state: "queued",
  begun: false,
  posts: [],
  attempts: 0,
  deliveredAt: null,
  nextAttemptAt: null,
  lastFault: null,
});
