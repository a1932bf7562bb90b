/** The audit trail: who did what, when, from where, and how it ended. */
import { v7 as uuid } from "uuid";
import { type Answer, cutBytes, done, type Fault, type FaultTable, hostFault, refused, reportFault } from "../ar.ts";
import type { AuditEntry, AuditListRequest } from "../shapes.ts";
import type { AuditDetail, AuditEnd, AuditQuery, NewAuditEntry, Store, StoredAuditEntry } from "../store/store.ts";
import { momentOf } from "./deliveries.ts";
import type { HostLog } from "./log.ts";
import type { Act, ActDetail, ActResult } from "./verbs.ts";

export type AuditOptions = {
  store: Pick<Store, "appendAudit" | "endAudit" | "listAudit">;
  log: Pick<HostLog, "root" | "scrub">;
  /** Milliseconds since 1970, corrected. */
  now(): number;
  monotonic(): number;
  faults(): FaultTable;
};

const DEFAULT_LIMIT = 50;
/** Of one text and of one list; a retry of ten thousand deliveries need not name each. */
const MAX_BYTES = 255;
const MAX_LISTED = 100;
/** So many refusals of a method are kept in a minute, or whoever is refused could fill the disk; the rest are counted. */
const REFUSALS_A_MINUTE = 30;
const MINUTE_MS = 60_000;

export class AuditTrail {
  readonly #options: AuditOptions;
  /** By method, so that whoever guesses passwords can't keep other refusals out. */
  readonly #refusals = new Map<string, { minute: number; kept: number; dropped: number }>();

  constructor(options: AuditOptions) {
    this.#options = options;
  }

  /** Rejects with `StoreUnavailable`, before anything is done, when the intent can't be kept. */
  async act<T>(act: Act, work: () => Promise<Answer<T>>, keep?: (value: T) => ActResult): Promise<Answer<T>> {
    const entry = this.#entry(act);
    await this.#options.store.appendAudit(entry);
    try {
      const answer = await work();
      await this.#end(entry, answer.ok ? this.#success(entry, keep?.(answer.value)) : this.#refusal(entry, answer.fault));
      return answer;
    } catch (cause) {
      await this.#end(entry, { ...entry, outcome: "failed" });
      throw cause;
    }
  }

  /** What is kept when it has ended: what the host did by itself (a reload by file or signal), a log-in. */
  async record<T>(act: Act, answer: Answer<T>, keep?: (value: T) => ActResult): Promise<void> {
    const entry = this.#entry(act);
    await this.#append({ ...entry, ...(answer.ok ? this.#success(entry, keep?.(answer.value)) : this.#refusal(entry, answer.fault)) });
  }

  async recordRefusal(act: Act, fault: Fault): Promise<void> {
    const minute = Math.floor(this.#options.monotonic() / MINUTE_MS);
    const known = this.#refusals.get(act.method) ?? { minute, kept: 0, dropped: 0 };
    const count = known.minute === minute ? known : { ...known, minute, kept: 0 };
    this.#refusals.set(act.method, count);
    if (count.kept >= REFUSALS_A_MINUTE) {
      count.dropped += 1;
      return;
    }
    count.kept += 1;
    const notKept = count.dropped > 0 ? { notKept: count.dropped } : {};
    count.dropped = 0;
    await this.record({ ...act, detail: { ...act.detail, ...notKept } }, refused(fault));
  }

  async list(request: AuditListRequest): Promise<Answer<{ entries: AuditEntry[]; cursor?: string }>> {
    const query = queryOf(request);
    if (!query.ok) return query;
    const limit = request.limit ?? DEFAULT_LIMIT;
    const found = await this.#options.store.listAudit({ ...query.value, limit: limit + 1 });
    const page = found.slice(0, limit);
    const last = page.at(-1);
    const entries = page.map(present);
    return done(found.length > limit && last ? { entries, cursor: String(last.seq) } : { entries });
  }

  #entry({ caller, method, target, detail }: Act): NewAuditEntry {
    return {
      id: uuid(),
      at: this.#options.now(),
      client: this.#text(caller.name),
      role: caller.role ?? null,
      address: addressOf(caller),
      method,
      target: target === undefined ? null : this.#text(target),
      detail: this.#keepable(detail),
      outcome: "begun",
      arerr: null,
      reason: null,
    };
  }

