/** What X, or something in its name, answers to a post: each kind end to end, from the answer to the one post at X. */
import t from "tap";
import type { Stage } from "../stage.ts";
import { everywhere, type FaultRow, forever, playRows } from "./fault-rows.ts";

type Fault = Record<string, unknown>;
type Rest = Partial<FaultRow>;
const PAGE = "<!DOCTYPE html><html><head><title>Proxy</title></head><body><h1>Not today</h1></body></html>";
const blank = (status: number, title: string, detail = title) => ({ status, body: { title, detail, type: "about:blank", status } });
const v1 = (status: number, code: number, message = "text of X") => ({ status, body: { errors: [{ code, message }] } });
const page = (status: number) => ({ status, body: PAGE, contentType: "text/html" });
const plain = (status: number, body = "") => ({ status, body });

/** The post is refused for good: one request, nothing at X, somebody has to send it again. */
const refused = (name: string, fault: Fault, reason: string, note?: number, rest: Rest = {}): FaultRow => ({
  name,
  cause: (stage) => forever(stage, fault),
  state: "failed",
  reason,
  ...(note !== undefined && { note }),
  seen: 1,
  sends: 1,
  end: "failed",
  ...rest,
});
/** The post waits: one request during the trouble, one after it. */
const waits = (name: string, fault: Fault, reason: string, note: number, rest: Rest = {}): FaultRow => ({
  name,
  cause: (stage) => forever(stage, fault),
  state: "waiting",
  reason,
  note,
  seen: 1,
  sends: 2,
  ...rest,
});
/** The same where whoever asks about the account hears it too, so that the lane stays held. */
const holds = (name: string, fault: Fault, reason: string, note: number, path = "/2/"): FaultRow =>
  waits(name, fault, reason, note, { cause: (stage) => everywhere(stage, fault, path) });
/** Nobody knows: it is looked up, and sent again only where X did not take it. */
const doubted = (name: string, fault: Fault, stands: boolean, rest: Rest = {}): FaultRow =>
  waits(`${name}${stands ? ", but X took the post" : ""}`, { ...fault, accept: stands }, "in-doubt", 20014, {
    state: "in-doubt",
    sends: stands ? 1 : 2,
    ...rest,
  });

const UNAUTHORIZED = blank(401, "Unauthorized");
const OLD_401 = plain(401, "Failed to validate oauth signature and token");
const LITERAL_401 = /^401:Authentication credentials \(http:\/\/dev\.twitter\.com\/pages\/auth\) were missing or incorrect\. Ensure/;
const inSeconds = (seconds: number) => String(Math.floor(Date.now() / 1000) + seconds);

const LOG_IN: FaultRow[] = [
  refused("401 code 135 twice", v1(401, 135), "clock-skew", 20001, { seen: 2, says: LITERAL_401, more: { attempts: 1 } }),
  holds("401 code 89", v1(401, 89), "token-invalid", 20002),
  holds("401 v2 while the key is good", UNAUTHORIZED, "token-invalid", 20002),
  holds("401 code 32 while the key is good", v1(401, 32), "token-invalid", 20002),
  holds("401 as plain text while the key is good", OLD_401, "token-invalid", 20002),
  holds("401 without a body while the key is good", plain(401), "token-invalid", 20002),
  holds("400 code 215", v1(400, 215), "token-invalid", 20002),
  holds("401 v2 to everything", UNAUTHORIZED, "consumer-key-invalid", 20003, "/"),
  holds("401 as plain text to everything", OLD_401, "consumer-key-invalid", 20003, "/"),
  holds("401 code 416, the app is suspended", v1(401, 416), "consumer-key-invalid", 20003, "/"),
  waits("401 v2 while nobody can be asked about the key", UNAUTHORIZED, "x-unavailable", 20009, {
    cause: async (stage) => {
      await forever(stage, UNAUTHORIZED);
      await everywhere(stage, blank(503, "Service Unavailable"), "/oauth/request_token");
    },
  }),
  {
    name: "a token that was revoked",
    cause: (stage) => stage.control("accounts/ITSM_Notify/revoke", {}),
    mend: authoriseAgain,
    state: "waiting",
    reason: "token-invalid",
    note: 20002,
    seen: 1,
    sends: 2,
  },
];

