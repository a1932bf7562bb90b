/** Accepting: what comes while a commit runs goes into the next one; repeats are decided inside it. */
import { justAccepted } from "./just-accepted.ts";
import { shareCommits } from "./postgres-commits.ts";
import { type Access, asError, codeOf, isDeadlock, isOfTheData, type PostgresDatabase, type Query } from "./postgres-database.ts";
import { LiveCount } from "./postgres-live-count.ts";
import { DELIVERY, type DeliveryRow, UNDELIVERED } from "./postgres-rows.ts";
import {
  type Commit,
  type PutRequest,
  type PutResult,
  type RepeatKey,
  type Store,
  type StoredDelivery,
  StoreUnavailable,
} from "./store.ts";

type Recalled = Extract<PutResult, { outcome: "duplicate" | "conflict" }>;
type Address = { kind: string; scope: string; key: string; digest: string };
type Repeat = Address & { seqs: number[]; at: number };
type Question = Pick<PutRequest, "repeat" | "repeatSince">;
/** Before anything is written. `new`: to be written; `again`: an earlier one that is to be written has its key. */
type Verdict = "new" | "again" | Exclude<PutResult, { outcome: "accepted" }>;
type Numbered = { id: string; seq: number };
/** A verdict for each call, where that is known; the numbers of what was written. */
type Accepted = { verdicts: Verdict[]; seqOf: ReadonlyMap<string, number> };

/**
 * Numbers of one lane are given and committed in the same order, and two hosts never decide on one repeat key at once:
 * both are locked, in an order that is the same everywhere, until the commit. Hosts that accept for the same lanes wait
 * for each other that long, so nothing is asked in between but near the bound, and nobody waits for the disk. Lanes
 * share some locks, since a broadcast goes to every lane and PostgreSQL's table of locks has room for some thousands
 * (max_locks_per_transaction).
 */
const LANE_LOCKS = 256;
const LOCK = `SELECT pg_advisory_xact_lock(number) FROM
  (SELECT abs(hashtext(lane) % ${LANE_LOCKS})::bigint AS number FROM unnest($1::text[]) AS lane
    UNION SELECT hashtextextended(key, 0) FROM unnest($2::text[]) AS key ORDER BY number) AS numbers`;
/** Near the bound one host decides at a time, for all lanes; taken before the others, so that nobody waits in a circle. */
const LOCK_BOUND = "SELECT pg_advisory_xact_lock(7467004)";
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
const FIND = "SELECT id, seq FROM deliveries WHERE id = ANY ($1::text[])";
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

  async function together(access: Access, requests: PutRequest[]): Promise<(PutResult | Error | undefined)[]> {
    const far = await count.whereFar(access.query, requests);
    const { verdicts, seqOf } = await acceptOrFind(access, requests, far);
    count.add(seqOf.size);
    const left = requests.filter((request, index) => typeof verdicts[index] !== "object" && !isIn(seqOf, request));
    const found = await recallOrFail(access, left);
    return requests.map((request, index) => {
      const verdict = verdicts[index];
      if (typeof verdict === "object") return verdict;
      // Undefined where it repeated what was no repeat any more when it was looked at.
      return isIn(seqOf, request) ? acceptedOf(request, seqOf) : found.get(request);
    });
  }

  async function acceptOrFind(access: Access, requests: PutRequest[], far: number | undefined): Promise<Accepted> {
    let sent = false;
    const run = async (query: Query) => {
      const accepted = await accept(query, requests, far);
      sent = true;
      return accepted;
    };
    try {
      const { verdicts, rows } = await access.transaction(run, { early: true });
      return { verdicts, seqOf: seqOfId(await rows) };
    } catch (cause) {
      // A connection that broke behind the COMMIT says nothing of what became of it; the database does.
      const found = sent && !isRolledBack(cause) ? await find(access, requests).catch(() => []) : [];
      if (found.length === 0) throw cause;
      return { verdicts: [], seqOf: seqOfId(found) };
    }
  }

  /** Inside the transaction. `far`: what is live, where they all fit by far. */
  async function accept(query: Query, requests: PutRequest[], far: number | undefined) {
    if (far === undefined) void query(LOCK_BOUND);
    lock(query, requests);
    const verdicts = far === undefined ? await decideClosely(query, requests) : decide(requests, far, new Map());
    const fresh = requests.filter((_, index) => verdicts[index] === "new");
    return { verdicts, rows: fresh.length > 0 ? write(query, fresh, onAccepted) : [] };
  }

  async function decideClosely(query: Query, requests: PutRequest[]): Promise<Verdict[]> {
    const [live, known] = await Promise.all([count.count(query), recognise(query, requests)]);
    return decide(requests, live, known);
  }

  return {
    put: shareCommits<PutRequest, PutResult>({
      together: (requests) => database.work((access) => together(access, requests)),
      onCommit,
    }),
    recall: async (repeat: RepeatKey, repeatSince: number) => {
      const question = { repeat, repeatSince };
      return (await recall(database, [question])).get(question);
    },
  };
}

