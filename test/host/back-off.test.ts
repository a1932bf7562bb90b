import fc from "fast-check";
import t from "tap";
import { backOff, PACE } from "../../src/host/back-off.ts";

const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

t.test("a wait lies between half and all of base × 2^failures, and never over the cap", (t) => {
  fc.assert(
    fc.property(fc.nat(10_000), chance, (failures, random) => {
      const full = Math.min(PACE.backOffBaseMs * 2 ** failures, PACE.backOffCapMs);
      const wait = backOff(failures, PACE, () => random);
      return Number.isInteger(wait) && wait >= full / 2 && wait <= full;
    }),
  );
  t.end();
});

t.test("it doubles with each failure, from the base to the cap", (t) => {
  t.strictSame(
    [0, 1, 2, 3, 4, 5, 6, 1_000_000].map((failures) => backOff(failures, PACE, () => 1)),
    [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000],
  );
  t.equal(
    backOff(0, PACE, () => 0),
    1_000,
    "chance halves it",
  );
  t.end();
});

t.test("a post in doubt is not looked for the last time before X's time line can show it", (t) => {
  t.ok(PACE.lastLookMs >= 10_000 && PACE.firstLookMs < PACE.lastLookMs);
  t.ok(PACE.backOffCapMs <= PACE.slowMs);
  t.end();
});
