/** What this host shares with the others of its group: the lanes that it holds, and what any of them changes. */
import type { HostCard, Store, StoredDelivery, StoreEvent } from "../store/store.ts";
import type { Accounts } from "./accounts.ts";
import type { Lanes } from "./lanes.ts";
import { Leases } from "./leases.ts";
import type { HostLog } from "./log.ts";
import type { Registrations } from "./registrations.ts";
import type { Time } from "./time.ts";
import { Turns } from "./turns.ts";
import type { Waiting } from "./waiting.ts";

export type GroupOptions = {
  store: Store;
  time: Time;
  log: HostLog;
  card(): HostCard;
  waiting: Waiting;
  accounts: Accounts;
  registrations(): Registrations;
  lanes(): Lanes;
  onRecovered(delivery: StoredDelivery): void;
};

export type Group = { leases: Leases; start(): Promise<void>; stop(): Promise<void> };

/** How often callers who wait for a delivery of another host's lane learn how it is. */
const LOOK_MS = 300;
/** When what another host changed could not be read, it is read again so much later. */
const AGAIN_MS = 1_000;

export function openGroup(options: GroupOptions): Group {
  const { store, time, log, lanes } = options;
  const leases = new Leases({ ...options, log: log.root, onUnheld: (lane) => lanes().poke(lane) });
  let leave = () => {};
  let cancelLook = () => {};
  let cancelAgain = () => {};
  let stopped = false;

  const hear = (event: StoreEvent): void =>
    turns.ask(event.kind === "lane" ? `lane ${event.lane}` : event.kind, () => follow(event, options, leases));
  const hearAgain = (cause: unknown): void => {
    if (stopped) return;
    log.root.error({ err: cause }, "change of another host not read");
    cancelAgain();
    cancelAgain = time.after(AGAIN_MS, () => hear({ kind: "everything" }));
  };
  /** One after the other, so that what was read first is not put in force last. */
  const turns = new Turns(hearAgain);
  const look = async (): Promise<void> => {
    await lookAtWaiting(options).catch(() => {});
    if (!stopped) cancelLook = time.after(LOOK_MS, () => void look());
  };
  return {
    leases,
    async start() {
      leave = store.subscribe(hear);
      await leases.start();
      if (!leases.shared) return;
      // What is in memory was read before anybody listened.
      hear({ kind: "everything" });
      void look();
    },
    async stop() {
      stopped = true;
      leave();
      cancelLook();
      cancelAgain();
      await turns.done();
      await leases.stop(lanes().busy);
    },
  };
}

/** `everything`: nothing was heard for a while, so all that is kept in memory is read again. */
async function follow(event: StoreEvent, { store, accounts, registrations, lanes }: GroupOptions, leases: Leases): Promise<void> {
  if (event.kind === "lane") return lanes().poke(event.lane);
  if (event.kind !== "accounts") await registrations().load();
  if (event.kind !== "registrations") for (const { before, after } of await accounts.refresh()) lanes().changed(before, after);
  if (event.kind === "accounts") return;
  // A registration that was enabled lets deliveries of its lane go. Where another host holds it, that one looks; what is
  // just being given back is found by the next heartbeat.
  for (const lane of [...leases.lanes, ...(await store.unheldLanes())]) lanes().poke(lane);
}

async function lookAtWaiting({ store, waiting }: GroupOptions): Promise<void> {
  for (const id of waiting.ids) {
    const delivery = await store.get(id);
    if (delivery) waiting.tell(delivery);
  }
}
