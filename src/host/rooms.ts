/** Builds what a host consists of, starts it in the right order, and takes it down again. */
import type { Fault } from "../ar.ts";
import { DELIVERY_STATES, type Delivery, ENDED_STATES } from "../shapes.ts";
import type { HostCard, Store, StoredDelivery, Tallies } from "../store/store.ts";
import { type AccountOptions, Accounts } from "./accounts.ts";
import { AuditTrail } from "./audit.ts";
import type { Pace } from "./back-off.ts";
import { chronicle } from "./chronicle.ts";
import type { Clocks } from "./clocks.ts";
import { correctedTime } from "./corrected-time.ts";
import { Deliveries, type Outbox } from "./deliveries.ts";
import { type Figures, openFigures } from "./figures.ts";
import { type Group, openGroup } from "./group.ts";
import { type History, openHistory } from "./history.ts";
import { inTime } from "./in-time.ts";
import type { KnownSecrets } from "./known-secrets.ts";
import { Lanes } from "./lanes.ts";
import type { Leases } from "./leases.ts";
import type { HostLog } from "./log.ts";
import { boundReasons, type Meter, NO_METER } from "./meter.ts";
import type { OpenPlugin } from "./open-plugin.ts";
import { Plugins } from "./plugins.ts";
import { lastFaultOf } from "./present.ts";
import { openReadiness, type Readiness } from "./readiness.ts";
import { Registrations } from "./registrations.ts";
import type { Vault } from "./sealed.ts";
import { openSweeps } from "./sweeps.ts";
import type { Time } from "./time.ts";
import { hasEnded, Waiting } from "./waiting.ts";

export type RoomOptions = {
  store: Store;
  time: Time;
  pace: Pace;
  log: HostLog;
  clocks: Clocks;
  openPlugin: OpenPlugin;
  /** Counts what happens; left out where nobody wants figures. */
  meter?: Meter;
  /** What the log leaves out; grows with what the rooms open. */
  secrets: KnownSecrets;
  vault: () => Vault;
  outbox: () => Outbox;
  /** How long the audit trail is kept, in days. */
  auditDays: () => number;
  configuredToken: AccountOptions["configuredToken"];
  /** What the host says of itself to the others of its group. */
  card(): HostCard;
  /** A registration names an account that is not known yet. */
  onUnassociated(): void;
};

export type Rooms = {
  store: Store;
  log: HostLog;
  plugins: Plugins;
  accounts: Accounts;
  registrations: Registrations;
  lanes: Lanes;
  leases: Leases;
  deliveries: Deliveries;
  audit: AuditTrail;
  history: History;
  stopping(): boolean;
  readiness(): Promise<Readiness>;
  figures(): Promise<Figures | undefined>;
  /** The fault of a delivery that has ended badly. */
  failureOf(delivery: Delivery): Promise<Fault | undefined>;
  openPlugin: OpenPlugin;
  /** Reads the store, settles what an earlier host left, and lets the lanes go. */
  start(): Promise<void>;
  /** Accepts nothing more, lets what is in flight end (at most so long), ends the plug-ins. */
  stop(timeoutMs: number): Promise<void>;
  /** When no call is under way any more: writes what was counted, and closes the store. */
  close(): Promise<void>;
};