const REFUSALS: FaultRow[] = [
  refused("400 v2 invalid-request", { status: 400, body: { title: "Invalid Request", type: "x/invalid-request" } }, "plugin-error"),
  refused("400 as plain text", plain(400, "Bad Request"), "plugin-error", undefined, { says: /^400:.* Bad Request$/ }),
  refused("403 v2 that says nothing", blank(403, "Forbidden"), "plugin-error"),
  refused("403 without a body", plain(403), "plugin-error"),
  refused("403 code 226, looks automated", { named: "226" }, "plugin-error"),
  refused("403 oauth1-permissions", { named: "oauth1-permissions" }, "not-permitted", 20004),
  refused("403 code 261", { named: "261", style: "v1" }, "not-permitted", 20004),
  refused("403 code 220", { named: "220" }, "not-permitted", 20004),
  refused("403 code 453", { named: "453" }, "not-permitted", 20004),
  refused("403 client-not-enrolled", { named: "client-not-enrolled" }, "not-permitted", 20004),
  refused("an app that may only read", {}, "not-permitted", 20004, {
    cause: (stage) => stage.control("settings", { appPermission: "read" }),
  }),
  refused("403 v2 duplicate", { named: "duplicate" }, "duplicate-content", 20005),
  refused("403 code 187", { named: "187", style: "v1" }, "duplicate-content", 20005),
  refused("400 v2 too long", { named: "too-long" }, "too-long", 20006),
  refused("403 code 186", { named: "186", style: "v1" }, "too-long", 20006),
  refused("403 v2 more than one cashtag", { named: "cashtags" }, "plugin-error", undefined, { says: /more than one cashtag/ }),
  refused("404 v2", { named: "not-found" }, "plugin-error"),
  refused("404 code 34", { named: "34", style: "v1" }, "plugin-error"),
  refused("409", plain(409, "Conflict"), "plugin-error"),
  refused("413", plain(413, "Payload Too Large"), "plugin-error"),
  holds("403 code 326, the account is locked", { named: "326" }, "account-locked", 20011),
  holds("403 code 64, the account is suspended", { named: "64" }, "account-locked", 20011),
];

const LIMITS: FaultRow[] = [
  waits("402 credits", { named: "credits-depleted" }, "credits-depleted", 20008, { waits: [600, 600] }),
  waits("402 without a body", plain(402), "credits-depleted", 20008),
  waits("429 usage-capped, a month", { named: "usage-capped" }, "credits-depleted", 20008, { waits: [600, 600] }),
  waits("429 v2 without headers", blank(429, "Too Many Requests"), "rate-limited", 20007, { waits: [900, 902], more: { attempts: 0 } }),
  waits("429 code 88", { named: "88", style: "v1" }, "rate-limited", 20007),
  waits("429 page", page(429), "rate-limited", 20007, { waits: [900, 902] }),
  limit("429 with a window of 15 minutes", "x-rate-limit", 700),
  limit("429 with the account's day used up", "x-user-limit-24hour", 20_000),
  limit("429 with the app's day used up", "x-app-limit-24hour", 30_000),
  limit("429 with a reset of another century", "x-rate-limit", 3_000_000_000, 86_400),
  waits("429 with requests left", {}, "rate-limited", 20007, {
    cause: (stage) =>
      forever(stage, {
        status: 429,
        headers: { "x-rate-limit-limit": "100", "x-rate-limit-remaining": "57", "x-rate-limit-reset": inSeconds(60) },
      }),
    waits: [900, 902],
  }),
  waits("429 with Retry-After", { status: 429, headers: { "retry-after": "77" } }, "rate-limited", 20007, { waits: [77, 79] }),
  waits("403 code 185, the day's updates", { named: "185" }, "rate-limited", 20007, { waits: [900, 902] }),
  {
    ...limit("403 with the account's day used up in a header", "x-user-limit-24hour", 5_000),
    cause: (stage) =>
      forever(stage, {
        ...blank(403, "Forbidden"),
        headers: { "x-user-limit-24hour-remaining": "0", "x-user-limit-24hour-reset": inSeconds(5_000) },
      }),
  },
];

function limit(name: string, prefix: string, seconds: number, most = seconds): FaultRow {
  return waits(name, {}, "rate-limited", 20007, {
    cause: (stage) =>
      forever(stage, {
        ...blank(429, "Too Many Requests"),
        headers: { [`${prefix}-limit`]: "100", [`${prefix}-remaining`]: "0", [`${prefix}-reset`]: inSeconds(seconds) },
      }),
    waits: [most, most + 3],
    more: { attempts: 0 },
  });
}

