import t from "tap";
import { refused } from "../../src/ar.ts";
import type { Verdict } from "../../src/contract.ts";
import { PACE } from "../../src/host/back-off.ts";
import { type ActiveHold, type KeyHold, LaneHolds } from "../../src/host/holds.ts";
import { createSteadyClock } from "../../src/host/steady-clock.ts";
import type { StoredHold } from "../../src/store/store.ts";
import { handTime } from "./hand-time.ts";
import { BUSY, DEAD, NO_KEY, openLaneStage } from "./lane-stage.ts";
import { NOW } from "./stored.ts";

const DEAD_TOKEN: Verdict = { verdict: "retry", fault: DEAD };
const DEAD_KEY: Verdict = { verdict: "retry", fault: NO_KEY };

t.test("a hold of the lane is probed every five minutes, and its end lets the lane go on", async (t) => {
  const stage = await openLaneStage(t, { deliver: [DEAD_TOKEN], probe: [refused(DEAD)] });
  await stage.put("a");
  await stage.put("b", { priority: 0 });
  await stage.poke();
  t.match(stage.accounts.get("example:7"), { revoked: true, hold: { fault: DEAD, probe: true, until: NOW + PACE.probeMs } });
  await stage.put("urgent", { priority: 0 });
  await stage.poke();
  t.strictSame(stage.sent(), ["b"], "nobody overtakes under a hold");
  t.equal(await stage.next(), PACE.probeMs);
  t.strictSame([stage.count("probe"), stage.count("deliver")], [1, 1]);
  t.match(await stage.lanes.list(), [
    { state: "held", hold: { until: new Date(stage.clock.now() + PACE.probeMs).toISOString() } },
    { state: "idle" },
  ]);
  t.equal(await stage.next(), PACE.probeMs);
  t.strictSame(stage.sent(), ["b", "b", "urgent", "a"]);
  t.match(stage.accounts.get("example:7"), { revoked: false, hold: null });
  t.strictSame(
    stage.log.filter((line) => line.includes("lane")),
    ["warn lane held dead", "warn lane still held dead", "info lane free dead"],
  );
});

t.test("a hold of the key holds every lane, one probe frees them all", async (t) => {
  const stage = await openLaneStage(t, { deliver: [DEAD_KEY], probe: [refused(NO_KEY)] });
  await stage.put("a");
  await stage.poke();
  await stage.put("b", { account: "8" });
  await stage.poke("8");
  t.strictSame(stage.sent(), ["a"]);
  t.match(await stage.lanes.list(), [{ state: "held" }, { state: "held" }]);
  t.strictSame(
    stage.accounts.all.map(({ hold }) => hold),
    [null, null],
    "it belongs to no account",
  );
  while (stage.count("probe") < 1) await stage.next();
  t.equal(stage.time.timers().length, 2);
  await stage.next();
  t.strictSame([stage.count("probe"), stage.sent()], [1, ["a"]], "the other lane does not ask as well");
  while (stage.count("probe") < 2) await stage.next();
  t.strictSame(stage.sent().toSorted(), ["a", "a", "b"]);
  t.equal(stage.count("probe"), 2);
  t.match(await stage.lanes.list(), [{ state: "idle" }, { state: "idle" }]);
});

t.test("a pause after a good post holds the lane for so long, without a probe", async (t) => {
  const pause = { holds: "lane", waitMs: 900_000, fault: BUSY } as const;
  const stage = await openLaneStage(t, { deliver: [{ verdict: "delivered", id: "1", pause }] });
  await stage.put("a|b");
  await stage.put("c");
  await stage.poke();
  t.strictSame(stage.sent(), ["a"]);
  t.equal(await stage.next(), 900_000);
  t.strictSame(stage.sent(), ["a", "b", "c"]);
  t.equal(stage.count("probe"), 0);
});

t.test("whoever mends it need not wait: the head goes on at once", async (t) => {
  for (const verdict of [DEAD_TOKEN, DEAD_KEY, { verdict: "retry", fault: BUSY, holds: "lane", waitMs: 900_000 } as const]) {
    const stage = await openLaneStage(t, { deliver: [verdict] });
    await stage.put("a");
    await stage.poke();
    t.equal(stage.count("deliver"), 1);
    await stage.lanes.free("example:7");
    await stage.settled();
    t.match(await stage.state("d1"), { state: "delivered" });
    t.strictSame(stage.time.timers(), [], "and no timer is left");
  }
});

