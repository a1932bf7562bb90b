/** What every keeper of the store promises; each runs this suite with its own way to open an empty store. */
import type { Test } from "tap";
import { v7 } from "uuid";
import { noCounts } from "../../src/minute-counts.ts";
import {
  type Ahead,
  type AuditQuery,
  type HostCard,
  type Judge,
  type NewAuditEntry,
  type NewDelivery,
  type PutRequest,
  type Settlement,
  type Store,
  type StoredAccount,
  type StoredDelivery,
  type StoredMinute,
  type StoredRegistration,
  StoreUnavailable,
} from "../../src/store/store.ts";

const T0 = 1_700_000_000_000;
const DAY = 86_400_000;
const LANE = "twitter:42";
const FAULT = { reason: "rate-limited", cause: "429:Too Many Requests", x: { status: 429 } };

/** A confirmed clock that judges what was accepted since then. */
const since = (since: number): Judge => ({ by: null, since });

const CARD: HostCard = {
  id: "h1",
  name: "perch-1",
  version: "0.1.0",
  url: "http://127.0.0.1:9999",
  startedAt: T0,
  keyIds: ["k1"],
  offsets: { twitter: 12 },
};

export const newDelivery = (changes: Partial<NewDelivery> = {}): NewDelivery => ({
  id: v7(),
  plugin: "twitter",
  lane: LANE,
  registrationId: "r1",
  functionalUser: "Broadcast User",
  accountName: "ITSM_Notify",
  content: "Broadcast",
  entryId: null,
  text: "E-mail is down in Paris",
  priority: 5,
  client: "ar-server",
  acceptedAt: T0,
  expiresAt: T0 + 1000,
  datedBy: null,
  ...changes,
});

export const newRegistration = (changes: Partial<StoredRegistration> = {}): StoredRegistration => ({
  id: "r1",
  company: "Global",
  content: "Broadcast",
  functionalUser: "Broadcast User",
  mechanism: "Twitter",
  accountName: "ITSM_Notify",
  enabled: true,
  lane: LANE,
  authorizedAt: T0,
  pending: null,
  createdAt: T0,
  updatedAt: T0,
  ...changes,
});

export const newAccount = (changes: Partial<StoredAccount> = {}): StoredAccount => ({
  lane: LANE,
  plugin: "twitter",
  accountId: "42",
  accountName: "ITSM_Notify",
  token: "sealed",
  protected: null,
  accessLevel: null,
  checkedAt: null,
  revoked: false,
  paused: false,
  hold: null,
  ...changes,
});

export const newAuditEntry = (changes: Partial<NewAuditEntry> = {}): NewAuditEntry => ({
  id: v7(),
  at: T0,
  client: "admin",
  role: "admin",
  address: "192.0.2.1",
  method: "registrations.update",
  target: "r1",
  detail: { status: "Enabled" },
  outcome: "begun",
  arerr: null,
  reason: null,
  ...changes,
});

export const newMinute = (minute: number, changes: Partial<StoredMinute> = {}): StoredMinute => ({
  ...noCounts(),
  minute,
  id: v7(),
  queued: null,
  ...changes,
});

export const putRequest = (deliveries: NewDelivery[], changes: Partial<PutRequest> = {}): PutRequest => ({
  deliveries,
  repeatSince: T0 - 1000,
  maxQueued: 100_000,
  ...changes,
});

/** Accepts one delivery and answers it as it is stored. */
export async function accept(store: Store, changes: Partial<NewDelivery> = {}): Promise<StoredDelivery> {
  const result = await store.put(putRequest([newDelivery(changes)]));
  if (result.outcome !== "accepted") throw new Error(`not accepted: ${result.outcome}`);
  return result.deliveries[0]!;
}

const step = (deliveryId: string, changes: Partial<Settlement> = {}): Settlement => ({
  deliveryId,
  at: T0 + 10,
  state: "sending",
  nextAttemptAt: null,
  ...changes,
});

/** Composes one post and begins it. */
const begin = (store: Store, { id, text }: StoredDelivery) =>
  store.settle(step(id, { compose: [{ text, reply: false }], posts: [{ index: 0, state: "begun", begunAt: T0 + 10 }] }));

/** The whole way of a delivery of one post. */
async function deliver(store: Store, delivery: StoredDelivery, postId: string): Promise<StoredDelivery> {
  await begin(store, delivery);
  return store.settle(
    step(delivery.id, { state: "delivered", at: T0 + 20, posts: [{ index: 0, state: "posted", id: postId, url: `u/${postId}` }] }),
  );
}

const ids = (deliveries: StoredDelivery[]) => deliveries.map(({ id }) => id);