export function buildRooms(options: RoomOptions): Rooms {
  const { store, time, log, clocks, openPlugin } = options;
  const plugins = new Plugins();
  const waiting = new Waiting(time);
  const history = historyOf(options, plugins);
  const meter = boundReasons(history.counting(options.meter ?? NO_METER), () => plugins.faults);
  const onChange = (delivery: StoredDelivery, sentence?: string) => {
    if (hasEnded(delivery)) meter.ended(delivery.plugin, delivery.state, latencyOf(delivery));
    chronicle(log.root, delivery, plugins.faults, sentence);
    waiting.tell(delivery);
  };
  const accounts = new Accounts(options);
  const group = openGroup({
    ...options,
    waiting,
    accounts,
    registrations: () => registrations,
    lanes: () => lanes,
    onRecovered: (delivery) => onChange(delivery, "delivery recovered"),
  });
  const lanes: Lanes = new Lanes({ ...options, meter, plugins, accounts, leases: group.leases, onChange });
  const registrations: Registrations = new Registrations({
    ...options,
    log: log.root,
    plugins,
    accounts,
    onAuthorized: (lane) => lanes.free(lane),
    onChanged: (lane) => lanes.poke(lane),
    onCancelled: (deliveries) => deliveries.forEach((delivery) => void onChange(delivery)),
  });
  // It may have been the head that the lane's timer waits for.
  const onExpired = (delivery: StoredDelivery) => void [onChange(delivery), lanes.poke(delivery.lane)];
  const deliveries = new Deliveries({ ...options, clocks, plugins, accounts, registrations, lanes, waiting, meter, onChange });
  const sweeps = openSweeps({ ...options, clocks, plugins, accounts, lanes, onExpired });
  const life = lifeOf(time, { store, plugins, accounts, registrations, group, lanes, waiting, sweeps, history });
  return {
    store,
    log,
    plugins,
    accounts,
    registrations,
    lanes,
    leases: group.leases,
    deliveries,
    audit: auditTrail(options, plugins),
    history,
    ...life,
    readiness: openReadiness({ store, time, stopping: life.stopping }),
    figures: openFigures({ store, clocks, plugins, lanes, leases: group.leases, time }),
    failureOf: (delivery) => failureOf(store, delivery),
    openPlugin,
  };
}

/** A store that does not answer must not hold up the end. */
const LAST_MINUTE_MS = 3_000;

type Living = Pick<Rooms, "store" | "plugins" | "accounts" | "registrations" | "lanes" | "history"> & {
  group: Group;
  waiting: Waiting;
  sweeps: ReturnType<typeof openSweeps>;
};

function lifeOf(time: Time, rooms: Living): Pick<Rooms, "stopping" | "start" | "stop" | "close"> {
  const { store, plugins, accounts, registrations, group, lanes, waiting, sweeps, history } = rooms;
  let stopping = false;
  return {
    stopping: () => stopping,
    async start() {
      await accounts.load();
      await registrations.load();
      await group.start();
      await lanes.start();
      sweeps.begin();
      history.begin();
    },
    async stop(timeoutMs) {
      stopping = true;
      sweeps.end();
      waiting.release();
      await inTime(time, timeoutMs, lanes.stop());
      await group.stop();
      await Promise.all(plugins.all.map((plugin) => plugin.stop()));
    },
    async close() {
      await inTime(time, LAST_MINUTE_MS, history.end());
      await store.close();
    },
  };
}

const historyOf = ({ store, time, log }: RoomOptions, plugins: Plugins): History =>
  openHistory({ store, time, log: log.root, now: correctedTime(plugins, time), queued: async () => liveOf(await store.tallies()) });

const auditTrail = ({ store, log, time }: RoomOptions, plugins: Plugins): AuditTrail =>
  new AuditTrail({
    store,
    log,
    now: correctedTime(plugins, time),
    monotonic: time.monotonic,
    faults: () => plugins.faults,
  });

/** Deliveries that have not ended. */
const liveOf = (tallies: Tallies): number =>
  DELIVERY_STATES.reduce((sum, state) => sum + (ENDED_STATES.includes(state) ? 0 : (tallies[state] ?? 0)), 0);

async function failureOf(store: Store, delivery: Delivery): Promise<Fault | undefined> {
  const stored = ["failed", "expired"].includes(delivery.state) ? await store.get(delivery.id) : undefined;
  return stored && lastFaultOf(stored);
}

/** In seconds. A clock that was corrected meanwhile makes no negative one. */
const latencyOf = ({ acceptedAt, deliveredAt }: StoredDelivery): number => Math.max((deliveredAt ?? acceptedAt) - acceptedAt, 0) / 1000;