  #success(entry: NewAuditEntry, { target, detail = {} }: Partial<ActResult> = {}): AuditEnd {
    const known = target === undefined ? entry.target : this.#text(target);
    const asked = { ...entry.detail };
    // Ids that were asked for give way to those that were changed, and so does their count.
    for (const name of Object.keys(detail)) delete asked[`${name}Count`];
    return { outcome: "done", target: known, detail: { ...asked, ...this.#keepable(detail) }, arerr: null, reason: null };
  }

  #refusal({ target, detail }: NewAuditEntry, fault: Fault): AuditEnd {
    const [first] = reportFault(fault, this.#options.faults()).statusList;
    const told = { ...detail, ...this.#keepable({ cause: fault.cause }) };
    return { outcome: "refused", target, detail: told, arerr: first?.messageNum ?? null, reason: fault.reason };
  }

  /** The act is done or refused by now, and is answered as what it is; its entry stays `begun`, and the log says the rest. */
  async #end({ id, ...entry }: NewAuditEntry, end: AuditEnd): Promise<void> {
    const { target, detail, outcome, arerr, reason } = end;
    try {
      await this.#options.store.endAudit(id, { target, detail, outcome, arerr, reason });
    } catch (cause) {
      this.#options.log.root.error({ audit: { ...entry, ...end, id }, err: cause }, "the end of an act is not on record");
    }
  }

  async #append(entry: NewAuditEntry): Promise<void> {
    await this.#options.store.appendAudit(entry).catch((cause: unknown) => {
      this.#options.log.root.error({ audit: entry, err: cause }, "an act is not on record");
    });
  }

  #text = (text: string): string => cutBytes(this.#options.log.scrub(text).toWellFormed(), MAX_BYTES);

  /** Texts without secrets and cut, short lists of them, numbers; what is neither is left out. */
  #keepable(detail: ActDetail): AuditDetail {
    const kept: AuditDetail = {};
    for (const [name, value] of Object.entries(detail)) {
      if (typeof value === "string") kept[name] = this.#text(value);
      else if (typeof value === "number" || typeof value === "boolean" || value === null) kept[name] = value;
      else if (Array.isArray(value)) {
        kept[name] = value.slice(0, MAX_LISTED).map((one) => this.#text(String(one)));
        if (value.length > MAX_LISTED) kept[`${name}Count`] = value.length;
      }
    }
    return kept;
  }
}

function addressOf({ address, certificate }: Act["caller"]): string | null {
  const parts = [address, certificate === undefined ? undefined : `CN=${cutBytes(certificate, MAX_BYTES)}`];
  const known = parts.filter((part) => part !== undefined);
  return known.length > 0 ? known.join(" ") : null;
}

function queryOf({ since, until, cursor, client, method }: AuditListRequest): Answer<Omit<AuditQuery, "limit">> {
  const query: Omit<AuditQuery, "limit"> = { ...(client !== undefined && { client }), ...(method !== undefined && { method }) };
  for (const [name, text] of Object.entries({ since, until })) {
    const moment = momentOf(text);
    if (Number.isNaN(moment)) return refused(hostFault("bad-input", `${name} is not a moment in ISO 8601, such as 2026-11-24T08:00:00Z`));
    if (moment !== undefined) Object.assign(query, { [name]: moment });
  }
  if (cursor !== undefined && !/^\d{1,15}$/.test(cursor))
    return refused(hostFault("bad-input", "cursor is not one that `audit.list` answered"));
  return done(cursor === undefined ? query : { ...query, beforeSeq: Number(cursor) });
}

function present({ id, at, client, role, address, method, target, detail, outcome, arerr, reason }: StoredAuditEntry): AuditEntry {
  return {
    id,
    at: new Date(at).toISOString(),
    client,
    ...(role !== null && { role }),
    ...(address !== null && { address }),
    method,
    ...(target !== null && { target }),
    detail,
    outcome,
    ...(arerr !== null && { arerr }),
    ...(reason !== null && { reason }),
  };
}
