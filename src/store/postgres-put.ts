/** Accepting: what comes while a commit runs goes into the next one; repeats are decided inside it. */
import { shareCommits } from "./postgres-commits.ts";
import type { Access, PostgresDatabase, Query } from "./postgres-database.ts";
import { LiveCount } from "./postgres-live-count.ts";
import { DELIVERY, type DeliveryRow, UNDELIVERED } from "./postgres-rows.ts";
import type { Commit, NewDelivery, PutRequest, PutResult, RepeatKey, Store, StoredDelivery } from "./store.ts";

type Recalled = Extract<PutResult, { outcome: "duplicate" | "conflict" }>;
type Address = { kind: string; scope: string; key: string; digest: string };
type Repeat = Address & { seqs: number[]; at: number };
type Question = { repeat: RepeatKey; since: number };
/** `again`: an earlier call of the batch has its key; `full`: so much is live that there is no room for it. Neither is written. */
type Call = { request: PutRequest; again: boolean; full: number | undefined };

/**
 * Numbers of one lane are given and committed in the same order, and two hosts never decide on one repeat key at once:
 * both are locked, in an order that is the same everywhere, until the commit. Hosts that accept for the same lanes wait
 * for each other that long, so nothing is asked in between, and nobody waits for the disk. Lanes share some locks, since
 * a broadcast goes to every lane and PostgreSQL's table of locks has room for some thousands (max_locks_per_transaction).
 */
const LANE_LOCKS = 256;
const LOCK = `SELECT pg_advisory_xact_lock(number) FROM
  (SELECT abs(hashtext(lane) % ${LANE_LOCKS})::bigint AS number FROM unnest($1::text[]) AS lane
    UNION SELECT hashtextextended(key, 0) FROM unnest($2::text[]) AS key ORDER BY number) AS numbers`;
/** Leaves out what `recognise` calls a repeat. OFFSET keeps PostgreSQL from reading all that it remembers to join it with a few. */
const INSERT = `INSERT INTO deliveries (id, plugin, lane, registration_id, functional_user, account_name, content, entry_id, text, priority,
    client, accepted_at, expires_at, dated_by)
  SELECT id, plugin, lane, "registrationId", "functionalUser", "accountName", content, "entryId", text, priority, client, "acceptedAt",
    "expiresAt", "datedBy" FROM ROWS FROM (jsonb_to_recordset($1::jsonb) AS (id text, plugin text, lane text, "registrationId" text,
      "functionalUser" text, "accountName" text, content text, "entryId" text, text text, priority integer, client text,
      "acceptedAt" double precision, "expiresAt" double precision, "datedBy" text, kind text, scope text, key text,
      since double precision)) WITH ORDINALITY AS given
  WHERE NOT EXISTS (SELECT 1 FROM repeats
    WHERE repeats.kind = given.kind AND repeats.scope = given.scope AND repeats.key = given.key AND at >= given.since
      AND (repeats.kind = 'key' OR EXISTS (SELECT 1 FROM deliveries WHERE seq = ANY (seqs) AND NOT ${UNDELIVERED}))
    OFFSET 0)
  ORDER BY ordinality RETURNING id, seq`;
/** The keys of those calls whose deliveries were written. */
const REMEMBER = `INSERT INTO repeats (kind, scope, key, digest, seqs, at)
  SELECT kind, scope, key, digest, written.seqs, at FROM jsonb_to_recordset($1::jsonb)
    AS given (kind text, scope text, key text, digest text, ids jsonb, at double precision) CROSS JOIN LATERAL
    (SELECT array_agg(seq ORDER BY seq) AS seqs FROM deliveries WHERE id = ANY (ARRAY(SELECT jsonb_array_elements_text(ids)))) AS written
  WHERE written.seqs IS NOT NULL
  ON CONFLICT (kind, scope, key) DO UPDATE SET digest = excluded.digest, seqs = excluded.seqs, at = excluded.at`;
const REPEATS = `SELECT known.* FROM jsonb_to_recordset($1::jsonb) AS given (kind text, scope text, key text) CROSS JOIN LATERAL
  (SELECT kind, scope, key, digest, to_jsonb(seqs) AS seqs, at FROM repeats
    WHERE repeats.kind = given.kind AND repeats.scope = given.scope AND repeats.key = given.key LIMIT 1) AS known`;
