import fc from "fast-check";
import t from "tap";
import { type Notice, newDelivery, noticeFromAlert, repeatKeyOf, targetsOf, textFault } from "../../src/host/accept.ts";
import type { Caller } from "../../src/host/verbs.ts";
import { MAX_TEXT } from "../../src/shapes.ts";
import type { StoredRegistration } from "../../src/store/store.ts";
import { NOW, storedAccount, storedRegistration } from "./stored.ts";

const CALLER: Caller = { name: "ar-server", role: "workflow" };
const TEXT = "E-mail is down";
const accounts = new Map(
  [storedAccount(), storedAccount({ lane: "example:8", accountId: "8", accountName: "FM_Notify" })].map((account) => [
    account.lane,
    account,
  ]),
);
const targets = (notice: Partial<Notice>, ...registrations: Partial<StoredRegistration>[]) => {
  const all = registrations.map((one, index) => storedRegistration({ id: `r${index}`, ...one }));
  const answer = targetsOf(
    { text: TEXT, ...notice },
    all,
    (lane) => accounts.get(lane),
    () => undefined,
  );
  return answer.ok ? answer.value.map(({ registration }) => registration.id) : `${answer.fault.reason}: ${answer.fault.cause}`;
};

t.test("a notice goes to every enabled registration of its content", (t) => {
  const other = { lane: "example:8", accountName: "FM_Notify", functionalUser: "Facility" };
  t.strictSame(targets({}, {}, other), ["r0", "r1"]);
  t.strictSame(targets({}, {}, { ...other, enabled: false }), ["r0"]);
  t.strictSame(targets({ content: "Alert" }, {}, { ...other, content: "Alert" }), ["r1"]);
  t.strictSame(targets({ functionalUser: "Facility" }, {}, other), ["r1"]);
  t.strictSame(targets({ accountName: "fm_notify" }, {}, other), ["r1"], "accounts are found without regard to case");
  t.end();
});

t.test("of several registrations on one account the first gets the notice, so that it is posted there once", (t) => {
  t.strictSame(targets({}, { enabled: false }, { functionalUser: "B" }, { functionalUser: "C" }), ["r1"]);
  t.strictSame(targets({ functionalUser: "C" }, { functionalUser: "B" }, { functionalUser: "C" }), ["r1"]);
  const lanes = fc.array(fc.record({ lane: fc.constantFrom("example:7", "example:8", null), enabled: fc.boolean() }), { maxLength: 8 });
  fc.assert(
    fc.property(lanes, (registrations) => {
      const expected = ["example:7", "example:8"].flatMap((lane) => {
        const first = registrations.findIndex((one) => one.enabled && one.lane === lane);
        return first === -1 ? [] : [`r${first}`];
      });
      const got = targets({}, ...registrations);
      return typeof got === "string" ? expected.length === 0 : got.toSorted().join() === expected.toSorted().join();
    }),
  );
  t.end();
});

t.test("what keeps a notice from everybody is told in the order in which it is mended", (t) => {
  const nobody = { lane: null };
  t.equal(targets({}), "not-registered: nobody is registered for Broadcast");
  t.equal(targets({ functionalUser: "Nobody", accountName: "x" }, {}), "not-registered: nobody is registered for Broadcast, Nobody, x");
  t.equal(targets({}, { ...nobody, enabled: false }), "not-authorized: not authorised: ServiceDesk on ITSM_Notify");
  t.equal(targets({}, { lane: "example:gone" }), "not-authorized: not authorised: ServiceDesk on ITSM_Notify");
  t.equal(targets({}, nobody, { enabled: false, functionalUser: "B" }), "disabled: disabled: B on ITSM_Notify");
  t.end();
});

t.test("a text that no service can post is refused", (t) => {
  for (const good of ["x", " x ", "😀", "a\nb", "x".repeat(MAX_TEXT)]) t.equal(textFault(good), undefined);
  for (const [bad, cause] of [
    ["", /empty/],
    [" \n\t", /empty/],
    ["half \ud83d", /surrogate/],
    ["nul \0", /NUL/],
    ["x".repeat(MAX_TEXT + 1), /100001 characters; at most 100000/],
  ] as const)
    t.match(textFault(bad), { reason: "bad-input", cause });
  t.end();
});

t.test("a delivery is of the account, with the defaults that the call left out", (t) => {
  const target = { registration: storedRegistration({ accountName: "itsm_notify" }), account: storedAccount() };
  const acceptance = { id: "d9", datedBy: null, now: NOW, maxAgeHours: 24, caller: CALLER };
  t.match(newDelivery({ text: TEXT }, target, acceptance), {
    id: "d9",
    lane: "example:7",
    accountName: "ITSM_Notify",
    entryId: null,
    priority: 5,
    client: "ar-server",
    acceptedAt: NOW,
    expiresAt: NOW + 86_400_000,
  });
  t.match(newDelivery({ text: TEXT, priority: 0, ttlSeconds: 1, entryId: "INC1" }, target, acceptance), {
    priority: 0,
    expiresAt: NOW + 1000,
    entryId: "INC1",
  });
  t.end();
});

