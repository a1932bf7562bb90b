/** Answers as X gives them, almost gives them, and as only something broken in its place would. */
import fc from "fast-check";
import { anyJson, anyString } from "./from-schema.ts";
import { BROKEN, type ScriptedAnswer, WHOLE } from "./scripted-x.ts";

/** In every secret, and in what no reader of an error may see. */
export const MARK = "Zq7MARK";
/** The time of all cases, so that a seed repeats them. */
export const NOW = Date.UTC(2026, 10, 24, 12);

const STATUSES = [200, 200, 201, 201, 201, 202, 301, 302, 303, 307, 308, 400, 401, 401, 402, 403, 403, 404, 408, 409, 410, 413, 417, 422];
const MORE_STATUSES = [429, 429, 431, 433, 451, 500, 501, 502, 503, 504, 520, 529, 599];
const status = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...STATUSES, ...MORE_STATUSES) },
  { weight: 1, arbitrary: fc.integer({ min: 200, max: 999 }) },
);

const CODES = [
  32, 50, 63, 64, 88, 89, 99, 130, 131, 135, 161, 170, 179, 185, 186, 187, 215, 220, 226, 261, 326, 348, 385, 416, 417, 433, 453,
];
const SEGMENTS = ["about:blank", "https://api.twitter.com/2/problems/", "https://api.x.com/2/problems/"];
const PROBLEMS = [
  "client-forbidden",
  "oauth1-permissions",
  "usage-capped",
  "credits",
  "rate-limit-exceeded",
  "duplicate-rules",
  "not-authorized-for-resource",
  "resource-not-found",
  "invalid-request",
];
const SENTENCES = [
  "Unauthorized",
  "Forbidden",
  "You are not allowed to create a Tweet with duplicate content.",
  "Tweet text is too long",
  "Could not authenticate you",
  "Too Many Requests",
  "Timestamp out of bounds",
];
const sentence = fc.oneof(fc.constantFrom(...SENTENCES), anyString);
const v1 = fc
  .tuple(fc.oneof(fc.constantFrom<unknown>(...CODES), anyJson), sentence)
  .map(([code, message]) => ({ errors: [{ code, message }] }));
const v2 = fc.record(
  {
    title: sentence,
    detail: sentence,
    type: fc.tuple(fc.constantFrom(...SEGMENTS), fc.constantFrom(...PROBLEMS)).map((parts) => parts.join("")),
    status: fc.integer(),
    reason: fc.oneof(fc.constantFrom("client-not-enrolled", "official-client-forbidden"), anyString),
    errors: fc.array(fc.record({ message: sentence, code: fc.oneof(fc.constantFrom<unknown>(...CODES), anyJson) }), { maxLength: 2 }),
  },
  { requiredKeys: ["title"] },
);

const ID_TEXTS = ["", "0", "1", "9999999999999999999", "99999999999999999999", "12a", "-1", "1e5", " 1", "１２", "1\n"];
const id = fc.oneof(
  { weight: 5, arbitrary: fc.bigInt({ min: 1n, max: 9_999_999_999_999_999_999n }).map(String) },
  { weight: 2, arbitrary: fc.constantFrom<unknown>(...ID_TEXTS) },
  { weight: 1, arbitrary: anyJson },
);
const created = fc.record({ data: fc.oneof({ weight: 6, arbitrary: fc.record({ id, text: anyString }) }, anyJson) });

/** What the post in doubt says, in `lookUp`'s cases. */
export const WANTED = "E-mail is down in Paris";
const moment = fc.oneof(
  fc.integer({ min: -200_000, max: 200_000 }).map((seconds) => new Date(NOW + seconds * 1000).toISOString()),
  anyString,
);
const shown = fc.record(
  {
    id,
    text: fc.oneof(fc.constant(WANTED), fc.constant(`@ITSM_Notify ${WANTED}`), sentence, anyJson),
    created_at: moment,
    entities: fc.oneof(
      fc.record({
        urls: fc.array(
          fc.record({ url: fc.webUrl(), expanded_url: fc.oneof(fc.webUrl(), anyJson), media_key: anyJson }, { requiredKeys: [] }),
        ),
      }),
      anyJson,
    ),
  },
  { requiredKeys: ["id", "text"] },
);
const page = fc.record(
  {
    data: fc.oneof({ weight: 8, arbitrary: fc.array(shown, { maxLength: 4 }) }, anyJson),
    meta: fc.oneof(
      {
        weight: 8,
        arbitrary: fc.record({ result_count: fc.integer({ min: 0, max: 4 }), next_token: fc.string() }, { requiredKeys: ["result_count"] }),
      },
      anyJson,
    ),
    errors: fc.array(anyJson, { maxLength: 1 }),
  },
  { requiredKeys: [] },
);

