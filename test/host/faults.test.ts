/** Every row of the table of failures, driven through a real sandbox by a real host. */
import t from "tap";
import type { FaultReport } from "../../src/ar.ts";
import type { Delivery } from "../../src/shapes.ts";
import { openStage, type Stage, type StageOptions } from "../stage.ts";

const CLOCK_401 =
  "401:Authentication credentials (http://dev.twitter.com/pages/auth) were missing or incorrect. " +
  "Ensure that you have set valid consumer key/secret, access token/secret, and the system clock in sync.";

/** What goes wrong at X for a post, and what the delivery must say and become. */
type Row = {
  title: string;
  reason: string;
  note: number;
  options?: StageOptions;
  /** Orders the trouble, once the account is registered. */
  trouble(stage: Stage): Promise<unknown>;
  /** The state in which the fault is read. */
  state: Delivery["state"];
  /** Ends the trouble; then the delivery must be delivered, once. Left out: the state above is the end. */
  mend?(stage: Stage): Promise<unknown>;
  /** What else must be true of the fault. */
  holds?(fault: FaultReport): boolean;
};

const endless = { times: 0 };
const clearFaults = (stage: Stage) => fetch(`${stage.sandboxUrl}/sandbox/faults`, { method: "DELETE" });

const ROWS: Row[] = [
  {
    title: "a clock that is wrong and not corrected",
    reason: "clock-skew",
    note: 20001,
    options: { userDefined: { clock: { correction: "off" } } },
    trouble: async (stage) => stage.setClock(-1200),
    state: "failed",
    holds: ({ clock, statusList }) =>
      Math.abs((clock?.offsetSeconds ?? 0) - 1200) < 3 && statusList[0]?.appendedText.startsWith(CLOCK_401) === true,
  },
  {
    title: "code 135 twice",
    reason: "clock-skew",
    note: 20001,
    trouble: (stage) => stage.fault({ named: "135", style: "v1" }, { times: 2 }),
    state: "failed",
  },
  {
    title: "a revoked token",
    reason: "token-invalid",
    note: 20002,
    trouble: (stage) => stage.control("accounts/ITSM_Notify/revoke", {}),
    state: "waiting",
    mend: (stage) => reauthorise(stage),
  },
  {
    title: "a consumer key that X refuses",
    reason: "consumer-key-invalid",
    note: 20003,
    trouble: (stage) => stage.control("faults", { times: 0, match: {}, fault: { named: "32" } }),
    state: "waiting",
    mend: clearFaults,
  },
  {
    title: "a read-only app",
    reason: "not-permitted",
    note: 20004,
    trouble: (stage) => stage.control("settings", { appPermission: "read" }),
    state: "failed",
  },
  { title: "code 261", reason: "not-permitted", note: 20004, trouble: (stage) => stage.fault({ named: "261" }), state: "failed" },
  { title: "the same words twice", reason: "duplicate-content", note: 20005, trouble: postBefore, state: "failed" },
  { title: "code 187", reason: "duplicate-content", note: 20005, trouble: (stage) => stage.fault({ named: "187" }), state: "failed" },
  {
    title: "too long by X's count",
    reason: "too-long",
    note: 20006,
    trouble: (stage) => stage.fault({ named: "186", style: "v1" }),
    state: "failed",
  },
  {
    title: "429 without headers",
    reason: "rate-limited",
    note: 20007,
    trouble: (stage) => stage.fault({ named: "88" }),
    state: "waiting",
    holds: ({ retryable }) => retryable,
  },
  {
    title: "credits used up",
    reason: "credits-depleted",
    note: 20008,
    trouble: (stage) => stage.fault({ named: "credits-depleted" }, endless),
    state: "waiting",
    mend: clearFaults,
  },
  {
    title: "503",
    reason: "x-unavailable",
    note: 20009,
    trouble: (stage) => stage.fault({ named: "over-capacity" }, endless),
    state: "waiting",
    mend: clearFaults,
  },
  {
    title: "a locked account",
    reason: "account-locked",
    note: 20011,
    trouble: (stage) => stage.control("accounts/ITSM_Notify/lock", {}),
    state: "waiting",
    mend: (stage) => stage.control("accounts/ITSM_Notify/unlock", {}),
  },
  {
    title: "an account that has become public, under the guard",
    reason: "account-not-protected",
    note: 20012,
    options: { userDefined: { protectedAccount: "block" } },
    // The guard looks again once an hour; two pass by X's clock, which the host follows.
    trouble: async (stage) => {
      await stage.control("settings", { clockOffsetSeconds: 7200 });
      await stage.notify({ text: "An hour passes", waitSeconds: 20 });
      await stage.control("settings", { protected: { ITSM_Notify: false } });
    },
    state: "waiting",
    mend: (stage) => stage.control("settings", { protected: { ITSM_Notify: true } }),
  },
  {
    title: "accepted and then no answer",
    reason: "in-doubt",
    note: 20014,
    trouble: (stage) => stage.fault({ drop: true }),
    state: "in-doubt",
    mend: async () => {},
  },
  {
    title: "a server error that may have posted",
    reason: "in-doubt",
    note: 20014,
    trouble: (stage) => stage.fault({ status: 500 }),
    state: "in-doubt",
    mend: async () => {},
  },
  {
    title: "a 201 cut short",
    reason: "in-doubt",
    note: 20014,
    trouble: (stage) => stage.fault({ truncate: true }),
    state: "in-doubt",
    mend: async () => {},
  },
];