export function storeContract(t: Test, open: (t: Test) => Promise<Store>): void {
  /** A test on an empty store that has one enabled registration. */
  const on = (title: string, run: (t: Test, store: Store) => Promise<unknown>) =>
    t.test(title, async (t) => {
      const store = await open(t);
      t.teardown(() => store.close());
      await store.saveRegistration(newRegistration());
      await run(t, store);
    });

  on("an accepted delivery is there as it was given, queued and numbered", async (t, store) => {
    const given = newDelivery({ text: "Straße gesperrt 🚧 'quoted'", entryId: "INC1", expiresAt: T0 + 0.5 });
    const result = await store.put(putRequest([given]));
    t.equal(result.outcome, "accepted");
    const [stored] = result.outcome === "accepted" ? result.deliveries : [];
    t.match(stored, { ...given, state: "queued", begun: false, posts: [], attempts: 0 });
    t.strictSame(await store.get(given.id), stored);
    t.equal(await store.get("no such id"), undefined);
  });

  on("the deliveries of one call are numbered in their order, and later calls after them", async (t, store) => {
    const first = await store.put(putRequest([newDelivery(), newDelivery({ lane: "twitter:43" }), newDelivery({ lane: "twitter:44" })]));
    const second = await store.put(putRequest([newDelivery()]));
    if (first.outcome !== "accepted" || second.outcome !== "accepted") throw new Error("not accepted");
    const seqs = [...first.deliveries, ...second.deliveries].map(({ seq }) => seq);
    t.strictSame(
      seqs,
      seqs.toSorted((a, b) => a - b),
    );
    t.equal(new Set(seqs).size, 4);
    for (const delivery of first.deliveries) t.strictSame(await store.get(delivery.id), delivery);
  });

  on("calls that are made one after the other are numbered in that order", async (t, store) => {
    const given = Array.from({ length: 300 }, () => newDelivery());
    const results = await Promise.all(given.map((delivery) => store.put(putRequest([delivery]))));
    const seqs = results.map((result) => (result.outcome === "accepted" ? result.deliveries[0]!.seq : -1));
    t.strictSame(
      seqs,
      seqs.toSorted((a, b) => a - b),
    );
    t.strictSame(ids(await store.list({ limit: 1000 })), given.map(({ id }) => id).reverse());
  });

  on("an accident in one change fails alone", async (t, store) => {
    const twice = await accept(store);
    const results = await Promise.allSettled([
      store.put(putRequest([newDelivery({ id: "before" })])),
      store.put(putRequest([newDelivery({ id: "with the bad one" }), newDelivery({ id: twice.id })])),
      store.settle(step("no such id")),
      store.settle(step(twice.id, { posts: [{ index: 7, state: "begun" }] })),
      store.put(putRequest([newDelivery({ id: "after" })])),
    ]);
    t.strictSame(
      results.map(({ status }) => status),
      ["fulfilled", "rejected", "rejected", "rejected", "fulfilled"],
    );
    for (const result of results) if (result.status === "rejected") t.type(result.reason, StoreUnavailable);
    t.equal(await store.get("with the bad one"), undefined, "nothing of a refused call is kept");
    t.ok((await store.get("before")) && (await store.get("after")));
    t.strictSame(await store.get(twice.id), twice);
    t.equal((await store.counts()).byState.queued, 3);
  });

  on("the caller's own key is a repeat, a conflict, or new after its window", async (t, store) => {
    const repeat = { kind: "key", scope: "ar-server", key: "k", digest: "d" } as const;
    const first = await store.put(putRequest([newDelivery(), newDelivery()], { repeat }));
    if (first.outcome !== "accepted") throw new Error("not accepted");
    const again = (changes: Partial<PutRequest> = {}) =>
      store.put(putRequest([newDelivery({ acceptedAt: T0 + 5 })], { repeat, ...changes }));
    t.strictSame(await again(), { outcome: "duplicate", deliveries: first.deliveries });
    t.strictSame(await again({ repeat: { ...repeat, digest: "other" } }), { outcome: "conflict" });
    t.match(await again({ repeat: { ...repeat, scope: "another client" } }), { outcome: "accepted" });
    t.match(await again({ repeatSince: T0 }), { outcome: "duplicate" }, "the window includes its beginning");
    await store.cancel(ids(first.deliveries), T0);
    t.match(await again(), { outcome: "duplicate", deliveries: [{ state: "cancelled" }, { state: "cancelled" }] });
    const renewed = await again({ repeatSince: T0 + 1, repeat: { ...repeat, digest: "other" } });
    t.match(renewed, { outcome: "accepted" });
    t.match(await again({ repeatSince: T0 + 1 }), { outcome: "conflict" }, "the new one has replaced the old");
  });

  on("the same content is a repeat only while some delivery of then did not end badly", async (t, store) => {
    const repeat = { kind: "content", digest: "d" } as const;
    const first = await store.put(putRequest([newDelivery(), newDelivery()], { repeat }));
    if (first.outcome !== "accepted") throw new Error("not accepted");
    const [one, two] = first.deliveries;
    const again = (changes: Partial<PutRequest> = {}) => store.put(putRequest([newDelivery()], { repeat, ...changes }));
    t.match(await again(), { outcome: "duplicate" });
    await store.cancel([one!.id], T0);
    t.match(await again(), { outcome: "duplicate", deliveries: [{ id: one!.id }, { id: two!.id }] });
    await store.settle(step(two!.id, { state: "failed" }));
    const second = await again();
    t.match(second, { outcome: "accepted" });
    t.match(await again(), {
      outcome: "duplicate",
      deliveries: second.outcome === "accepted" ? ids(second.deliveries).map((id) => ({ id })) : [],
    });
    t.match(await again({ repeatSince: T0 + 1 }), { outcome: "accepted" });
  });

  on("a thousand calls at once with one key give one delivery", async (t, store) => {
    const repeat = { kind: "key", scope: "ar-server", key: "k", digest: "d" } as const;
    const results = await Promise.all(Array.from({ length: 1000 }, () => store.put(putRequest([newDelivery()], { repeat }))));
    t.equal(results.filter(({ outcome }) => outcome === "accepted").length, 1);
    t.equal(results.filter(({ outcome }) => outcome === "duplicate").length, 999);
    const stored = await store.list({ limit: 1000 });
    t.equal(stored.length, 1);
    t.ok(results.every((result) => "deliveries" in result && result.deliveries[0]!.id === stored[0]!.id));
  });

  on("the bound counts what is live, refuses whole calls, and lets repeats pass", async (t, store) => {
    const repeat = { kind: "content", digest: "d" } as const;
    const put = (count: number, changes: Partial<PutRequest> = {}) =>
      store.put(
        putRequest(
          Array.from({ length: count }, () => newDelivery()),
          { maxQueued: 3, ...changes },
        ),
      );
    const first = await put(2, { repeat });
    if (first.outcome !== "accepted") throw new Error("not accepted");
    t.strictSame(await put(2), { outcome: "full", queued: 2 });
    t.match(await put(1), { outcome: "accepted" });
    t.strictSame(await put(1), { outcome: "full", queued: 3 });
    t.match(await put(1, { repeat }), { outcome: "duplicate" });
    await store.settle(step(first.deliveries[0]!.id, { state: "failed" }));
    t.match(await put(1), { outcome: "accepted" }, "an end makes room");
    await store.retry([first.deliveries[0]!.id], T0, T0 + 5000);
    t.strictSame(await put(1), { outcome: "full", queued: 4 }, "what is put back counts again");
    const racing = await Promise.all(Array.from({ length: 20 }, () => put(1, { maxQueued: 10 })));
    t.equal(racing.filter(({ outcome }) => outcome === "accepted").length, 6);
  });

  on("what is put back takes its room, also when the last call found plenty", async (t, store) => {
    const ended = await accept(store);
    await accept(store);
    await store.settle(step(ended.id, { state: "failed" }));
    const put = (maxQueued: number) => store.put(putRequest([newDelivery()], { maxQueued }));
    t.strictSame(await put(1), { outcome: "full", queued: 1 });
    await store.retry([ended.id], T0, T0 + 5000);
    t.strictSame(await put(2), { outcome: "full", queued: 2 });
    t.match(await put(3), { outcome: "accepted" });
  });

  on("repeats take up no room from the calls that come with them", async (t, store) => {
    const repeat = { kind: "key", scope: "ar-server", key: "k", digest: "d" } as const;
    const put = (changes: Partial<PutRequest> = {}) => store.put(putRequest([newDelivery()], { maxQueued: 2, ...changes }));
    t.match(await put({ repeat }), { outcome: "accepted" });
    const results = await Promise.all([put({ repeat }), put({ repeat: { ...repeat, digest: "other" } }), put({ repeat }), put(), put()]);
    t.strictSame(
      results.map(({ outcome }) => outcome),
      ["duplicate", "conflict", "duplicate", "accepted", "full"],
    );
  });

  on("a lane's head is the lowest priority, then the oldest, of that lane", async (t, store) => {
    t.equal(await store.claim(LANE, T0, since(0)), undefined);
    const older = await accept(store);
    await accept(store);
    await accept(store, { priority: 0, lane: "twitter:43" });
    t.strictSame(await store.claim(LANE, T0, since(0)), older);
    const urgent = await accept(store, { priority: 0 });
    t.strictSame(await store.claim(LANE, T0, since(0)), urgent);
    t.strictSame(await store.claim(LANE, T0, since(0)), urgent, "claiming changes nothing");
  });

  on("a delivery that has begun stays the head until it ends", async (t, store) => {
    const slow = await accept(store);
    const begun = await begin(store, slow);
    t.ok(begun.begun);
    const urgent = await accept(store, { priority: 0 });
    t.strictSame(await store.claim(LANE, T0 + 9_999_999, since(0)), begun, "although it would be expired by now");
    const disabled = newRegistration({ enabled: false });
    await store.saveRegistration(disabled, newRegistration());
    t.strictSame(await store.claim(LANE, T0, since(0)), begun, "although its registration is disabled");
    await store.saveRegistration(newRegistration(), disabled);
    await store.settle(step(slow.id, { state: "delivered", posts: [{ index: 0, state: "posted", id: "1" }] }));
    t.strictSame(await store.claim(LANE, T0, since(0)), urgent);
  });

  on("a delivery whose registration is disabled or gone is passed over", async (t, store) => {
    await store.saveRegistration(newRegistration({ id: "r2", content: "Other", enabled: false }));
    await accept(store, { registrationId: "r2" });
    await accept(store, { registrationId: "never was" });
    t.equal(await store.claim(LANE, T0, since(0)), undefined);
    const enabled = await accept(store);
    t.strictSame(await store.claim(LANE, T0, since(0)), enabled);
  });

  on("an expired delivery is passed over, unless it was accepted before the clock is trusted", async (t, store) => {
    const old = await accept(store, { expiresAt: T0 + 10 });
    const fresh = await accept(store, { expiresAt: T0 + 1000 });
    t.equal((await store.claim(LANE, T0 + 9, since(0)))?.id, old.id);
    t.equal((await store.claim(LANE, T0 + 10, since(T0)))?.id, fresh.id, "the last moment is past");
    t.equal((await store.claim(LANE, T0 + 10, since(T0 + 1)))?.id, old.id);
    t.equal((await store.claim(LANE, T0 + 10, { by: "c1", since: 0 }))?.id, old.id, "no clock judges what another dated");
  });

  on("a step keeps what it leaves out and answers the delivery as it is then", async (t, store) => {
    const { id } = await accept(store);
    const composed = await store.settle(
      step(id, {
        compose: [
          { text: "1/2", reply: false },
          { text: "2/2", reply: true },
        ],
        state: "queued",
      }),
    );
    t.notOk(composed.begun);
    t.match(composed.posts, [
      { index: 0, state: "queued", text: "1/2", reply: false, id: null, url: null, begunAt: null, doubtAt: null, looks: 0, blind: false },
      { index: 1, state: "queued", text: "2/2", reply: true },
    ]);
    const begun = await store.settle(step(id, { posts: [{ index: 0, state: "begun", begunAt: T0 + 11 }], attempts: 1, lastFault: FAULT }));
    t.match(begun, { begun: true, state: "sending", attempts: 1, lastFault: FAULT });
    const doubtful = await store.settle(
      step(id, {
        state: "in-doubt",
        nextAttemptAt: T0 + 99,
        posts: [{ index: 0, state: "in-doubt", doubtAt: T0 + 12, looks: 1, blind: true }],
      }),
    );
    t.match(doubtful, { state: "in-doubt", attempts: 1, lastFault: FAULT, nextAttemptAt: T0 + 99 });
    t.match(doubtful.posts[0], { begunAt: T0 + 11, doubtAt: T0 + 12, looks: 1, blind: true });
    const next = await store.settle(
      step(id, {
        posts: [
          { index: 0, state: "posted", id: "7", url: "u/7", doubtAt: null, blind: false },
          { index: 1, state: "begun" },
        ],
        attempts: 2,
        lastFault: null,
      }),
    );
    t.match(next, { attempts: 3, lastFault: null, nextAttemptAt: null, deliveredAt: null });
    t.match(next.posts, [{ state: "posted", id: "7", url: "u/7", doubtAt: null, looks: 1, blind: false }, { state: "begun" }]);
    const done = await store.settle(step(id, { state: "delivered", at: T0 + 30, posts: [{ index: 1, state: "posted", id: "8" }] }));
    t.match(done, { state: "delivered", deliveredAt: T0 + 30 });
    t.strictSame(await store.get(id), done);
  });

  const judged: Ahead = { now: T0 + 15, judge: since(0) };
  const beginning = (id: string, text: string): Settlement =>
    step(id, { compose: [{ text, reply: false }], posts: [{ index: 0, state: "begun", begunAt: T0 + 15 }] });
  const posted = (id: string): Settlement => step(id, { state: "delivered", posts: [{ index: 0, state: "posted", id: "1" }] });

  on("what follows in a lane begins with the step before it", async (t, store) => {
    const [a, b, c] = [await accept(store), await accept(store), await accept(store)];
    const first = await store.advance(beginning(a.id, "a"), judged);
    t.match(first, {
      settled: { id: a.id, state: "sending", posts: [{ state: "begun", begunAt: T0 + 15 }] },
      next: { id: b.id, begun: false },
    });
    t.notOk(first.begun);
    const second = await store.advance(posted(a.id), { ...judged, begin: beginning(b.id, "b") });
    t.match(second, {
      settled: { state: "delivered" },
      begun: { id: b.id, begun: true, posts: [{ text: "b", state: "begun" }] },
      next: { id: c.id },
    });
    t.strictSame(await store.get(a.id), second.settled);
    t.strictSame(await store.get(b.id), second.begun);
    const third = await store.advance(posted(b.id), judged);
    t.strictSame(Object.keys(third), ["settled"], "nothing is sent then: the lane asks for its head");
    t.match(await store.get(c.id), { state: "queued", begun: false, posts: [] });
  });

  on("only the head of its lane follows", async (t, store) => {
    let ahead = judged;
    const registrationOf = (name: string) => newRegistration({ id: name, functionalUser: name, lane: `twitter:${name}` });
    const refuses = async (name: string, prepare: (next: StoredDelivery) => Promise<unknown>) => {
      const lane = `twitter:${name}`;
      await store.saveRegistration(registrationOf(name));
      const [head, next] = [await accept(store, { lane, registrationId: name }), await accept(store, { lane, registrationId: name })];
      await store.advance(beginning(head.id, "head"), judged);
      await prepare(next);
      const before = await store.get(next.id);
      const { settled, begun } = await store.advance(posted(head.id), { ...ahead, begin: beginning(next.id, "next") });
      t.match([settled.state, begun], ["delivered", undefined], name);
      t.strictSame(await store.get(next.id), before, name);
    };
    await refuses("a more urgent one came", ({ lane, registrationId }) => accept(store, { lane, registrationId, priority: 0 }));
    await refuses("it was cancelled", ({ id }) => store.cancel([id], T0));
    await refuses("it waits", ({ id }) => store.settle(step(id, { state: "waiting", nextAttemptAt: T0 + 12 })));
    await refuses("it has begun", (next) => begin(store, next));
    await refuses("it was delivered", (next) => deliver(store, next, "2"));
    await refuses("its registration was disabled", ({ registrationId }) =>
      store.saveRegistration({ ...registrationOf(registrationId), enabled: false }, registrationOf(registrationId)),
    );
    await refuses("another has begun", async ({ lane, registrationId }) => begin(store, await accept(store, { lane, registrationId })));
    await refuses("it expired", async () => {
      ahead = { ...judged, now: T0 + 1_000 };
    });
  });

  on("where a step is refused nothing follows it", async (t, store) => {
    const [head, next] = [await accept(store), await accept(store)];
    const ahead = { ...judged, begin: beginning(next.id, "next") };
    await t.rejects(store.advance(step(head.id, { posts: [{ index: 7, state: "posted" }] }), ahead), { name: "StoreUnavailable" });
    const lease = await store.take(LANE, "h1", T0, 0);
    await t.rejects(store.advance(posted(head.id), ahead, { lane: LANE, token: (lease?.token ?? 0) + 1 }), { name: "LeaseLost" });
    t.match(await store.get(next.id), { state: "queued", begun: false, posts: [] });
  });

  on("what became of each attempt is kept with its step, and left out of lists", async (t, store) => {
    const { id } = await accept(store);
    const compose = [{ text: "a", reply: false }];
    await store.settle(
      step(id, { compose, state: "waiting", nextAttemptAt: T0 + 99.5, tried: { index: 0, outcome: "retry", fault: FAULT } }),
    );
    const after = await store.settle(step(id, { state: "in-doubt", at: T0 + 99, tried: { index: 0, outcome: "in-doubt" } }));
    t.strictSame(after.history, {
      attempts: [
        { at: T0 + 10, index: 0, outcome: "retry", fault: FAULT, nextAttemptAt: T0 + 99.5 },
        { at: T0 + 99, index: 0, outcome: "in-doubt", fault: null, nextAttemptAt: null },
      ],
      leftOut: 0,
    });
    t.strictSame((await store.get(id))?.history, after.history);
    t.strictSame((await store.claim(LANE, T0, since(0)))?.history, after.history);
    t.match(await store.list({ limit: 1 }), [{ id, history: null }]);
  });

  on("a delivery is composed once", async (t, store) => {
    const { id } = await accept(store);
    await store.settle(step(id, { compose: [{ text: "first", reply: false }] }));
    const again = await store.settle(
      step(id, {
        compose: [
          { text: "second", reply: true },
          { text: "more", reply: true },
        ],
      }),
    );
    t.match(again.posts, [{ text: "first", reply: false }]);
    t.equal(again.posts.length, 1);
  });

  on("a post that goes back to queued makes its delivery not begun", async (t, store) => {
    const delivery = await accept(store);
    await begin(store, delivery);
    const back = await store.settle(step(delivery.id, { state: "waiting", posts: [{ index: 0, state: "queued", begunAt: null }] }));
    t.notOk(back.begun);
    t.strictSame(ids(await store.cancel([delivery.id], T0)), [delivery.id]);
  });

  on("a step that comes after a cancel or an expiry changes nothing", async (t, store) => {
    const cancelled = await accept(store);
    await store.cancel([cancelled.id], T0);
    const expired = await accept(store, { expiresAt: T0 + 1 });
    await store.expire("twitter", T0 + 1, since(0));
    for (const [delivery, state] of [
      [cancelled, "cancelled"],
      [expired, "expired"],
    ] as const) {
      const answer = await begin(store, delivery);
      t.match(answer, { state, begun: false, posts: [] });
      t.strictSame(await store.get(delivery.id), answer);
    }
    t.equal(await store.claim(LANE, T0, since(0)), undefined);
  });

  on("expiry takes what has not begun, of that plug-in, accepted since the clock is trusted", async (t, store) => {
    const due = await accept(store, { expiresAt: T0 + 5 });
    const waiting = await accept(store, { expiresAt: T0 + 5 });
    await store.settle(step(waiting.id, { state: "waiting", nextAttemptAt: T0 + 500 }));
    const begun = await accept(store, { expiresAt: T0 + 5 });
    await begin(store, begun);
    const later = await accept(store, { expiresAt: T0 + 6 });
    const other = await accept(store, { expiresAt: T0 + 5, plugin: "mastodon" });
    const early = await accept(store, { expiresAt: T0 + 5, acceptedAt: T0 - 1 });
    const expired = await store.expire("twitter", T0 + 5, since(T0));
    t.strictSame(ids(expired), [due.id, waiting.id]);
    t.match(expired, [
      { state: "expired", nextAttemptAt: null },
      { state: "expired", nextAttemptAt: null },
    ]);
    t.strictSame(await store.get(due.id), expired[0]);
    for (const { id } of [begun, later, other, early]) t.not((await store.get(id))?.state, "expired");
    t.strictSame(await store.expire("twitter", T0 + 5, since(T0)), []);
  });

  on("a clock judges what it dated itself until it is confirmed, and then what confirmed clocks dated", async (t, store) => {
    const [own, other, dated] = [await accept(store, { datedBy: "c1" }), await accept(store, { datedBy: "c2" }), await accept(store)];
    t.strictSame(ids(await store.expire("twitter", T0 + DAY, { by: "c1", since: 0 })), [own.id]);
    t.strictSame(ids(await store.expire("twitter", T0 + DAY, { by: null, since: 0 })), [dated.id]);
    t.equal((await store.get(other.id))?.state, "queued");
  });

  on("a clock that is confirmed moves what it dated; what another dated has its whole time before it", async (t, store) => {
    const own = await accept(store, { datedBy: "c1" });
    await store.settle(step(own.id, { state: "waiting", nextAttemptAt: T0 + 100 }));
    const other = await accept(store, { datedBy: "c2", acceptedAt: T0 - DAY, expiresAt: T0 - DAY + 500 });
    const dated = await accept(store);
    const elsewhere = await accept(store, { datedBy: "c1", plugin: "mastodon" });
    await store.redate("twitter", { id: "c1", shiftMs: DAY }, T0 + DAY + 50);
    t.match(await store.get(own.id), { acceptedAt: T0 + DAY, expiresAt: T0 + DAY + 1000, nextAttemptAt: T0 + DAY + 100, datedBy: null });
    t.match(await store.get(other.id), { acceptedAt: T0 - DAY, expiresAt: T0 + DAY + 550, nextAttemptAt: null, datedBy: null });
    t.match(await store.get(dated.id), { acceptedAt: T0, expiresAt: T0 + 1000, datedBy: null });
    t.match(await store.get(elsewhere.id), { acceptedAt: T0, datedBy: "c1" });
    t.strictSame(ids(await store.expire("twitter", T0 + DAY + 1000, { by: null, since: 0 })), [own.id, other.id, dated.id]);
  });

  on("a repeat is recognised although the clock was put forward by days in between", async (t, store) => {
    for (const [datedBy, found] of [
      ["c1", T0 + 3 * DAY],
      ["c2", T0 + 3 * DAY + 50],
    ] as const) {
      const repeat = { kind: "key", scope: "ar-server", key: datedBy, digest: "same" } as const;
      const request = putRequest([newDelivery({ datedBy })], { repeat });
      t.match(await store.put(request), { outcome: "accepted" });
      await store.redate("twitter", { id: "c1", shiftMs: 3 * DAY }, T0 + 3 * DAY + 50);
      t.match(await store.recall(repeat, found), { outcome: "duplicate" });
      t.equal(await store.recall(repeat, found + 1), undefined, "and no longer than is right");
    }
  });

  on("cancel takes what is live and has not begun", async (t, store) => {
    const queued = await accept(store);
    const begun = await accept(store);
    await begin(store, begun);
    const ended = await accept(store);
    await store.settle(step(ended.id, { state: "failed" }));
    const untouched = await accept(store);
    const cancelled = await store.cancel([queued.id, begun.id, ended.id, "no such id"], T0);
    t.strictSame(ids(cancelled), [queued.id]);
    t.match(await store.get(queued.id), { state: "cancelled" });
    t.match(await store.get(untouched.id), { state: "queued" });
  });

  on("retry puts the ended back and hurries the waiting", async (t, store) => {
    const failed = await accept(store);
    await store.settle(step(failed.id, { state: "failed", attempts: 4, lastFault: FAULT }));
    const cancelled = await accept(store);
    await store.cancel([cancelled.id], T0);
    const expired = await accept(store, { expiresAt: T0 + 1 });
    await store.expire("twitter", T0 + 1, since(0));
    const waiting = await accept(store);
    await store.settle(step(waiting.id, { state: "waiting", nextAttemptAt: T0 + 99_999, lastFault: FAULT }));
    const delivered = await accept(store);
    await deliver(store, delivered, "1");
    const doubtful = await accept(store);
    await begin(store, doubtful);
    await store.settle(step(doubtful.id, { state: "in-doubt", nextAttemptAt: T0 + 5, posts: [{ index: 0, state: "in-doubt" }] }));
    const all = [delivered, doubtful, waiting, expired, cancelled, failed].map(({ id }) => id);
    const changed = await store.retry(all, T0 + 50, T0 + 7777);
    t.match(changed, [
      { id: failed.id, state: "queued", expiresAt: T0 + 7777, attempts: 4, lastFault: FAULT, nextAttemptAt: null },
      { id: cancelled.id, state: "queued", expiresAt: T0 + 7777 },
      { id: expired.id, state: "queued", expiresAt: T0 + 7777 },
      { id: waiting.id, state: "waiting", expiresAt: T0 + 1000, nextAttemptAt: null, lastFault: FAULT },
    ]);
    t.equal(changed.length, 4);
    t.match(await store.get(doubtful.id), { state: "in-doubt", nextAttemptAt: T0 + 5 });
    t.match(await store.get(delivered.id), { state: "delivered" });
  });

  on("a delivery that failed after its first post is the head again when it is retried", async (t, store) => {
    const delivery = await accept(store);
    await store.settle(
      step(delivery.id, {
        compose: [
          { text: "1", reply: false },
          { text: "2", reply: true },
        ],
        posts: [{ index: 0, state: "posted", id: "5" }],
        state: "failed",
      }),
    );
    await accept(store, { priority: 0 });
    await store.retry([delivery.id], T0, T0 + 9);
    t.match(await store.claim(LANE, T0 + 10, since(0)), { id: delivery.id, begun: true, state: "queued" });
  });

  on("recovery doubts every begun post and puts back what was being sent", async (t, store) => {
    const sending = await accept(store);
    await store.settle(step(sending.id, { compose: [{ text: "1", reply: false }] }));
    const begun = await accept(store);
    await begin(store, begun);
    const between = await accept(store);
    await begin(store, between);
    await store.settle(step(between.id, { posts: [{ index: 0, state: "posted", id: "3" }] }));
    const doubtful = await accept(store);
    await begin(store, doubtful);
    const before = await store.settle(
      step(doubtful.id, { state: "in-doubt", posts: [{ index: 0, state: "in-doubt", doubtAt: T0 + 15, looks: 1 }] }),
    );
    const queued = await accept(store);
    const elsewhere = await accept(store, { lane: "twitter:43" });
    await begin(store, elsewhere);
    const taken = await store.take(LANE, "h2", T0 + 500, 0);
    const recovered = taken!.recovered;
    t.match(recovered, [
      { id: sending.id, state: "queued", begun: false },
      { id: begun.id, state: "in-doubt", begun: true, posts: [{ state: "in-doubt", doubtAt: T0 + 500, begunAt: T0 + 10, looks: 0 }] },
      { id: between.id, state: "queued", begun: true, posts: [{ state: "posted" }] },
    ]);
    t.equal(recovered.length, 3);
    t.equal(taken!.firstLookAt, null, "nothing makes a look wait where nobody's request can still arrive");
    t.strictSame(await store.get(begun.id), recovered[1]);
    t.strictSame(await store.get(doubtful.id), before, "what was in doubt keeps its looks");
    t.strictSame(await store.get(queued.id), queued);
    t.strictSame((await store.take(LANE, "h2", T0 + 501, 0))?.recovered, [], "a host knows itself what it has begun");
    t.equal((await store.get(elsewhere.id))?.posts[0]?.state, "begun", "other lanes are left alone");
  });

  on("a lane that was given back is another lease, and what the old one settles is refused", async (t, store) => {
    const delivery = await accept(store);
    t.strictSame(await store.unheldLanes(), [LANE]);
    const first = await store.take(LANE, "h1", T0, 0);
    t.strictSame(await store.unheldLanes(), []);
    t.match(await store.settle(step(delivery.id, { state: "waiting", nextAttemptAt: T0 + 9 }), first), { state: "waiting" });
    await store.release([first!]);
    t.strictSame(await store.unheldLanes(), [LANE]);
    const second = await store.take(LANE, "h1", T0, 0);
    t.ok(second!.token > first!.token);
    await t.rejects(store.settle(step(delivery.id, { state: "failed" }), first), { name: "LeaseLost" });
    t.match(await store.get(delivery.id), { state: "waiting" });
    t.match(await store.settle(step(delivery.id, { state: "failed" }), second), { state: "failed" });
    t.strictSame(await store.unheldLanes(), [], "nothing is left to deliver in it");
  });

  on("a heartbeat tells of the host and answers what it holds", async (t, store) => {
    const { token } = (await store.take(LANE, CARD.id, T0, 0))!;
    t.strictSame(await store.heartbeat(CARD, T0, [{ lane: LANE, token }]), [{ lane: LANE, token }]);
    t.match(await store.hosts(), [{ ...CARD, lanes: [LANE] }]);
  });

  on("a host that takes its own lane again gets a new lease, and what comes late of the old one means nothing", async (t, store) => {
    const delivery = await accept(store);
    const first = (await store.take(LANE, CARD.id, T0, 0))!;
    const second = (await store.take(LANE, CARD.id, T0, 0))!;
    t.ok(second.token > first.token);
    await store.release([first]);
    t.strictSame(await store.unheldLanes(), [], "a late release gives nothing back");
    await t.rejects(store.settle(step(delivery.id, { state: "failed" }), first), { name: "LeaseLost" });
    t.match(await store.settle(step(delivery.id, { state: "failed" }), second), { state: "failed" });
  });

  on("the list is newest first and each filter narrows it", async (t, store) => {
    const a = await accept(store, { text: "E-mail down in PARIS", entryId: "INC1", acceptedAt: T0 });
    const b = await accept(store, { text: "100% of nothing_", accountName: "Other", acceptedAt: T0 + 1 });
    const c = await accept(store, { text: "down in Lyon", entryId: "INC2", acceptedAt: T0 + 2 });
    await store.settle(step(b.id, { state: "failed" }));
    const d = await accept(store, { acceptedAt: T0 + 3 });
    await deliver(store, d, "9");
    const list = async (query: Partial<Parameters<Store["list"]>[0]>) => ids(await store.list({ limit: 10, ...query }));
    t.strictSame(await list({}), [d.id, c.id, b.id, a.id]);
    t.strictSame(await list({ limit: 2 }), [d.id, c.id]);
    t.strictSame(await list({ beforeSeq: c.seq }), [b.id, a.id]);
    t.strictSame(await list({ states: ["failed"] }), [b.id]);
    t.strictSame(await list({ states: ["queued"] }), [c.id, a.id]);
    t.strictSame(await list({ states: ["queued", "failed", "delivered"] }), [d.id, c.id, b.id, a.id]);
    t.strictSame(await list({ accountName: "other" }), [b.id], "account names have no case");
    t.strictSame(await list({ entryId: "INC1" }), [a.id]);
    t.strictSame(await list({ since: T0 + 2 }), [d.id, c.id], "since includes its moment");
    t.strictSame(await list({ until: T0 + 2 }), [b.id, a.id], "until does not");
    t.strictSame(await list({ since: T0 + 1, until: T0 + 2 }), [b.id]);
    t.strictSame(await list({ text: "paris" }), [d.id, a.id]);
    t.strictSame(await list({ text: "0% of nothing_" }), [b.id], "no character is a wild card");
    t.strictSame(await list({ text: "x".repeat(100_000) }), []);
    t.strictSame(await list({ states: ["queued"], text: "down", since: T0 + 1, limit: 1 }), [c.id]);
    t.match(await store.list({ limit: 1 }), [{ posts: [{ id: "9", state: "posted" }] }]);
  });

  on("the posts that others own and the highest id of a lane are known", async (t, store) => {
    t.strictSame(await store.knownPosts(LANE, "nobody"), { ownedIds: [], highestId: undefined });
    const mine = await accept(store);
    await deliver(store, mine, "10000000000000000001");
    await deliver(store, await accept(store), "999");
    await deliver(store, await accept(store), "1000");
    await deliver(store, await accept(store, { lane: "twitter:43" }), "20000000000000000000");
    const nameless = await accept(store);
    await begin(store, nameless);
    await store.settle(step(nameless.id, { state: "delivered", posts: [{ index: 0, state: "posted" }] }));
    const { ownedIds, highestId } = await store.knownPosts(LANE, mine.id);
    t.strictSame(new Set(ownedIds), new Set(["999", "1000"]));
    t.equal(highestId, "10000000000000000001");
    t.strictSame(new Set((await store.knownPosts(LANE, "nobody")).ownedIds), new Set(["999", "1000", "10000000000000000001"]));
  });

  on("posts of the same text are counted where they may stand at the service", async (t, store) => {
    const text = "same words";
    const mine = await accept(store, { text });
    await begin(store, mine);
    const count = (index = 0, words = text, id = mine.id) => store.countSameText(LANE, words, id, index);
    t.equal(await count(), 0);
    t.equal(await count(1), 1, "another post of the same delivery counts");
    const posted = await accept(store, { text });
    await deliver(store, posted, "1");
    t.equal(await count(), 1);
    const begun = await accept(store, { text });
    await begin(store, begun);
    t.equal(await count(), 2);
    await store.settle(step(begun.id, { state: "in-doubt", posts: [{ index: 0, state: "in-doubt" }] }));
    t.equal(await count(), 2);
    const queued = await accept(store, { text });
    await store.settle(step(queued.id, { compose: [{ text, reply: false }] }));
    await deliver(store, await accept(store, { text, lane: "twitter:43" }), "2");
    t.equal(await count(), 2, "neither what is queued nor another lane counts");
    t.equal(await count(0, "Same words"), 0, "to the letter");
    t.equal(await count(0, text, "nobody"), 3);
  });

  on("the counts follow every change", async (t, store) => {
    t.strictSame(await store.counts(), { byState: {}, liveByLane: {} });
    const one = await accept(store);
    const two = await accept(store);
    await accept(store, { lane: "twitter:43" });
    t.strictSame(await store.counts(), { byState: { queued: 3 }, liveByLane: { [LANE]: 2, "twitter:43": 1 } });
    await deliver(store, one, "1");
    await store.cancel([two.id], T0);
    t.strictSame(await store.counts(), { byState: { queued: 1, delivered: 1, cancelled: 1 }, liveByLane: { "twitter:43": 1 } });
    t.strictSame(await store.tallies(), { queued: 1, delivered: 1, cancelled: 1 });
    await store.prune(T0 + 1, 0, 0);
    t.strictSame(await store.counts(), { byState: { queued: 1 }, liveByLane: { "twitter:43": 1 } });
  });

  on("a glance shows for each lane how much is live, and the oldest of it", async (t, store) => {
    t.strictSame(await store.glance(), { byState: {}, lanes: {} });
    const oldest = await accept(store, { acceptedAt: T0 - 500, priority: 9 });
    await accept(store, { acceptedAt: T0 - 400, priority: 0 });
    await accept(store, { lane: "twitter:43" });
    t.strictSame(await store.glance(), {
      byState: { queued: 3 },
      lanes: { [LANE]: { live: 2, oldestAcceptedAt: T0 - 500 }, "twitter:43": { live: 1, oldestAcceptedAt: T0 } },
    });
    await deliver(store, oldest, "1");
    t.match(await store.glance(), { byState: { delivered: 1 }, lanes: { [LANE]: { live: 1, oldestAcceptedAt: T0 - 400 } } });
  });

  on("it proves again and again that it can be written", async (t, store) => {
    for (let time = 0; time < 3; time += 1) await store.proveWritable();
    t.strictSame(await store.counts(), { byState: {}, liveByLane: {} }, "and keeps nothing that anybody sees");
  });

  on("pruning deletes what ended long ago and forgets keys, and nothing that is live", async (t, store) => {
    const repeat = { kind: "key", scope: "s", key: "k", digest: "d" } as const;
    const old = await accept(store);
    await deliver(store, old, "1");
    await store.put(putRequest([newDelivery({ id: "live" })], { repeat }));
    const young = await accept(store, { acceptedAt: T0 + 1 });
    await deliver(store, young, "2");
    for (let i = 0; i < 1200; i += 300) {
      const many = Array.from({ length: 300 }, () => newDelivery());
      await store.put(putRequest(many));
      await store.cancel(
        many.map(({ id }) => id),
        T0,
      );
    }
    t.equal(await store.prune(T0 + 1, T0, 0), 1201);
    t.equal(await store.get(old.id), undefined);
    t.ok(await store.get(young.id));
    t.ok(await store.get("live"));
    t.strictSame((await store.knownPosts(LANE, "nobody")).ownedIds, ["2"], "the posts went with it");
    t.match(await store.put(putRequest([newDelivery()], { repeat })), { outcome: "duplicate" });
    t.equal(await store.prune(0, T0 + 1, 0), 0);
    t.match(await store.put(putRequest([newDelivery()], { repeat })), { outcome: "accepted" });
    const next = await accept(store);
    t.ok(next.seq > young.seq, "no number comes twice");
  });

  on("what an unconfirmed clock dated is pruned only once its moments are right", async (t, store) => {
    const repeat = { kind: "key", scope: "s", key: "k", digest: "d" } as const;
    const undated = newDelivery({ datedBy: "slow" });
    await store.put(putRequest([undated], { repeat }));
    await store.cancel([undated.id], T0);
    t.equal(await store.prune(T0 + 1, T0 + 1, 0), 0);
    t.ok(await store.get(undated.id));
    t.match(await store.put(putRequest([newDelivery()], { repeat })), { outcome: "duplicate" }, "or a repeat would be posted again");
    await store.redate(undated.plugin, { id: "slow", shiftMs: 0 }, T0);
    t.equal(await store.prune(T0 + 1, T0 + 1, 0), 1);
    t.match(await store.put(putRequest([newDelivery()], { repeat })), { outcome: "accepted" });
  });

  on("an account goes when no registration and no live delivery needs it", async (t, store) => {
    await store.saveAccount(newAccount());
    await store.saveAccount(newAccount({ lane: "twitter:43", accountId: "43" }));
    await store.saveAccount(newAccount({ lane: "twitter:44", accountId: "44" }));
    const last = await accept(store, { lane: "twitter:44" });
    await store.prune(0, 0, Number.MAX_SAFE_INTEGER);
    t.strictSame(
      (await store.accounts()).map(({ lane }) => lane),
      [LANE, "twitter:44"],
    );
    await store.cancel([last.id], T0);
    await store.deleteRegistration("r1", T0);
    await store.prune(0, 0, Number.MAX_SAFE_INTEGER);
    t.strictSame(await store.accounts(), []);
  });

  on("registrations are saved whole, replaced by id, and unique in their five names without case", async (t, store) => {
    const first = newRegistration();
    t.strictSame(await store.registrations(), [first]);
    const twin = newRegistration({
      id: "r2",
      company: "GLOBAL",
      content: "broadcast",
      functionalUser: "broadcast USER",
      mechanism: "TWITTER",
      accountName: "itsm_notify",
    });
    t.equal(await store.saveRegistration(twin), "conflict");
    t.strictSame(await store.registrations(), [first]);
    const umlaut = newRegistration({
      id: "r3",
      functionalUser: "Müller",
      lane: null,
      authorizedAt: null,
      pending: "sealed",
      createdAt: T0 + 1,
    });
    t.equal(await store.saveRegistration(umlaut), "saved");
    t.equal(await store.saveRegistration(newRegistration({ id: "r4", functionalUser: "MÜLLER" })), "conflict");
    const changed = newRegistration({ enabled: false, accountName: "Itsm_Notify", updatedAt: T0 + 9 });
    t.equal(await store.saveRegistration(changed, first), "saved", "it is no conflict with itself");
    t.strictSame(await store.registrations(), [changed, umlaut]);
    t.equal(await store.saveRegistration({ ...umlaut, functionalUser: "broadcast user" }, umlaut), "conflict");
  });

  on("a registration takes the place of what was read, and of nothing else", async (t, store) => {
    const before = newRegistration();
    const changes = ["Alert", "Outage", "Change"].map((content) => ({ ...before, content }));
    const outcomes = await Promise.all(changes.map((change) => store.saveRegistration(change, before)));
    t.strictSame(outcomes.toSorted(), ["saved", "stale", "stale"], "of several at once one is saved, although all have one updatedAt");
    const saved = changes[outcomes.indexOf("saved")]!;
    t.strictSame(await store.registrations(), [saved]);
    t.equal(await store.saveRegistration(newRegistration()), "stale", "a new one takes nobody's place");
    await store.saveRegistration({ ...saved, pending: "one" }, saved);
    await store.reseal({ registration: before.id }, "one", "two");
    t.equal(await store.saveRegistration({ ...saved, enabled: false }, { ...saved, pending: "one" }), "stale");
    t.strictSame(await store.registrations(), [{ ...saved, pending: "two" }]);
  });

  on("of a change and a deletion at once neither brings the other back", async (t, store) => {
    const before = newRegistration();
    const [saved, ...deleted] = await Promise.all([
      store.saveRegistration({ ...before, content: "Alert" }, before),
      store.deleteRegistration(before.id, T0),
      store.deleteRegistration(before.id, T0),
    ]);
    t.ok(["saved", "stale"].includes(saved));
    t.strictSame(
      deleted.filter((cancelled) => cancelled !== undefined),
      [[]],
      "one deletes it, and the other is told that it is gone",
    );
    t.strictSame(await store.registrations(), []);
    t.equal(await store.saveRegistration({ ...before, content: "Alert" }, before), "stale");
    t.strictSame(await store.registrations(), []);
  });

  on("deleting a registration cancels what of it has not begun", async (t, store) => {
    await store.saveRegistration(newRegistration({ id: "r2", content: "Other" }));
    const begun = await accept(store);
    await begin(store, begun);
    const one = await accept(store);
    const two = await accept(store, { lane: "twitter:43" });
    const other = await accept(store, { registrationId: "r2" });
    const cancelled = await store.deleteRegistration("r1", T0);
    t.match(cancelled, [
      { id: one.id, state: "cancelled" },
      { id: two.id, state: "cancelled" },
    ]);
    t.equal(cancelled?.length, 2);
    t.strictSame(
      (await store.registrations()).map(({ id }) => id),
      ["r2"],
    );
    t.match(await store.claim(LANE, T0, since(0)), { id: begun.id });
    t.match(await store.get(other.id), { state: "queued" });
    t.equal(await store.deleteRegistration("r1", T0), undefined, "it is gone");
  });

  on("a sealed text takes the place of another only where that still stands", async (t, store) => {
    await store.saveAccount(newAccount({ token: "one" }));
    await store.saveRegistration(newRegistration({ id: "r2", content: "Other", pending: "one" }));
    for (const place of [{ account: LANE }, { registration: "r2" }]) {
      const both = await Promise.all([store.reseal(place, "one", "two"), store.reseal(place, "one", "two")]);
      t.strictSame(both.sort(), [false, true], "of two at once one does it");
      t.equal(await store.reseal(place, "one", "three"), false);
    }
    t.match(await store.accounts(), [{ token: "two" }]);
    t.match(
      (await store.registrations()).find(({ id }) => id === "r2"),
      { pending: "two" },
    );
    t.equal(await store.reseal({ account: "no such lane" }, "one", "two"), false);
    t.equal(await store.reseal({ registration: "r1" }, "one", "two"), false, "nor where nothing is awaited");
  });

  on("accounts are saved whole and replaced by lane", async (t, store) => {
    const plain = newAccount({ token: null });
    await store.saveAccount(plain);
    t.strictSame(await store.accounts(), [plain]);
    const full = newAccount({
      protected: false,
      accessLevel: "read-write",
      checkedAt: T0 + 0.25,
      revoked: true,
      paused: true,
      hold: { fault: FAULT, since: T0, until: null, probe: true },
    });
    await store.saveAccount(full);
    t.strictSame(await store.accounts(), [full]);
  });

  on("an act is on record as it was given, and gets its end once", async (t, store) => {
    const begun = newAuditEntry();
    await store.appendAudit(begun);
    const [stored] = await store.listAudit({ limit: 10 });
    t.match(stored, begun);
    const end = {
      outcome: "done",
      target: "r2",
      detail: { status: "Enabled", ids: ["a", "b"], bytes: 2 },
      arerr: null,
      reason: null,
    } as const;
    await store.endAudit(begun.id, { ...end, detail: { ...end.detail, ids: [...end.detail.ids] } });
    t.match(await store.listAudit({ limit: 10 }), [{ ...begun, ...end, seq: stored?.seq }]);
    await t.rejects(store.endAudit(begun.id, { ...end, outcome: "failed", detail: {} }), "an end is never changed");
    await t.rejects(store.endAudit("no such id", { ...end, detail: {} }));
    t.match(await store.listAudit({ limit: 10 }), [{ outcome: "done" }]);
    await t.rejects(store.appendAudit(begun), "nor is an entry written over");
    const refused = newAuditEntry({
      outcome: "refused",
      role: null,
      address: null,
      target: null,
      arerr: 8753,
      reason: "not-allowed",
      at: T0 + 0.5,
    });
    await store.appendAudit(refused);
    t.match((await store.listAudit({ limit: 1 }))[0], refused);
  });

  on("acts are listed newest first, by client, method and time, in pages", async (t, store) => {
    for (let n = 0; n < 6; n += 1)
      await store.appendAudit(
        newAuditEntry({ id: `e${n}`, at: T0 + n, client: n % 2 ? "ops" : "admin", method: n < 3 ? "lanes.pause" : "lanes.resume" }),
      );
    const found = async (query: Partial<AuditQuery>) => (await store.listAudit({ limit: 10, ...query })).map(({ id }) => id);
    t.strictSame(await found({}), ["e5", "e4", "e3", "e2", "e1", "e0"]);
    t.strictSame(await found({ client: "ops" }), ["e5", "e3", "e1"]);
    t.strictSame(await found({ client: "ops", method: "lanes.pause" }), ["e1"]);
    t.strictSame(await found({ since: T0 + 2, until: T0 + 4 }), ["e3", "e2"]);
    const [first, second] = await store.listAudit({ limit: 2 });
    t.strictSame([first?.id, second?.id], ["e5", "e4"]);
    t.strictSame(await found({ beforeSeq: second!.seq, limit: 2 }), ["e3", "e2"]);
  });

  on("acts are pruned by their own age, and their numbers do not come again", async (t, store) => {
    await Promise.all(Array.from({ length: 1_200 }, (_, n) => store.appendAudit(newAuditEntry({ id: `e${n}`, at: T0 + n }))));
    await store.appendAudit(newAuditEntry({ id: "last", at: T0 + 5_000 }));
    const [before] = await store.listAudit({ limit: 1 });
    await store.prune(T0 + 9_000, T0 + 9_000, T0 + 9_000);
    t.equal((await store.listAudit({ limit: 2_000 })).length, 1_201, "what prunes deliveries leaves them alone");
    t.equal(await store.pruneAudit(T0 + 1_199), 1_199);
    t.strictSame(
      (await store.listAudit({ limit: 10 })).map(({ id }) => id),
      ["last", "e1199"],
    );
    t.equal(await store.pruneAudit(T0 + 9_000), 2);
    await store.appendAudit(newAuditEntry({ id: "next" }));
    t.ok((await store.listAudit({ limit: 1 }))[0]!.seq > before!.seq);
  });

  on("what was counted is summed by steps, over hosts; a row that is written again counts once", async (t, store) => {
    const sent = newMinute(1_000, { accepted: 3, delivered: 1, latency_ms: 90.5, took_100: 1, queued: 2 });
    await store.addMinutes([sent, newMinute(1_000, { accepted: 4, queued: 6 }), newMinute(1_004, { failed: 1, queued: 1 })]);
    await store.addMinutes([sent, newMinute(1_005, { expired: 2, took_longer: 1 })]);
    const whole = { since: 1_000, until: 1_010, step: 5, except: [] };
    t.strictSame(await store.sumMinutes(whole), {
      steps: [
        { ...noCounts(), accepted: 7, delivered: 1, failed: 1, latency_ms: 90.5, took_100: 1, step: 200, queuedMost: 6, queuedLast: 1 },
        { ...noCounts(), expired: 2, took_longer: 1, step: 201, queuedMost: null, queuedLast: null },
      ],
      queuedBefore: null,
    });
    t.match(await store.sumMinutes({ ...whole, except: [sent.id] }), { steps: [{ accepted: 4 }, {}] });
    t.match(await store.sumMinutes({ ...whole, since: 1_005 }), { steps: [{ expired: 2 }], queuedBefore: 1 });
    t.match(await store.sumMinutes({ ...whole, until: 1_004 }), { steps: [{ accepted: 7, failed: 0, queuedLast: 6 }] });
    t.strictSame((await store.sumMinutes({ ...whole, since: 2_000, until: 3_000 })).steps, []);
  });

  on("what was counted is pruned by its own age", async (t, store) => {
    await store.addMinutes(Array.from({ length: 1_200 }, (_, minute) => newMinute(minute, { accepted: 1 })));
    await store.prune(T0 + 9_000, T0 + 9_000, T0 + 9_000);
    t.equal(await store.pruneMinutes(1_100), 1_100);
    t.match(await store.sumMinutes({ since: 0, until: 5_000, step: 5_000, except: [] }), { steps: [{ accepted: 100 }] });
    t.equal(await store.pruneMinutes(1_100), 0);
  });

  on("a change of an account touches what it names and nothing else", async (t, store) => {
    await store.saveAccount(newAccount({ protected: true }));
    const hold = { fault: FAULT, since: T0, until: null, probe: true };
    await Promise.all([store.changeAccount(LANE, { paused: true }), store.changeAccount(LANE, { hold, revoked: true })]);
    t.match(await store.accounts(), [{ lane: LANE, paused: true, hold, revoked: true, protected: true, token: "sealed" }]);
    t.match(await store.changeAccount(LANE, { hold: null }), { paused: true, hold: null });
    t.equal(await store.changeAccount("twitter:nobody", { paused: true }), undefined);
  });

  on("what was asked before the close is kept, and nothing is taken after it", async (t, store) => {
    const asked = Array.from({ length: 50 }, () => store.put(putRequest([newDelivery()])));
    await store.close();
    for (const result of await Promise.all(asked)) t.equal(result.outcome, "accepted");
    await t.rejects(store.put(putRequest([newDelivery()])), { name: "StoreUnavailable" });
    await t.rejects(store.list({ limit: 1 }), { name: "StoreUnavailable" });
    await store.close();
  });
}