const text = (value: fc.Arbitrary<unknown>): fc.Arbitrary<string> => value.map((one) => JSON.stringify(one) ?? "");
const errorBody = fc.oneof(
  text(v1),
  text(v2),
  fc.constantFrom("", "null", "[]", "{}", "<html><body>502 Bad Gateway</body></html>", "Failed to validate oauth signature and token"),
);
const anyBody = fc.oneof(text(anyJson), fc.string({ unit: "binary" }), fc.constant("x".repeat(70_000)), fc.constant("[".repeat(20_000)));
/** Some of the text lost or changed. */
const spoilt = (body: fc.Arbitrary<string>) =>
  fc.tuple(body, fc.nat(), fc.string({ maxLength: 3 })).map(([whole, at, piece]) => {
    const cut = at % (whole.length + 1);
    return whole.slice(0, cut) + piece + whole.slice(cut + piece.length + (at % 2));
  });
const bodyOf = (good: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 5, arbitrary: good },
    { weight: 5, arbitrary: errorBody },
    { weight: 2, arbitrary: spoilt(fc.oneof(good, errorBody)) },
    { weight: 1, arbitrary: anyBody },
  );

const seconds = (around: number) =>
  fc.oneof(
    fc.integer({ min: -100_000, max: 100_000 }).map((shift) => String(around + shift)),
    fc.constantFrom("0", "-1", "1e9", "99999999999999999999", "", "soon", "٣"),
  );
const date = fc.oneof(
  fc
    .tuple(fc.constantFrom(0, 0, 0, 30, -61, 3600, -86_400, 1e9), fc.constantFrom("GMT", "UTC"))
    .map(([shift, zone]) => new Date(NOW + shift * 1000).toUTCString().replace("GMT", zone)),
  fc.constantFrom("Tue, 31 Feb 2026 00:00:00 GMT", "yesterday", "", "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"),
);
const WINDOWS = ["x-rate-limit", "x-user-limit-24hour", "x-app-limit-24hour"] as const;
/** None of these says anything of the body's length. */
const tameHeader = fc.oneof(
  { weight: 4, arbitrary: date.map((value) => ["date", value] as const) },
  fc
    .tuple(fc.constantFrom(...WINDOWS), fc.constantFrom("0", "1", "100", "-1", "none"))
    .map(([name, left]) => [`${name}-remaining`, left] as const),
  fc.tuple(fc.constantFrom(...WINDOWS), seconds(NOW / 1000)).map(([name, reset]) => [`${name}-reset`, reset] as const),
  seconds(0).map((value) => ["retry-after", value] as const),
  fc.constantFrom("0", "3600").map((value) => ["age", value] as const),
  fc.constantFrom("read", "read-write").map((value) => ["x-access-level", value] as const),
  fc.constantFrom("application/json; charset=utf-8", "text/html", "x/y").map((value) => ["content-type", value] as const),
  fc.constantFrom(`https://elsewhere.example/${MARK}?x=1`, "/2/tweets", "::").map((value) => ["location", value] as const),
);
const WILD: readonly (readonly [string, string])[] = [
  ["content-length", "5"],
  ["content-length", "-1"],
  ["content-length", "99999999999"],
  ["transfer-encoding", "chunked"],
  ["transfer-encoding", "gzip"],
  ["content-encoding", "gzip"],
  ["connection", "upgrade"],
  ["upgrade", "websocket"],
  ["bad name", "x"],
  ["x-nul", "a\0b"],
  ["x-long", "y".repeat(20_000)],
  ["set-cookie", "a=b"],
  ["date", "\u00e9"],
];
const wildHeader = fc.oneof(tameHeader, fc.constantFrom(...WILD));

export type GeneratedAnswer = ScriptedAnswer & { tame: boolean };

/** `tame`: whatever it says, it says it in proper HTTP, so it can be told what must become of it. */
function answerWith(good: fc.Arbitrary<string>): fc.Arbitrary<GeneratedAnswer> {
  const body = bodyOf(good);
  const broken = fc.oneof({ weight: 30, arbitrary: fc.constantFrom(...BROKEN.slice(0, -1)) }, fc.constant("hang" as const));
  return fc.oneof(
    {
      weight: 10,
      arbitrary: fc.record({
        tame: fc.constant(true),
        frame: fc.constantFrom(...WHOLE),
        status,
        headers: fc.array(tameHeader, { maxLength: 5 }),
        body,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ tame: fc.constant(false), frame: broken, status, headers: fc.array(tameHeader, { maxLength: 2 }), body }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        tame: fc.constant(false),
        frame: fc.constantFrom(...WHOLE),
        status,
        headers: fc.array(wildHeader, { maxLength: 4 }),
        body,
      }),
    },
  );
}

export const postAnswer = answerWith(text(created));
export const pageAnswer = answerWith(text(page));
export const anyAnswer = answerWith(fc.oneof(text(created), text(page)));