t.test("a call is a repeat by its key, else by its entry, else never", (t) => {
  t.match(repeatKeyOf({ text: TEXT, entryId: "INC1", idempotencyKey: "k" }, CALLER), { kind: "key", scope: "ar-server", key: "k" });
  t.match(repeatKeyOf({ text: TEXT, entryId: "INC1" }, CALLER), { kind: "content", digest: /^INC1 / });
  t.equal(repeatKeyOf({ text: TEXT, functionalUser: "ServiceDesk" }, CALLER), undefined);
  t.end();
});

const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
/** Few values each, so that equal notices come up; separators in them, so that parts could run into each other. */
const anyNotice: fc.Arbitrary<Notice> = fc
  .record({
    text: fc.constantFrom("a", 'a","b', "b"),
    content: maybe(fc.constantFrom("Broadcast", "Alert")),
    functionalUser: maybe(fc.constantFrom("a", "b", "null")),
    accountName: maybe(fc.constantFrom("X", "x", "y")),
    entryId: maybe(fc.constantFrom("a", "b")),
    priority: maybe(fc.constantFrom(5, 0)),
    ttlSeconds: maybe(fc.constantFrom(60, 61)),
    waitSeconds: maybe(fc.constantFrom(0, 5)),
  })
  .map((notice) => Object.fromEntries(Object.entries(notice).filter(([, value]) => value !== undefined)) as Notice);
const meaning = ({ content = "Broadcast", functionalUser, accountName, entryId, text, priority = 5, ttlSeconds }: Notice, keyed: boolean) =>
  JSON.stringify(
    [content, functionalUser, accountName?.toLowerCase(), entryId, text, ...(keyed ? [priority, ttlSeconds] : [])],
    (_, value) => (value === undefined ? null : value),
  );

t.test("two calls have the same digest exactly when they mean the same, however they wait and are written", (t) => {
  const shuffled = (notice: Notice) => Object.fromEntries(Object.entries(notice).toReversed()) as Notice;
  fc.assert(
    fc.property(anyNotice, anyNotice, (one, other) => {
      const digest = (notice: Notice) => repeatKeyOf({ ...notice, idempotencyKey: "k" }, CALLER)?.digest;
      return (digest(one) === digest(shuffled(other))) === (meaning(one, true) === meaning(other, true));
    }),
    { numRuns: 3000 },
  );
  fc.assert(
    fc.property(anyNotice, anyNotice, (one, other) => {
      const digest = (notice: Notice) => repeatKeyOf({ ...notice, entryId: notice.entryId ?? "c" }, CALLER)?.digest;
      const same = meaning({ ...one, entryId: one.entryId ?? "c" }, false) === meaning({ ...other, entryId: other.entryId ?? "c" }, false);
      return (digest(one) === digest(shuffled(other))) === same;
    }),
    { numRuns: 3000 },
  );
  t.end();
});

t.test("BMC's five alert inputs become a notice", (t) => {
  const notice = (...inValues: unknown[]) => {
    const answer = noticeFromAlert(inValues, undefined);
    return answer.ok ? answer.value : answer.fault;
  };
  t.strictSame(notice("Demo", "INC1", TEXT), { text: TEXT, functionalUser: "Demo", entryId: "INC1" });
  t.strictSame(notice("Demo", null, TEXT, " @ITSM_Notify ", "secret"), { text: TEXT, functionalUser: "Demo", accountName: "ITSM_Notify" });
  t.strictSame(notice("Demo", "", TEXT, "  ", null), { text: TEXT, functionalUser: "Demo" }, "blank plug-in values name no account");
  t.strictSame(notice("Demo", 17, { type: "CHAR", value: TEXT }), { text: TEXT, functionalUser: "Demo", entryId: "17" });
  t.strictSame(notice("Demo", { type: "NULL", value: null }, TEXT, { type: "INTEGER", value: 4 }), {
    text: TEXT,
    functionalUser: "Demo",
    accountName: "4",
  });
  t.match(noticeFromAlert(["Demo", "INC1", TEXT], 12), { ok: true, value: { waitSeconds: 12 } });
  for (const [inputs, cause] of [
    [[], /0 inputs were given/],
    [["Demo", "INC1"], /2 inputs were given/],
    [["a", "b", "c", "d", "e", "f"], /6 inputs were given/],
    [[null, "INC1", TEXT], /input 1 \(User\) is empty/],
    [["Demo", "INC1", ""], /input 3 \(Alert Text\) is empty/],
    [["Demo", { type: "DIARY", value: "x" }, TEXT], /input Entry ID must be a CHAR value/],
    [["Demo", "INC1", TEXT, true], /input Plug-in values must be a CHAR value/],
    [["x".repeat(256), "INC1", TEXT], /input User has 256 characters; at most 255 are taken/],
    [["Demo", "x".repeat(256), TEXT], /input Entry ID has 256 characters/],
    [["Demo", "INC1", TEXT, "x".repeat(256)], /input Plug-in values has 256 characters/],
  ] as const)
    t.match(notice(...inputs), { reason: "bad-input", cause });
  t.end();
});
