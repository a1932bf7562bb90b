/** What the PostgreSQL keeper's operations cost on this machine: on a server of its own, with no door and no service. */
import { randomUUID } from "node:crypto";
import { openPostgres } from "../src/store/postgres.ts";
import type { HostCard, Lease, NewDelivery, Store } from "../src/store/store.ts";
import { startPostgres } from "../test/store/postgres-server.ts";

/** Rates a second; milliseconds for a thousand lanes or accounts. */
export type StoreCosts = { accepts: number; deliveries: number; takes: number; heartbeatMs: number; broadcastMs: number };

const SECONDS = 4;
const CALLERS = 64;
const THOUSAND = 1_000;
const CARD: HostCard = { id: "host", name: "host", version: "0", url: "", startedAt: 0, keyIds: [], offsets: {} };
const NAMES = { company: "Global", content: "Broadcast", functionalUser: "ServiceDesk", mechanism: "Twitter", accountName: "one" };
const lanesOf = (kind: string, count: number): string[] => Array.from({ length: count }, (_, index) => `${kind}:${index}`);

export async function measureStoreCosts(): Promise<StoreCosts> {
  const server = await startPostgres();
  const store = await openPostgres(await server.createDatabase());
  try {
    const moments = { authorizedAt: null, pending: null, createdAt: 0, updatedAt: 0 };
    await store.saveRegistration({ id: "registration", ...NAMES, ...moments, enabled: true, lane: "busy:0" });
    await accepts(store);
    return {
      accepts: await accepts(store),
      broadcastMs: await broadcastMs(store),
      ...(await takesAndHeartbeats(store)),
      deliveries: await deliveries(store),
    };
  } finally {
    await store.close();
    server.destroy();
  }
}

function delivery(lane: string): NewDelivery {
  return {
    ...{ id: randomUUID(), plugin: "twitter", lane, registrationId: "registration", functionalUser: "ServiceDesk", accountName: lane },
    ...{ content: "Broadcast", entryId: null, text: "E-mail is down in Paris, we are on it ".padEnd(120, "."), priority: 5 },
    ...{ client: "ar-server", acceptedAt: Date.now(), expiresAt: Date.now() + 86_400_000, datedBy: null },
  };
}

const put = (store: Store, lanes: string[]) => {
  const repeat = { kind: "key", scope: "ar-server", key: randomUUID(), digest: "same" } as const;
  return store.put({ deliveries: lanes.map(delivery), repeat, repeatSince: 0, maxQueued: 1e9 });
};

/** So often can it be done in a second, by so many at once. */
async function rateOf(work: (worker: number) => Promise<unknown>, workers = CALLERS): Promise<number> {
  const start = performance.now();
  const end = start + SECONDS * 1000;
  let done = 0;
  const all = Array.from({ length: workers }, async (_, worker) => {
    for (; performance.now() < end; done += 1) await work(worker);
  });
  await Promise.all(all);
  return done / ((performance.now() - start) / 1000);
}

const accepts = (store: Store): Promise<number> => rateOf((caller) => put(store, [`busy:${caller}`]));

async function millisecondsOf(times: number, work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  for (let time = 0; time < times; time += 1) await work();
  return (performance.now() - start) / times;
}

const broadcastMs = (store: Store): Promise<number> => millisecondsOf(5, () => put(store, lanesOf("broadcast", THOUSAND)));

async function takesAndHeartbeats(store: Store): Promise<{ takes: number; heartbeatMs: number }> {
  let taken = 0;
  const leases: Lease[] = [];
  const takes = await rateOf(async () => {
    taken += 1;
    const lease = await store.take(`taken:${taken}`, CARD.id, Date.now(), 0);
    if (lease) leases.push(lease);
  });
  const some = leases.slice(0, THOUSAND);
  await store.release(leases.slice(THOUSAND));
  return { takes, heartbeatMs: await millisecondsOf(5, () => store.heartbeat(CARD, Date.now(), some)) };
}

/** From the head of its lane to delivered: what the lanes of a host do, without the request to the service. */
async function deliveries(store: Store): Promise<number> {
  const lanes = lanesOf("busy", CALLERS);
  const leases = await Promise.all(lanes.map((lane) => store.take(lane, CARD.id, Date.now(), 0)));
  let posts = 0;
  return rateOf(async (worker) => {
    const lease = leases[worker] as Lease;
    const head = await store.claim(lease.lane, Date.now(), { since: 0, by: null });
    if (!head) throw new Error("nothing is left to deliver");
    const step = { deliveryId: head.id, at: Date.now(), nextAttemptAt: null };
    await store.settle({ ...step, state: "queued", compose: [{ text: head.text, reply: false }] }, lease);
    await store.settle({ ...step, state: "sending", posts: [{ index: 0, state: "begun", begunAt: step.at }] }, lease);
    posts += 1;
    await store.settle(
      { ...step, state: "delivered", lastFault: null, posts: [{ index: 0, state: "posted", id: `${posts}`, url: "" }] },
      lease,
    );
  });
}
