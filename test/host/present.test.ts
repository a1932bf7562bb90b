import { Ajv2020 } from "ajv/dist/2020.js";
import t from "tap";
import { HOST_FAULTS, hostFault } from "../../src/ar.ts";
import { authorizationOf, lastFaultOf, presentDelivery, presentLane, presentRegistration, presentStory } from "../../src/host/present.ts";
import { Delivery, Lane, Registration } from "../../src/shapes.ts";
import { NOW, storedAccount, storedDelivery, storedPost, storedRegistration } from "./stored.ts";

const ajv = new Ajv2020({ strict: false });
const [isDelivery, isLane, isRegistration] = [ajv.compile(Delivery), ajv.compile(Lane), ajv.compile(Registration)];
const TIME = "2026-11-24T08:00:00.000Z";

t.test("a delivery shows what the contract lists, and nothing that is only the store's", (t) => {
  const bare = presentDelivery(storedDelivery(), HOST_FAULTS);
  t.ok(isDelivery(bare), ajv.errorsText(isDelivery.errors));
  t.match(bare, { acceptedAt: TIME, expiresAt: "2026-11-25T08:00:00.000Z", entryId: null, posts: [] });
  for (const key of ["deliveredAt", "nextAttemptAt", "lastError"]) t.notOk(key in bare, key);
  const full = presentDelivery(
    storedDelivery({
      state: "waiting",
      deliveredAt: NOW,
      nextAttemptAt: NOW,
      lastFault: hostFault("time-out", "late"),
      posts: [storedPost({ state: "posted", id: "9", url: "u" }), storedPost({ index: 1, state: "posted" })],
    }),
    HOST_FAULTS,
  );
  t.ok(isDelivery(full), ajv.errorsText(isDelivery.errors));
  t.match(full, { deliveredAt: TIME, nextAttemptAt: TIME, lastError: { reason: "time-out", statusList: [{ messageNum: 9940 }] } });
  t.strictSame(full.posts, [
    { index: 0, state: "posted", text: "E-mail is down", id: "9", url: "u" },
    { index: 1, state: "posted", text: "E-mail is down" },
  ]);
  t.end();
});

t.test("the story of a delivery has its attempts, each with what was wrong", (t) => {
  const attempts = [
    { at: NOW, index: 0, outcome: "retry", fault: hostFault("time-out", "late"), nextAttemptAt: NOW },
    { at: NOW, index: 0, outcome: "posted", fault: null, nextAttemptAt: null },
  ] as const;
  const stored = storedDelivery({ history: { attempts: [...attempts], leftOut: 0 } });
  const story = presentStory(stored, HOST_FAULTS);
  t.ok(isDelivery(story), ajv.errorsText(isDelivery.errors));
  t.match(story.history, [
    { at: TIME, index: 0, outcome: "retry", error: { reason: "time-out", statusList: [{ messageNum: 9940 }] }, nextAttemptAt: TIME },
    { at: TIME, index: 0, outcome: "posted" },
  ]);
  t.strictSame(Object.keys(story.history?.[1] ?? {}), ["at", "index", "outcome"]);
  t.notOk("historyLeftOut" in story);
  t.equal(presentStory({ ...stored, history: { attempts: [...attempts], leftOut: 3 } }, HOST_FAULTS).historyLeftOut, 3);
  t.notOk("history" in presentDelivery(stored, HOST_FAULTS), "a list leaves it out");
  t.notOk("history" in presentStory(storedDelivery(), HOST_FAULTS), "one that went out at once has none");
  t.end();
});

t.test("an expired delivery says so, and what it waited for till then", (t) => {
  const fault = hostFault("time-out", "no answer");
  t.strictSame(lastFaultOf(storedDelivery({ state: "expired" })), hostFault("expired", "not begun by 2026-11-25T08:00:00.000Z"));
  t.match(lastFaultOf(storedDelivery({ state: "expired", lastFault: fault })), { reason: "expired", cause: /; it waited for: no answer$/ });
  t.equal(lastFaultOf(storedDelivery({ state: "failed", lastFault: fault })), fault);
  t.equal(lastFaultOf(storedDelivery()), undefined);
  t.end();
});

t.test("re-authorising leaves the old token in force until the PIN is confirmed", (t) => {
  const account = storedAccount();
  const of = (lane: string | null, pending: string | null, more = account as typeof account | undefined) =>
    authorizationOf(storedRegistration({ lane, pending }), more);
  t.equal(of(null, null), "none");
  t.equal(of(null, "sealed"), "pending");
  t.equal(of("example:7", null), "authorized");
  t.equal(of("example:7", "sealed"), "authorized");
  t.equal(of("example:7", null, storedAccount({ revoked: true })), "revoked");
  t.equal(authorizationOf(storedRegistration(), undefined), "none", "an account that is gone authorises nothing");
  t.end();
});

t.test("a registration shows what the service said of its account, and no secret", (t) => {
  const stored = storedRegistration({ pending: "sealed-pending" });
  const account = storedAccount({ token: "sealed-token", protected: false, accessLevel: "read-write" });
  const shown = presentRegistration(stored, account);
  t.ok(isRegistration(shown), ajv.errorsText(isRegistration.errors));
  t.match(shown, { status: "Enabled", accountId: "7", protected: false, accessLevel: "read-write", authorizedAt: TIME, pinEnabled: true });
  t.notMatch(JSON.stringify(shown), /sealed/);
  const bare = presentRegistration(storedRegistration({ enabled: false, lane: null, authorizedAt: null }), undefined);
  t.ok(isRegistration(bare), ajv.errorsText(isRegistration.errors));
  t.match(bare, { status: "Disabled", authorization: "none", pinEnabled: false });
  t.notOk("accountId" in bare || "protected" in bare || "authorizedAt" in bare);
  t.end();
});

t.test("of all that a lane may be, the strongest reason is shown", (t) => {
  const hold = { fault: hostFault("time-out", "late"), since: NOW, untilMonotonic: 0, waitMs: 60_000, probe: true };
  const lane = (facts: { queued?: number; sending?: boolean; held?: boolean; paused?: boolean }) => {
    const { queued = 0, sending = false, held = false, paused = false } = facts;
    const shown = presentLane(storedAccount({ paused }), { queued, sending, hold: held ? hold : undefined }, HOST_FAULTS);
    t.ok(isLane(shown), ajv.errorsText(isLane.errors));
    return shown;
  };
  t.equal(lane({}).state, "idle");
  t.equal(lane({ queued: 1 }).state, "waiting");
  t.equal(lane({ queued: 1, sending: true }).state, "sending");
  t.equal(lane({ queued: 1, sending: true, held: true }).state, "held");
  const paused = lane({ queued: 1, sending: true, held: true, paused: true });
  t.match(paused, { state: "paused", paused: true, queued: 1, accountId: "7", plugin: "example" });
  t.match(paused.hold, { since: TIME, until: "2026-11-24T08:01:00.000Z", error: { reason: "time-out" } }, "and the hold beneath it");
  t.end();
});
