import t from "tap";
import { contradicts, measure, parseDate } from "../../../plugins/twitter/clock.ts";

const AT = Date.UTC(2026, 5, 3, 14, 30, 18);
const DATE = "Wed, 03 Jun 2026 14:30:18 GMT";

t.test("a Date is read with the suffix GMT and with X's old UTC", async (t) => {
  t.equal(parseDate(DATE), AT);
  t.equal(parseDate("Tue, 25 Apr 2023 11:28:02 UTC"), Date.UTC(2023, 3, 25, 11, 28, 2));
});

t.test("whatever is not exactly a Date is not read", async (t) => {
  const odd = [
    undefined,
    "",
    "2026-06-03T14:30:18Z",
    "Wed, 03 Jun 2026 14:30:18",
    "Wed, 03 Jun 2026 14:30:18 PST",
    "Wed, 03 Jun 2026 14:30:18 +0100",
    "Wed, 3 Jun 2026 14:30:18 GMT",
    "Wed, 31 Feb 2026 14:30:18 GMT",
    "Wed, 03 Jun 2026 24:30:18 GMT",
    "Wed, 03 Jun 2026 14:60:18 GMT",
    "Wed, 03 Jun 2026 14:30:60 GMT",
    "Wed, 03 Xyz 2026 14:30:18 GMT",
    "Wednesday, 03-Jun-26 14:30:18 GMT",
    "Wed Jun  3 14:30:18 2026",
    ` ${DATE}`,
    `${DATE}, ${DATE}`,
  ];
  for (const header of odd) t.equal(parseDate(header), undefined, String(header));
});

t.test("the offset is taken at the middle of the exchange, and the cut second is rounded", async (t) => {
  const measured = measure({ sentAt: AT - 3_600_000 - 100, receivedAt: AT - 3_600_000 + 300, headers: { date: DATE } });
  t.same(measured, { offsetMs: 3_600_000 + 500 - 100, serverDate: DATE });
});

t.test("an answer out of a cache, without a Date, of a set-back clock or of a very long exchange measures nothing", async (t) => {
  const exchange = { sentAt: AT, receivedAt: AT + 100 };
  t.equal(measure({ ...exchange, headers: { date: DATE, age: "0" } }), undefined);
  t.equal(measure({ ...exchange, headers: {} }), undefined);
  t.equal(measure({ sentAt: AT, receivedAt: AT - 1, headers: { date: DATE } }), undefined);
  t.equal(measure({ sentAt: AT, receivedAt: AT + 901_000, headers: { date: DATE } }), undefined);
  t.ok(measure({ ...exchange, headers: { date: DATE } }), "the same exchange with a plain Date does");
});

t.test("a Date contradicts a timestamp beyond the tolerance, on either side", async (t) => {
  t.notOk(contradicts(AT, AT / 1000 - 60, 60));
  t.notOk(contradicts(AT, AT / 1000 + 60, 60));
  t.ok(contradicts(AT, AT / 1000 - 61, 60));
  t.ok(contradicts(AT, AT / 1000 + 61, 60));
});