async function postBefore(stage: Stage): Promise<void> {
  await stage.notify({ text: TEXT, waitSeconds: 20 });
}

async function reauthorise(stage: Stage): Promise<void> {
  const { registrations } = await stage.call<{ registrations: { id: string }[] }>("registrations.list");
  t.match(registrations, [{ authorization: "revoked" }]);
  const id = registrations[0]!.id;
  const { authorizeUrl } = await stage.call<{ authorizeUrl: string }>("registrations.authorize", { id });
  const { pin } = await stage.control<{ pin: string }>("authorize", { authorizeUrl, accountName: "ITSM_Notify" });
  t.match(await stage.call("registrations.confirm", { id, pin }), { authorization: "authorized", status: "Enabled" });
}

const TEXT = "E-mail is down";

/** Polls until the delivery shows the fault in the state that is awaited. */
async function faultOf(stage: Stage, id: string, row: Row): Promise<FaultReport> {
  for (;;) {
    const delivery = await stage.reaches(id, row.state, ...(row.mend || row.reason === "rate-limited" ? (["delivered"] as const) : []));
    if (delivery.lastError) return delivery.lastError;
    if (delivery.state === "delivered") throw new Error("delivered before the fault was seen");
  }
}

for (const row of ROWS)
  t.test(`${row.title}: ${row.reason}, ${row.note}`, async (t) => {
    // In doubt must be seen before it is looked up.
    const slow = row.reason === "in-doubt" ? { firstLookMs: 300, lastLookMs: 600 } : {};
    const stage = await openStage(t, { ...row.options, pace: { ...slow } });
    await stage.register();
    await row.trouble(stage);
    const [delivery] = (await stage.notify({ text: TEXT })).deliveries;
    const fault = await faultOf(stage, delivery!.id, row);
    t.match(fault, {
      message: /^Error in plugin : .* \(ARERR 8753\)$/s,
      reason: row.reason,
      statusList: [
        { messageType: "ERROR", messageNum: 8753, messageText: "Error in plugin" },
        { messageType: "NOTE", messageNum: row.note, messageText: /^Perch: / },
      ],
    });
    if (row.holds) t.ok(row.holds(fault), "the fault has its figures");
    const logged = stage.log.find((line) => line.includes(delivery!.id) && line.includes(`"reason":"${row.reason}"`));
    t.match(logged, `"arerr":8753,"note":${row.note}`, "the log line names both numbers");
    if (!row.mend) return;
    await row.mend(stage);
    await stage.reaches(delivery!.id, "delivered");
    t.equal((await stage.posts()).filter((post) => post.text === TEXT).length, 1, "posted once");
  });