t.test("new credentials of a plug-in free all of its lanes", async (t) => {
  const stage = await openLaneStage(t, { deliver: [DEAD_TOKEN, DEAD_KEY] });
  await stage.put("a");
  await stage.poke();
  await stage.put("b", { account: "8" });
  await stage.poke("8");
  await stage.lanes.freePlugin("example");
  await stage.settled();
  t.strictSame(stage.sent(), ["a", "b", "a", "b"]);
});

t.test("under a lane's own hold that ends, that of the key is still kept", async (t) => {
  const stage = await openLaneStage(t, { deliver: [{ verdict: "retry", fault: BUSY, holds: "lane", waitMs: 1_000 }, DEAD_KEY] });
  await stage.put("a");
  await stage.poke();
  await stage.put("b", { account: "8" });
  await stage.poke("8");
  t.equal(await stage.next(), 1_000);
  t.strictSame(stage.sent(), ["a", "b"], "the lane's time is over, the key's is not");
  while (stage.count("probe") === 0) await stage.next();
  t.strictSame(stage.sent().slice(2).toSorted(), ["a", "b"]);
});

t.test("after a restart the lane is still held, and asks at once whether it may go on", async (t) => {
  const stage = await openLaneStage(t, { deliver: [DEAD_TOKEN], probe: [refused(DEAD)] });
  await stage.put("a");
  await stage.poke();
  await stage.restart(handTime());
  t.strictSame([stage.count("probe"), stage.count("deliver")], [1, 1]);
  t.match(await stage.lanes.list(), [{ state: "held", hold: { error: { reason: "dead" } } }, {}]);
  t.equal(await stage.next(), PACE.probeMs);
  while (stage.time.timers().length > 0) await stage.next();
  t.match(await stage.state("d1"), { state: "delivered" });
});

/** Holds by themselves, with what they were told and said. */
function holdsAlone(probe: LaneHolds["heldFor"] | (() => Promise<unknown>) = async () => undefined) {
  const time = handTime();
  const key: KeyHold = { current: undefined };
  const own: (StoredHold | undefined)[] = [];
  let freed = 0;
  const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const holds = new LaneHolds({
    lane: "example:7",
    key,
    clock: createSteadyClock(time),
    time,
    pace: PACE,
    log: quiet,
    probe: async () => {
      await probe();
      return { ok: true, value: { id: "7", name: "Account7" } };
    },
    onLearned: async () => {},
    onOwn: async (hold) => void own.push(hold),
    onKeyFree: () => {
      freed += 1;
    },
  });
  return { holds, key, own, time, freed: () => freed };
}

t.test("a stored hold is followed for one probe's time at most, whatever clock wrote it", async (t) => {
  const stored = { fault: BUSY, since: NOW, probe: false };
  for (const [until, wait] of [
    [NOW + 1_000, 1_000],
    [NOW + 90 * 86_400_000, PACE.probeMs],
    [NOW - 1_000, 0],
    [null, 0],
  ] as const) {
    const { holds } = holdsAlone();
    holds.restore({ ...stored, until });
    t.equal(await holds.heldFor(), wait, String(until));
  }
  const probed = holdsAlone();
  probed.holds.restore({ fault: DEAD, since: NOW, until: NOW + 60_000, probe: true });
  t.equal(await probed.holds.heldFor(), 0, "the probe says yes");
  t.strictSame(probed.own, [undefined]);
});

t.test("a hold that somebody else ends while the service is asked is ended once", async (t) => {
  const key: { end: () => void } = { end: () => {} };
  const stand = holdsAlone(async () => key.end());
  await stand.holds.set("key", { scope: "key", fault: NO_KEY, waitMs: 1_000, probe: true });
  const next: ActiveHold = { fault: BUSY, since: NOW, untilMonotonic: Number.POSITIVE_INFINITY, waitMs: 1, probe: false };
  key.end = () => {
    stand.key.current = next;
  };
  stand.time.pass(1_000);
  t.equal(await stand.holds.heldFor(), Number.POSITIVE_INFINITY, "the one that took its place is kept");
  t.equal(stand.key.current, next);
  t.strictSame([stand.own, stand.freed()], [[], 0]);
  await stand.holds.clear();
  t.strictSame([stand.key.current, stand.freed()], [undefined, 1]);
});
