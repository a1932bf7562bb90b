import { randomUUID } from "node:crypto";
import t from "tap";
import { openPostgres } from "../../src/store/postgres.ts";
import { type Commit, type Lease, LeaseLost, type NewDelivery, type Settlement } from "../../src/store/store.ts";
import { startPostgres } from "./postgres-server.ts";

const server = await startPostgres();
t.teardown(() => server.destroy());

const delivery = (lane: string): NewDelivery => ({
  id: randomUUID(),
  plugin: "twitter",
  lane,
  registrationId: "registration",
  functionalUser: "ServiceDesk",
  accountName: lane,
  content: "Broadcast",
  entryId: null,
  text: `news of ${lane}`,
  priority: 5,
  client: "ar-server",
  acceptedAt: 1_000,
  expiresAt: 1e15,
  datedBy: null,
});
const composed = ({ id, text }: NewDelivery): Settlement => ({
  deliveryId: id,
  at: 2_000,
  state: "queued",
  nextAttemptAt: null,
  compose: [{ text, reply: false }],
});

t.test("steps of many lanes share a commit; those that are refused are refused alone", async (t) => {
  const store = await openPostgres(await server.createDatabase());
  t.teardown(() => store.close());
  const lanes = Array.from({ length: 20 }, (_, index) => `lane ${index}`);
  const deliveries = lanes.map(delivery);
  await store.put({ deliveries, repeatSince: 0, maxQueued: 1_000 });
  const leases = await Promise.all(lanes.map(async (lane) => (await store.take(lane, "host", 2_000, 0)) as Lease));
  const commits: Commit[] = [];
  store.watchCommits?.((commit) => commits.push(commit));

  const lost = store.settle(composed(deliveries[0] as NewDelivery), { ...(leases[0] as Lease), token: 99 });
  const unknown = store.settle({ ...composed(deliveries[1] as NewDelivery), deliveryId: "nothing" }, leases[1]);
  const wrong = store.settle({
    deliveryId: deliveries[2]?.id as string,
    at: 2_000,
    state: "sending",
    nextAttemptAt: null,
    posts: [{ index: 7 }],
  });
  const others = deliveries.slice(3).map((one, index) => store.settle(composed(one), leases[index + 3]));
  // Twice for one delivery: the second step finds what the first one has done.
  const begun = store.settle({
    deliveryId: deliveries[3]?.id as string,
    at: 2_000,
    state: "sending",
    nextAttemptAt: null,
    posts: [{ index: 0, state: "begun", begunAt: 2_000 }],
  });
  await t.rejects(lost, LeaseLost);
  await t.rejects(unknown, { message: "there is no delivery nothing", mayPass: false });
  await t.rejects(wrong, { message: /has no post 7/, mayPass: false });
  await Promise.all(others);
  t.match(await begun, { begun: true, posts: [{ state: "begun", text: "news of lane 3" }] });
  t.same(
    commits.map(({ changes, kept }) => ({ changes, kept })),
    [{ changes: 21, kept: true }],
  );

  for (const { id, lane } of deliveries.slice(4)) t.match(await store.get(id), { posts: [{ text: `news of ${lane}`, state: "queued" }] });
  for (const { id } of deliveries.slice(0, 3)) t.match(await store.get(id), { state: "queued", posts: [] });
  t.same(await store.get(deliveries[3]?.id as string), await begun);
});

t.test("a heartbeat and a step of the same lanes do not wait for each other", async (t) => {
  const url = await server.createDatabase();
  const store = await openPostgres(url);
  t.teardown(() => store.close());
  const card = { id: "host", name: "host", version: "1", url: "", startedAt: 0, keyIds: [], offsets: {} };
  const lanes = Array.from({ length: 50 }, (_, index) => `lane ${index}`);
  const deliveries = lanes.map(delivery);
  await store.put({ deliveries, repeatSince: 0, maxQueued: 1_000 });
  const leases = await Promise.all(lanes.map(async (lane) => (await store.take(lane, "host", 2_000, 0)) as Lease));
  const steps = (state: "waiting" | "queued") =>
    deliveries.map(({ id }, index) => store.settle({ deliveryId: id, at: 2_000, state, nextAttemptAt: null }, leases[index]));
  for (let round = 0; round < 10; round += 1) {
    const [held] = await Promise.all([store.heartbeat(card, 2_000, leases), ...steps("waiting"), ...steps("queued")]);
    t.equal(held.length, lanes.length);
  }
});