t.test("X's old 401 is answered to the letter, with the seconds in the note", async (t) => {
  const stage = await openStage(t, { userDefined: { clock: { correction: "off" } } });
  await stage.register();
  stage.setClock(-1200);
  await stage.control("settings", { errorStyle: "plain401" });
  const call = { plugin: "ARSYS.ALRT.TWITTER", inValues: ["ServiceDesk", "INC1", TEXT], waitSeconds: 20 };
  const { error } = await stage.rpc("filterApiCall", call);
  const whole = `Error in plugin : ${CLOCK_401} Failed to validate oauth signature and token (ARERR 8753)`;
  t.equal(error?.code, 8753);
  t.equal(error?.message, whole);
  t.match(error?.data.statusList[1]?.appendedText, /1(200|199|201)(\.\d)? s slow/);
  t.match(error?.data.clock, { serverDate: /GMT$/ });
});

t.test("a clock that is wrong costs nothing when it is corrected, and the operator is told", async (t) => {
  for (const hours of [-24, 24]) {
    const stage = await openStage(t, { clockOffsetSeconds: hours * 3600 });
    await stage.register();
    const { deliveries } = await stage.notify({ text: `${TEXT} ${hours}`, waitSeconds: 20 });
    t.equal(deliveries[0]?.state, "delivered");
    const { plugins } = await stage.call<{ plugins: { clock: { offsetSeconds: number } }[] }>("plugins.list");
    t.ok(Math.abs(plugins[0]!.clock.offsetSeconds + hours * 3600) < 5);
  }
});

t.test("a post in doubt that X never got is sent again after two looks, once", async (t) => {
  const stage = await openStage(t);
  await stage.register();
  await stage.fault({ reset: "before" });
  const { deliveries } = await stage.notify({ text: TEXT, waitSeconds: 20 });
  t.equal(deliveries[0]?.state, "delivered");
  t.equal((await stage.posts()).length, 1);
  const looks = (await stage.control<{ method: string; path: string }[]>("requests")).filter(
    ({ method, path }) => method === "GET" && path.includes("/tweets"),
  );
  t.ok(looks.length >= 2, `${looks.length} looks`);
});

t.test("where the time line can't be read, X's duplicate rule decides", async (t) => {
  const stage = await openStage(t);
  await stage.register();
  await stage.control("settings", { timeline: { readable: false } });
  await stage.fault({ drop: true });
  const { deliveries } = await stage.notify({ text: TEXT, waitSeconds: 20 });
  t.equal(deliveries[0]?.state, "delivered", "the duplicate refusal proves the first");
  t.equal((await stage.posts()).length, 1);

  await stage.fault({ drop: true });
  const second = await stage.notify({ text: TEXT, waitSeconds: 20 });
  t.match(
    second.deliveries[0],
    { state: "failed", lastError: { reason: "duplicate-content" } },
    "another post of that text proves nothing",
  );
});

t.test("X can't be reached: nothing is lost, 20010", async (t) => {
  const stage = await openStage(t);
  await stage.register();
  await stage.configure({ userDefined: { apiBaseUrl: "http://127.0.0.1:1" } });
  const [delivery] = (await stage.notify({ text: TEXT })).deliveries;
  const waiting = await stage.reaches(delivery!.id, "waiting");
  t.match(waiting.lastError, { reason: "unreachable", statusList: [{}, { messageNum: 20010 }], retryable: true });
  await stage.configure({});
  await stage.reaches(delivery!.id, "delivered");
});

