/** Notifications from acceptance to their outcome, as the doors see them. */
import { type Answer, done, type Fault, hostFault, refused } from "../ar.ts";
import type { Delivery, DeliveryFilter, DeliveryListRequest, DeliverySelection, NotifyResult } from "../shapes.ts";
import type { ListQuery, PutResult, Store, StoredDelivery } from "../store/store.ts";
import { type Notice, newDelivery, repeatKeyOf, targetsOf, textFault } from "./accept.ts";
import type { Accounts } from "./accounts.ts";
import type { Clocks } from "./clocks.ts";
import { newDeliveryId } from "./delivery-id.ts";
import type { Lanes } from "./lanes.ts";
import type { Meter } from "./meter.ts";
import { missingPlugin } from "./missing-plugin.ts";
import { obstacles } from "./obstacle.ts";
import type { Plugins } from "./plugins.ts";
import { presentDelivery, presentStory } from "./present.ts";
import type { Registrations } from "./registrations.ts";
import type { Caller } from "./verbs.ts";
import { hasEnded, type Waiting } from "./waiting.ts";

export type Outbox = { maxQueued: number; maxAgeHours: number; dedupeHours: number; retentionDays: number };
export type DeliveriesOptions = {
  store: Store;
  plugins: Plugins;
  accounts: Accounts;
  clocks: Clocks;
  registrations: Registrations;
  lanes: Lanes;
  waiting: Waiting;
  meter: Meter;
  outbox: () => Outbox;
  onChange(delivery: StoredDelivery, sentence?: string): void;
};

const HOUR_MS = 3_600_000;
const DEFAULT_LIMIT = 50;
/** A selection by filter is worked off in pages of this many. */
const PAGE = 1_000;

export class Deliveries {
  readonly #options: DeliveriesOptions;

  constructor(options: DeliveriesOptions) {
    this.#options = options;
  }

  async notify(notice: Notice, caller: Caller): Promise<Answer<NotifyResult>> {
    const fault = textFault(notice.text);
    if (fault) return refused(fault);
    const { accounts, registrations, plugins } = this.#options;
    const targets = targetsOf(notice, registrations.all, (lane) => accounts.get(lane), obstacles(plugins, accounts));
    if (!targets.ok) return this.#recall(notice, caller, targets);
    const { maxAgeHours, maxQueued, dedupeHours } = this.#options.outbox();
    const deliveries = targets.value.map((target) => {
      const clock = this.#options.clocks.of(target.account.plugin);
      const now = clock.now();
      return newDelivery(notice, target, { id: newDeliveryId(now), now, datedBy: clock.datedBy(), maxAgeHours, caller });
    });
    const repeat = repeatKeyOf(notice, caller);
    const repeatSince = this.#since(Math.min(...deliveries.map(({ acceptedAt }) => acceptedAt)), dedupeHours);
    return await this.#put({ deliveries, repeatSince, maxQueued, ...(repeat && { repeat }) }, notice);
  }

  async #put(request: Parameters<Store["put"]>[0], notice: Notice): Promise<Answer<NotifyResult>> {
    const result = await this.#options.store.put(request);
    if (result.outcome === "full") return refused(hostFault("outbox-full", `${result.queued} deliveries are waiting`));
    if (result.outcome === "conflict") return refused(conflictOf(notice));
    if (result.outcome === "accepted")
      for (const delivery of result.deliveries) {
        this.#options.meter.accepted(delivery.plugin);
        this.#options.onChange(delivery);
        this.#options.lanes.poke(delivery.lane);
      }
    return done(await this.#answerOf(result, notice));
  }

