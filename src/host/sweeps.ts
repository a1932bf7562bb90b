/** What the host does every so often: expire what has not begun in time, and prune what is old. */
import type { Store, StoredDelivery } from "../store/store.ts";
import type { Accounts } from "./accounts.ts";
import type { Clocks } from "./clocks.ts";
import type { Outbox } from "./deliveries.ts";
import type { Lanes } from "./lanes.ts";
import type { HostLog } from "./log.ts";
import type { Plugins } from "./plugins.ts";
import { redate } from "./redate.ts";
import type { Time } from "./time.ts";

export type SweepOptions = {
  store: Store;
  plugins: Plugins;
  accounts: Accounts;
  clocks: Clocks;
  lanes: Lanes;
  time: Time;
  log: HostLog;
  outbox: () => Outbox;
  auditDays: () => number;
  onExpired(delivery: StoredDelivery): void;
};

const EXPIRE_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** The first prune comes soon, or a host that is started every night would never prune. */
const FIRST_PRUNE_MS = 60_000;

export function openSweeps(options: SweepOptions): { begin(): void; end(): void } {
  const sweeps = [
    repeat(options, EXPIRE_MS, EXPIRE_MS, () => expire(options)),
    repeat(options, FIRST_PRUNE_MS, HOUR_MS, () => prune(options)),
  ];
  return { begin: () => sweeps.forEach(({ begin }) => void begin()), end: () => sweeps.forEach(({ end }) => void end()) };
}

/** By each plug-in's clock, also for a plug-in that a reload has taken away. */
async function expire({ store, plugins, accounts, clocks, onExpired }: SweepOptions): Promise<void> {
  for (const plugin of new Set([...plugins.all.map(({ name }) => name), ...accounts.all.map(({ plugin }) => plugin)])) {
    const clock = clocks.of(plugin);
    await redate(store, plugin, clock);
    const judge = clock.judge();
    for (const delivery of await store.expire(plugin, clock.now(), judge)) onExpired(delivery);
    const earlier = judge.since > 0 ? clock.earlier() : undefined;
    if (earlier !== undefined) for (const delivery of await store.expire(plugin, earlier, { by: null, since: 0 })) onExpired(delivery);
  }
}

/**
 * The moment by which things are old. A clock that is ahead would throw away what is needed yet, so the least of all
 * counts: those that were confirmed, and the machine's. Undefined while every service that could tell is silent; what
 * a silent one's clock dated stays anyway (`Store.prune`). Plug-ins without an account deliver nothing and have no say.
 */
function pruneMoment({ plugins, accounts, time }: Pick<SweepOptions, "plugins" | "accounts" | "time">): number | undefined {
  const delivering = plugins.all.filter(({ name }) => accounts.all.some(({ plugin }) => plugin === name));
  const confirmed = delivering.flatMap(({ clock }) => clock.earlier() ?? []);
  return delivering.length > 0 && confirmed.length === 0 ? undefined : Math.min(time.wall(), ...confirmed);
}

async function prune(options: SweepOptions): Promise<void> {
  const { store, accounts, lanes, log, outbox, auditDays } = options;
  const now = pruneMoment(options);
  if (now === undefined) return;
  const { retentionDays, dedupeHours } = outbox();
  const pruned = await store.prune(now - retentionDays * DAY_MS, now - dedupeHours * HOUR_MS, now - DAY_MS);
  const forgotten = await store.pruneAudit(now - auditDays() * DAY_MS);
  await store.pruneMinutes(Math.floor((now - retentionDays * DAY_MS) / MINUTE_MS));
  await accounts.dropPruned();
  await lanes.forget();
  if (forgotten > 0) log.root.info({ entries: forgotten }, "old audit entries pruned");
  if (pruned > 0) log.root.info({ deliveries: pruned }, "old deliveries pruned");
}

/** A failure is logged and the next turn comes all the same. */
function repeat({ time, log }: SweepOptions, firstMs: number, everyMs: number, work: () => Promise<void>): { begin(): void; end(): void } {
  let cancel = () => {};
  let ended = false;
  const turn = async () => {
    await work().catch((cause: unknown) => log.root.error({ err: cause }, "sweep failed"));
    if (!ended) cancel = time.after(everyMs, () => void turn());
  };
  return {
    begin: () => {
      cancel = time.after(firstMs, () => void turn());
    },
    end: () => {
      ended = true;
      cancel();
    },
  };
}