const THESE = `SELECT ${DELIVERY} FROM deliveries WHERE seq = ANY ($1::bigint[]) ORDER BY seq`;

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

  async function together(access: Access, requests: PutRequest[]): Promise<PutResult[]> {
    const calls = callsOf(requests, await count.before(access.query, requests));
    const seqOf = await write(access, calls, onAccepted);
    count.add(seqOf.size);
    const questions = calls.flatMap(({ request }) => (isIn(seqOf, request) ? [] : (questionOf(request) ?? [])));
    const recalled = questions.length > 0 ? await recall(access, questions) : [];
    const known = new Map(questions.map(({ repeat }, index) => [repeat, recalled[index]]));
    const results: PutResult[] = [];
    for (const { request, full } of calls) {
      const before = request.repeat && known.get(request.repeat);
      if (isIn(seqOf, request)) results.push(acceptedOf(request, seqOf));
      else if (before) results.push(before);
      else if (full !== undefined) results.push({ outcome: "full", queued: full });
      // What it repeated was no repeat any more when it was looked at.
      else results.push(...(await together(access, [request])));
    }
    return results;
  }

  return {
    put: shareCommits<PutRequest, PutResult>({
      together: (requests) => database.work((access) => together(access, requests)),
      onCommit,
    }),
    recall: async (repeat: RepeatKey, since: number) => (await recall(database, [{ repeat, since }]))[0],
  };
}

/** What it finds may have been let out early, and is on the disk when this answers. */
const recall = ({ transaction }: Access, questions: Question[]): Promise<(Recalled | undefined)[]> =>
  transaction((query) => recogniseAll(query, questions), { early: true });

const questionOf = ({ repeat, repeatSince }: PutRequest): Question | undefined => repeat && { repeat, since: repeatSince };

/** In the order in which they came. */
function callsOf(requests: PutRequest[], live: number): Call[] {
  const names = new Set<string>();
  let queued = live;
  return requests.map((request) => {
    const { repeat, deliveries, maxQueued } = request;
    const name = repeat && nameOf(addressOf(repeat));
    const again = name !== undefined && names.has(name);
    const full = !again && queued + deliveries.length > maxQueued ? queued : undefined;
    if (!again && full === undefined) {
      queued += deliveries.length;
      if (name !== undefined) names.add(name);
    }
    return { request, again, full };
  });
}

/** Writes those calls that repeat nothing, on one way to the database; answers the numbers of their deliveries. */
async function write({ transaction }: Access, calls: Call[], onAccepted: OnAccepted): Promise<Map<string, number>> {
  const written = calls.filter(({ again, full }) => !again && full === undefined).map(({ request }) => request);
  if (written.length === 0) return new Map();
  const repeats = written.flatMap(({ repeat, deliveries }) =>
    repeat ? [{ ...addressOf(repeat), ids: deliveries.map(({ id }) => id), at: deliveries[0]?.acceptedAt ?? 0 }] : [],
  );
  const lanes = [...new Set(written.flatMap(({ deliveries }) => deliveries.map(({ lane }) => lane)))];
  const { rows } = await transaction(
    async (query) => {
      void query(LOCK, [lanes, repeats.map(nameOf)]);
      const rows = query<{ id: string; seq: number }>(INSERT, [JSON.stringify(written.flatMap(rowsOf))]);
      if (repeats.length > 0) void query(REMEMBER, [JSON.stringify(repeats)]);
      onAccepted(query, lanes);
      return { rows };
    },
    { early: true },
  );
  return new Map((await rows).map(({ id, seq }) => [id, seq]));
}

function rowsOf({ repeat, repeatSince, deliveries }: PutRequest) {
  const { kind, scope, key } = repeat ? addressOf(repeat) : {};
  return deliveries.map((delivery) => ({ ...delivery, kind, scope, key, since: repeatSince }));
}

async function recogniseAll(query: Query, questions: Question[]): Promise<(Recalled | undefined)[]> {
  const addresses = questions.map(({ repeat }) => addressOf(repeat));
  const known = new Map((await query<Repeat>(REPEATS, [JSON.stringify(addresses)])).map((repeat) => [nameOf(repeat), repeat]));
  const seqs = [...known.values()].flatMap((repeat) => repeat.seqs);
  const deliveries = new Map((await query<DeliveryRow>(THESE, [seqs])).map((delivery) => [delivery.seq, delivery]));
  return questions.map(({ since }, index) => {
    const address = addresses[index] as Address;
    const repeat = known.get(nameOf(address));
    return repeat && repeat.at >= since ? recognise(repeat, address, deliveries) : undefined;
  });
}

function recognise(repeat: Repeat, { kind, digest }: Address, bySeq: ReadonlyMap<number, StoredDelivery>): Recalled | undefined {
  if (repeat.digest !== digest) return { outcome: "conflict" };
  const deliveries = repeat.seqs.flatMap((seq) => bySeq.get(seq) ?? []);
  // The caller's own key holds whatever became of the deliveries; the content only while one of them can still be read.
  const endedBadly = deliveries.every(({ state }) => state === "failed" || state === "expired" || state === "cancelled");
  return kind === "content" && endedBadly ? undefined : { outcome: "duplicate", deliveries };
}

const isIn = (seqOf: ReadonlyMap<string, number>, { deliveries }: PutRequest): boolean => deliveries.some(({ id }) => seqOf.has(id));
const acceptedOf = ({ deliveries }: PutRequest, seqOf: ReadonlyMap<string, number>): PutResult => ({
  outcome: "accepted",
  deliveries: deliveries.map((delivery) => justAccepted(delivery, seqOf.get(delivery.id) ?? 0)),
});

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
