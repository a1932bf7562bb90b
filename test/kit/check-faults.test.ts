import t from "tap";
import type { ServiceFaultTable } from "../../src/contract.ts";
import { checkFaults } from "../../src/kit/check-faults.ts";

const ROW = { note: 20_100, text: "It is busy.", advice: "Wait.", verdict: "retry", retryable: true } as const;

function complaints(faults: ServiceFaultTable): string {
  const found: string[] = [];
  checkFaults({ ok: (value, message) => void (value || found.push(message)) }, faults);
  return found.join("\n");
}

t.test("a table that is right is not complained of", async (t) => {
  t.equal(complaints({ busy: ROW, gone: { ...ROW, note: 20_101, verdict: "failed", retryable: false } }), "");
  t.equal(complaints({}), "");
});

const { note: _, ...BARE } = ROW;
const WRONG: [string, ServiceFaultTable, RegExp][] = [
  ["a note that two rows have", { busy: ROW, full: ROW }, /one row only/],
  ["a note of the host's", { busy: { ...ROW, note: 20_023 } }, /20023 .* not the host's/],
  ["a note outside of AR's range", { busy: { ...ROW, note: 19_999 } }, /20000–20999/],
  ["a note that is no number", { busy: { ...ROW, note: 20_100.5 } }, /20000–20999/],
  ["a row without a note", { busy: BARE }, /a note of its own/],
  ["an AR number that nobody knows", { busy: { ...ROW, number: 1 } }, /1 is a number of AR System's/],
  ["a name of the host's", { "time-out": ROW }, /whose row would win/],
  ["a name in another case", { tooBusy: ROW }, /kebab-case/],
  ["a text that is too long", { busy: { ...ROW, text: "é".repeat(130) } }, /bytes of 255/],
  ["a final failure that says it is retryable", { busy: { ...ROW, verdict: "failed" } }, /retryable/],
];
for (const [what, faults, complaint] of WRONG)
  t.test(`${what} is noticed`, async (t) => {
    t.match(complaints(faults), complaint);
  });