const OUT_OF_ORDER: FaultRow[] = [
  waits("503 v2", blank(503, "Service Unavailable"), "x-unavailable", 20009, { says: /^503:.* Service Unavailable$/ }),
  waits("503 code 130", { named: "130", style: "v1" }, "x-unavailable", 20009),
  waits("503 page", page(503), "x-unavailable", 20009, { says: /^503:[^<]*$/ }),
  waits("503 without a body", plain(503), "x-unavailable", 20009),
  waits("503 of 16 MiB", { status: 503, huge: true }, "in-doubt", 20014, { state: "in-doubt" }),
  doubted("500 code 130", v1(500, 130), false),
  doubted("500 code 131", { named: "131", style: "v1" }, false),
  doubted("500 v2", blank(500, "Internal Server Error"), true),
  doubted("500 without a body", plain(500), true),
  doubted("502 page", page(502), false),
  doubted("502 page", page(502), true),
  doubted("504 as plain text", plain(504, "upstream request timeout"), false),
  doubted("504 as plain text", plain(504, "upstream request timeout"), true),
  doubted("520 of a content network", page(520), true),
];

const ODD_ANSWERS: FaultRow[] = [
  doubted("200 with the log-in page of a portal", page(200), false),
  doubted("201 that is no JSON", { garbage: true }, true),
  doubted("201 without a body", plain(201), true),
  doubted("201 with a number for an id", { status: 201, body: { data: { id: 15_000 } } }, true),
  doubted("204", plain(204), true),
  doubted("201 of 16 MiB", { huge: true }, true),
  doubted("half a 201", { truncate: true }, true),
  doubted("303", { redirect: "http://127.0.0.1:9/elsewhere", status: 303 }, true),
  ...[301, 302, 307, 308].map((status) =>
    waits(`${status}`, { redirect: "https://portal.example/login?id=1", status }, "unreachable", 20010, {
      says: new RegExp(`^${status}:Redirected to https://portal\\.example$`),
    }),
  ),
  waits("407 by X's name", plain(407), "unreachable", 20010),
  waits("408", plain(408), "unreachable", 20010),
  waits("400 page of a proxy", page(400), "unreachable", 20010, { says: /^400:[^<]*$/ }),
  waits("403 page of a proxy", page(403), "unreachable", 20010, { says: /^403:[^<]*$/ }),
  waits("404 page of a proxy", page(404), "unreachable", 20010, { says: /^404:[^<]*$/ }),
  {
    name: "201 with the content type of a page",
    cause: (stage) => forever(stage, { contentType: "text/html", accept: true }),
    state: "delivered",
    seen: 1,
    sends: 1,
  },
  {
    name: "201 that drips in a byte at a time",
    cause: (stage) => forever(stage, { slowBytesMs: 1 }),
    state: "delivered",
    seen: 1,
    sends: 1,
  },
];

async function authoriseAgain(stage: Stage): Promise<void> {
  const { registrations } = await stage.call<{ registrations: { id: string; authorization: string }[] }>("registrations.list");
  const [registration] = registrations;
  if (registration?.authorization !== "revoked") return;
  const { authorizeUrl } = await stage.call<{ authorizeUrl: string }>("registrations.authorize", { id: registration.id });
  const { pin } = await stage.control<{ pin: string }>("authorize", { authorizeUrl, accountName: "ITSM_Notify" });
  await stage.call("registrations.confirm", { id: registration.id, pin });
}

const ROWS = [...LOG_IN, ...REFUSALS, ...LIMITS, ...OUT_OF_ORDER, ...ODD_ANSWERS];

t.test("what X answers to a post", async (t) => {
  t.ok(ROWS.length >= 40);
  await playRows(t, ROWS);
});

t.test("a 401 that another account has too is X's own trouble while the key is good", async (t) => {
  const stage = await playRows(t, []);
  await stage.register("Facility", "FM_Notify");
  await everywhere(stage, UNAUTHORIZED, "/2/");
  const [first] = (await stage.notify({ text: "one", functionalUser: "ServiceDesk" })).deliveries;
  t.match((await stage.reaches(first!.id, "waiting")).lastError, { reason: "token-invalid" });
  const [second] = (await stage.notify({ text: "two", functionalUser: "Facility" })).deliveries;
  const { lastError } = await stage.reaches(second!.id, "waiting");
  t.match(lastError, { reason: "x-unavailable", statusList: [{ messageNum: 8753 }, { messageNum: 20009 }] });
});