/** Those that stand there, on the disk when this answers; waits for what still writes them. */
const find = ({ transaction }: Access, requests: PutRequest[]): Promise<Numbered[]> =>
  transaction(
    async (query) => {
      lock(query, requests);
      return query<Numbered>(FIND, [requests.flatMap(({ deliveries }) => deliveries.map(({ id }) => id))]);
    },
    { early: true },
  );

/** Whoever waited too long for the locks (lock_not_available) is not kept waiting for them once more. */
const isRolledBack = (cause: unknown): boolean =>
  isOfTheData(cause) || isDeadlock(cause) || (cause instanceof StoreUnavailable && codeOf(cause.cause) === "55P03");
const seqOfId = (rows: Numbered[]): Map<string, number> => new Map(rows.map(({ id, seq }) => [id, seq]));

/** What it finds may have been let out early, and is on the disk when this answers. */
const recall = <Q extends Question>({ transaction }: Pick<Access, "transaction">, questions: Q[]): Promise<Map<Q, Recalled>> =>
  transaction((query) => recognise(query, questions), { early: true });

/** Others of the batch are accepted by now: a failure is the answer to these alone, who repeat and had nothing written. */
async function recallOrFail(access: Access, left: PutRequest[]): Promise<Map<PutRequest, Recalled | Error>> {
  if (left.length === 0) return new Map();
  return recall(access, left).catch((cause: unknown) => new Map(left.map((request) => [request, asError(cause)])));
}

/** In the order in which they came. `queued`: what is live before them; `known`: which of them are repeats, as far as that was asked. */
function decide(requests: PutRequest[], queued: number, known: ReadonlyMap<PutRequest, Recalled>): Verdict[] {
  const names = new Set<string>();
  let live = queued;
  return requests.map((request) => {
    const before = known.get(request);
    if (before) return before;
    const { repeat, deliveries, maxQueued } = request;
    const name = repeat && nameOf(addressOf(repeat));
    if (name !== undefined && names.has(name)) return "again";
    if (live + deliveries.length > maxQueued) return { outcome: "full", queued: live };
    live += deliveries.length;
    if (name !== undefined) names.add(name);
    return "new";
  });
}

function lock(query: Query, requests: PutRequest[]): void {
  const names = requests.flatMap(({ repeat }) => (repeat ? nameOf(addressOf(repeat)) : []));
  void query(LOCK, [lanesOf(requests), names]);
}

/** Writes those that repeat nothing, on one way to the database; answers the numbers of their deliveries. */
function write(query: Query, requests: PutRequest[], onAccepted: OnAccepted): Promise<Numbered[]> {
  const repeats = requests.flatMap(({ repeat, deliveries }) =>
    repeat ? [{ ...addressOf(repeat), ids: deliveries.map(({ id }) => id), at: deliveries[0]?.acceptedAt ?? 0 }] : [],
  );
  const rows = query<Numbered>(INSERT, [JSON.stringify(requests.flatMap(rowsOf))]);
  if (repeats.length > 0) void query(REMEMBER, [JSON.stringify(repeats)]);
  onAccepted(query, lanesOf(requests));
  return rows;
}

const lanesOf = (requests: PutRequest[]): string[] => [
  ...new Set(requests.flatMap(({ deliveries }) => deliveries.map(({ lane }) => lane))),
];

function rowsOf({ repeat, repeatSince, deliveries }: PutRequest) {
  const { kind, scope, key } = repeat ? addressOf(repeat) : {};
  return deliveries.map((delivery) => ({ ...delivery, kind, scope, key, since: repeatSince }));
}

/** Those of them that are repeats. */
async function recognise<Q extends Question>(query: Query, questions: Q[]): Promise<Map<Q, Recalled>> {
  const asked = questions.flatMap((question) => (question.repeat ? [{ question, address: addressOf(question.repeat) }] : []));
  if (asked.length === 0) return new Map();
  const addresses = asked.map(({ address }) => address);
  const known = new Map((await query<Repeat>(REPEATS, [JSON.stringify(addresses)])).map((repeat) => [nameOf(repeat), repeat]));
  const seqs = [...known.values()].flatMap((repeat) => repeat.seqs);
  const deliveries = new Map((await query<DeliveryRow>(THESE, [seqs])).map((delivery) => [delivery.seq, delivery]));
  return new Map(
    asked.flatMap(({ question, address }) => {
      const repeat = known.get(nameOf(address));
      const recalled = repeat && repeat.at >= question.repeatSince && recalledOf(repeat, address, deliveries);
      return recalled ? [[question, recalled]] : [];
    }),
  );
}

function recalledOf(repeat: Repeat, { kind, digest }: Address, bySeq: ReadonlyMap<number, StoredDelivery>): Recalled | undefined {
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