  /** The registration may have been disabled or deleted since: a repeat is answered what the first call brought. */
  async #recall(notice: Notice, caller: Caller, refusal: Answer<never>): Promise<Answer<NotifyResult>> {
    const repeat = repeatKeyOf(notice, caller);
    const since = this.#since(this.#latest(), this.#options.outbox().dedupeHours);
    const recalled = repeat && (await this.#options.store.recall(repeat, since));
    if (!recalled) return refusal;
    return recalled.outcome === "conflict" ? refused(conflictOf(notice)) : done(await this.#answerOf(recalled, notice));
  }

  async #answerOf(result: Extract<PutResult, { deliveries: unknown }>, notice: Notice): Promise<NotifyResult> {
    const { waitSeconds = 0 } = notice;
    const outcome =
      waitSeconds > 0 ? await Promise.all(result.deliveries.map((one) => this.#outcome(one, waitSeconds))) : result.deliveries;
    const deliveries = outcome.map((delivery) => this.#present(delivery));
    return result.outcome === "duplicate" ? { deliveries, duplicate: true } : { deliveries };
  }

  /** The delivery as it is when it has ended, or when the wait is over. */
  async #outcome(delivery: StoredDelivery, waitSeconds: number): Promise<StoredDelivery> {
    if (waitSeconds <= 0 || hasEnded(delivery)) return delivery;
    const { waiting, store } = this.#options;
    const { ended, cancel } = waiting.until(delivery.id, waitSeconds);
    const current = await store.get(delivery.id);
    if (current && hasEnded(current)) cancel();
    await ended;
    return (await store.get(delivery.id)) ?? delivery;
  }

  async get(id: string, waitSeconds = 0): Promise<Answer<Delivery>> {
    const stored = await this.#options.store.get(id);
    if (!stored) return refused(hostFault("not-found", `there is no delivery ${id}`));
    return done(this.#present(await this.#outcome(stored, waitSeconds), presentStory));
  }

  async list(request: DeliveryListRequest): Promise<Answer<{ deliveries: Delivery[]; cursor?: string }>> {
    const query = queryOf(request);
    if (!query.ok) return query;
    const limit = request.limit ?? DEFAULT_LIMIT;
    const found = await this.#options.store.list({ ...query.value, limit: limit + 1 });
    const page = found.slice(0, limit);
    const deliveries = page.map((delivery) => this.#present(delivery));
    const last = page.at(-1);
    return done(found.length > limit && last ? { deliveries, cursor: String(last.seq) } : { deliveries });
  }

  async retry(selection: DeliverySelection): Promise<Answer<{ ids: string[] }>> {
    const { store, outbox } = this.#options;
    const now = this.#latest();
    return this.#change(selection, (ids) => store.retry(ids, now, now + outbox().maxAgeHours * HOUR_MS), "delivery put back");
  }

  async cancel(selection: DeliverySelection): Promise<Answer<{ ids: string[] }>> {
    const { store } = this.#options;
    return this.#change(selection, (ids) => store.cancel(ids, this.#latest()));
  }

  async #change(
    selection: DeliverySelection,
    change: (ids: string[]) => Promise<StoredDelivery[]>,
    sentence?: string,
  ): Promise<Answer<{ ids: string[] }>> {
    const selected = await this.#select(selection);
    if (!selected.ok) return selected;
    const changed = await change(selected.value);
    for (const delivery of changed) {
      this.#options.onChange(delivery, sentence);
      this.#options.lanes.poke(delivery.lane);
    }
    return done({ ids: changed.map(({ id }) => id) });
  }

  async #select({ ids, ...filter }: DeliverySelection): Promise<Answer<string[]>> {
    const { store } = this.#options;
    const filtered = Object.values(filter).some((value) => value !== undefined);
    if (ids && filtered) return refused(hostFault("bad-input", "give ids or a filter, not both"));
    if (!ids && !filtered) return refused(hostFault("bad-input", "give ids, or a filter with at least one condition"));
    if (ids) {
      for (const id of ids) if (!(await store.get(id))) return refused(hostFault("not-found", `there is no delivery ${id}`));
      return done(ids);
    }
    const query = queryOf(filter);
    if (!query.ok) return query;
    const found: string[] = [];
    for (let page = await store.list({ ...query.value, limit: PAGE }); page.length > 0; ) {
      found.push(...page.map(({ id }) => id));
      page = await store.list({ ...query.value, limit: PAGE, beforeSeq: page.at(-1)?.seq ?? 0 });
    }
    return done(found);
  }

  #present(delivery: StoredDelivery, present = presentDelivery): Delivery {
    const { plugins } = this.#options;
    const stranded = !hasEnded(delivery) && plugins.named(delivery.plugin) === undefined;
    return present(stranded ? { ...delivery, lastFault: missingPlugin(delivery.plugin) } : delivery, plugins.faults);
  }

  /** A clock that nothing has confirmed can't tell how old an earlier call is: then each that is kept counts, so that none is posted twice. */
  #since(now: number, dedupeHours: number): number {
    const { accounts, clocks } = this.#options;
    return accounts.all.every(({ plugin }) => clocks.of(plugin).settled()) ? now - dedupeHours * HOUR_MS : 0;
  }

  /** One moment for deliveries of several plug-ins: the latest of their clocks. */
  #latest(): number {
    const clocks = this.#options.plugins.all.map(({ clock }) => clock.now());
    return clocks.length > 0 ? Math.max(...clocks) : Date.now();
  }
}

const conflictOf = ({ idempotencyKey = "" }: Notice): Fault =>
  hostFault("conflict", "that idempotency key was used with other params", `key ${idempotencyKey}`);

/** Moments are ISO 8601; the cursor is what `list` answered. */
function queryOf(request: DeliveryFilter & { cursor?: string }): Answer<Omit<ListQuery, "limit">> {
  const { since, until, cursor, ...plain } = request;
  const moments = { since: momentOf(since), until: momentOf(until) };
  for (const [name, value] of Object.entries(moments))
    if (Number.isNaN(value)) return refused(hostFault("bad-input", `${name} is not a moment in ISO 8601, such as 2026-11-24T08:00:00Z`));
  if (cursor !== undefined && !/^\d{1,16}$/.test(cursor)) return refused(hostFault("bad-input", "cursor is not one that `list` answered"));
  return done({
    ...plain,
    ...(moments.since !== undefined && { since: moments.since }),
    ...(moments.until !== undefined && { until: moments.until }),
    ...(cursor !== undefined && { beforeSeq: Number(cursor) }),
  });
}

/** Not a number for what is no moment. */
export const momentOf = (text: string | undefined): number | undefined => (text === undefined ? undefined : Date.parse(text));