t.test("when another account fails with 401 too and the key works, it is X's trouble: 20009", async (t) => {
  const stage = await openStage(t, { pace: { probeMs: 60_000, backOffBaseMs: 300 } });
  await stage.register("ServiceDesk", "ITSM_Notify");
  await stage.register("Facility", "FM_Notify");
  await stage.fault(
    { status: 401, body: { title: "Unauthorized", type: "about:blank", status: 401, detail: "Unauthorized" } },
    { times: 2 },
  );
  const [first] = (await stage.notify({ text: "one", functionalUser: "ServiceDesk" })).deliveries;
  t.match((await stage.reaches(first!.id, "waiting")).lastError, { reason: "token-invalid" });
  const [second] = (await stage.notify({ text: "two", functionalUser: "Facility" })).deliveries;
  t.match((await stage.reaches(second!.id, "waiting")).lastError, { reason: "x-unavailable", statusList: [{}, { messageNum: 20009 }] });
  await stage.reaches(second!.id, "delivered");
});

t.test("the PIN: rejected, of another account, of an app that may not write", async (t) => {
  const stage = await openStage(t);
  const { id } = await stage.call<{ id: string }>("registrations.create", { functionalUser: "ServiceDesk", accountName: "ITSM_Notify" });
  const enable = await stage.rpc("registrations.update", { id, status: "Enabled" });
  t.match(enable.error, { data: { reason: "not-authorized", statusList: [{}, { messageNum: 20022 }] } });
  t.match((await stage.rpc("notify", { text: TEXT })).error, { data: { reason: "not-authorized" } });
  const begin = async (accountName = "ITSM_Notify") => {
    const { authorizeUrl } = await stage.call<{ authorizeUrl: string }>("registrations.authorize", { id });
    return (await stage.control<{ pin: string }>("authorize", { authorizeUrl, accountName })).pin;
  };
  const confirm = async (pin: string) => (await stage.rpc("registrations.confirm", { id, pin })).error;

  const pin = await begin();
  t.match(await confirm("12ab"), { data: { reason: "bad-input" } }, "a malformed PIN is not spent");
  t.match(await confirm(pin === "1234567" ? "7654321" : "1234567"), {
    data: { reason: "pin-rejected", statusList: [{}, { messageNum: 20024 }] },
  });
  t.match(await confirm(pin), { data: { reason: "not-authorized" } }, "one try for each PIN");

  t.match(await confirm(await begin("Somebody_Else")), { data: { reason: "account-mismatch", statusList: [{}, { messageNum: 20025 }] } });
  await stage.control("settings", { appPermission: "read" });
  t.match(await confirm(await begin()), { data: { reason: "not-permitted" } });
  await stage.control("settings", { appPermission: "read-write" });
  t.equal(await confirm(await begin()), undefined);
  t.match(await stage.call("registrations.get", { id }), { authorization: "authorized", accessLevel: "read-write", protected: true });
});

t.test("what the host refuses by itself: 20023, 20026, 20027, 20028", async (t) => {
  const stage = await openStage(t);
  await stage.register();
  const refusals: [method: string, params: unknown, reason: string, note: number][] = [
    ["notify", { text: "   " }, "bad-input", 20023],
    ["notify", { text: "half \ud83d" }, "bad-input", 20023],
    ["notify", { text: TEXT, functionalUser: "Nobody" }, "not-registered", 20020],
    ["registrations.create", { functionalUser: "ServiceDesk", accountName: "ITSM_Notify" }, "conflict", 20027],
    ["deliveries.get", { id: "nothing" }, "not-found", 20028],
    ["deliveries.retry", { ids: ["nothing"] }, "not-found", 20028],
    ["deliveries.retry", {}, "bad-input", 20023],
    ["deliveries.list", { since: "yesterday" }, "bad-input", 20023],
    ["registrations.get", { id: "nothing" }, "not-found", 20028],
    ["lanes.pause", { accountName: "nobody" }, "not-found", 20028],
    ["plugins.restart", { name: "nothing" }, "not-found", 20028],
    ["server.logLevel", { level: "loud" }, "bad-input", 20023],
  ];
  for (const [method, params, reason, note] of refusals) {
    const { error } = await stage.rpc(method, params);
    t.match(error, { message: /./, data: { reason, statusList: [{ messageNum: 8753 }, { messageNum: note }] } }, `${method} ${reason}`);
  }
  t.same((await stage.call<{ deliveries: unknown[] }>("deliveries.list")).deliveries, [], "nothing was stored");
});
