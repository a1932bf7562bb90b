/** Builds what a host consists of, starts it in the right order, and takes it down again. */
import type { Fault } from "../ar.ts";
import type { PluginContext, Token } from "../contract.ts";
import type { Delivery } from "../shapes.ts";
import type { Store, StoredDelivery } from "../store/store.ts";
import { Accounts, type Vault } from "./accounts.ts";
import type { Pace } from "./back-off.ts";
import { chronicle } from "./chronicle.ts";
import { Deliveries, type Outbox } from "./deliveries.ts";
import { Lanes } from "./lanes.ts";
import type { HostLog } from "./log.ts";
import { Plugin, type PluginSettings } from "./plugin.ts";
import { Plugins } from "./plugins.ts";
import { lastFaultOf } from "./present.ts";
import { Registrations } from "./registrations.ts";
import type { Time } from "./time.ts";
import { Waiting } from "./waiting.ts";

export type RoomOptions = {
  store: Store;
  time: Time;
  pace: Pace;
  log: HostLog;
  proxy: PluginContext["proxy"];
  vault: () => Vault;
  outbox: () => Outbox;
  configuredTokens: (plugin: string) => Readonly<Record<string, Token>>;
};

export type Rooms = {
  store: Store;
  log: HostLog;
  plugins: Plugins;
  accounts: Accounts;
  registrations: Registrations;
  lanes: Lanes;
  deliveries: Deliveries;
  stopping(): boolean;
  /** The fault of a delivery that has ended badly. */
  failureOf(delivery: Delivery): Promise<Fault | undefined>;
  openPlugin(settings: PluginSettings): Plugin;
  /** Reads the store, settles what an earlier host left, and lets the lanes go. */
  start(): Promise<void>;
  /** Accepts nothing more, lets what is in flight end (at most so long), ends the plug-ins. */
  stop(timeoutMs: number): Promise<void>;
};

const SWEEP_MS = 1_000;
const PRUNE_MS = 3_600_000;
const DAY_MS = 86_400_000;

export function buildRooms(options: RoomOptions): Rooms {
  const { store, time, log } = options;
  let stopping = false;
  const plugins = new Plugins();
  const waiting = new Waiting(time);
  const onChange = (delivery: StoredDelivery, sentence?: string) => {
    chronicle(log.root, delivery, plugins.faults, sentence);
    waiting.tell(delivery);
  };
  const accounts = new Accounts(options);
  const lanes = new Lanes({ ...options, plugins, accounts, onChange });
  const registrations = new Registrations({
    store,
    plugins,
    accounts,
    vault: options.vault,
    log: log.root,
    onAuthorized: (lane) => lanes.free(lane),
    onChanged: (lane) => lanes.poke(lane),
    onCancelled: (deliveries) => deliveries.forEach((delivery) => void onChange(delivery)),
  });
  const expired = (delivery: StoredDelivery) => {
    onChange(delivery);
    // It may have been the head that the lane's timer waits for.
    lanes.poke(delivery.lane);
  };
  const deliveries = new Deliveries({ ...options, plugins, accounts, registrations, lanes, waiting, onChange });
  const sweeps = [
    repeat(time, SWEEP_MS, () => sweep(store, plugins, expired), log),
    repeat(time, PRUNE_MS, () => prune(store, options.outbox(), plugins, log), log),
  ];
  return {
    store,
    log,
    plugins,
    accounts,
    registrations,
    lanes,
    deliveries,
    stopping: () => stopping,
    async failureOf(delivery) {
      const stored = ["failed", "expired"].includes(delivery.state) ? await store.get(delivery.id) : undefined;
      return stored && lastFaultOf(stored);
    },
    openPlugin: (settings) => {
      const onReady = () => lanes.pokePlugin(settings.name);
      return new Plugin({ settings, time, log, proxy: options.proxy, onReady });
    },
    async start() {
      await accounts.load();
      await registrations.load();
      for (const delivery of await store.recover(latest(plugins, time))) onChange(delivery, "delivery recovered");
      await lanes.start();
      for (const start of sweeps) start.begin();
    },
    async stop(timeoutMs) {
      stopping = true;
      for (const start of sweeps) start.end();
      waiting.release();
      await within(time, timeoutMs, lanes.stop());
      await Promise.all(plugins.all.map((plugin) => plugin.stop()));
    },
  };
}

async function sweep(store: Store, plugins: Plugins, onExpired: (delivery: StoredDelivery) => void): Promise<void> {
  for (const { name, clock } of plugins.all) {
    const since = clock.trustedSince();
    for (const delivery of await store.expire(name, clock.now(), since)) onExpired(delivery);
    const earlier = since > 0 ? clock.earlier() : undefined;
    if (earlier !== undefined) for (const delivery of await store.expire(name, earlier, 0)) onExpired(delivery);
  }
}

async function prune(store: Store, outbox: Outbox, plugins: Plugins, log: HostLog): Promise<void> {
  const clocks = plugins.all.map(({ clock }) => clock);
  // Nothing is thrown away by a clock that nothing has confirmed.
  if (clocks.length === 0 || clocks.some((clock) => !clock.measurement())) return;
  const now = Math.min(...clocks.map((clock) => clock.now()));
  const pruned = await store.prune(now - outbox.retentionDays * DAY_MS, now - outbox.dedupeHours * PRUNE_MS);
  if (pruned > 0) log.root.info({ deliveries: pruned }, "old deliveries pruned");
}

const latest = (plugins: Plugins, time: Time): number => Math.max(time.wall(), ...plugins.all.map(({ clock }) => clock.now()));

/** Does something every so often; a failure is logged and the next turn comes all the same. */
function repeat(time: Time, everyMs: number, work: () => Promise<void>, log: HostLog): { begin(): void; end(): void } {
  let cancel = () => {};
  let ended = false;
  const turn = async () => {
    await work().catch((cause: unknown) => log.root.error({ err: cause }, "sweep failed"));
    if (!ended) cancel = time.after(everyMs, () => void turn());
  };
  return {
    begin: () => {
      cancel = time.after(everyMs, () => void turn());
    },
    end: () => {
      ended = true;
      cancel();
    },
  };
}

async function within(time: Time, ms: number, work: Promise<void>): Promise<void> {
  let cancel = () => {};
  const over = new Promise<void>((resolve) => {
    cancel = time.after(ms, resolve);
  });
  await Promise.race([work, over]);
  cancel();
}
