/** Every trouble that a service on HTTP is known to make, and the verdicts of `deliver` that are right in it. */
import type { Verdict } from "../contract.ts";
import type { ServiceAnswer } from "./faulty-service.ts";

export type Trouble = {
  /** What becomes of the answer with which the service takes a post; `closed`: nobody listens at the service's address. */
  spoil: "closed" | ((accepted: ServiceAnswer) => ServiceAnswer);
  /** Where the service knows repeats by a key, `retry` may stand for `in-doubt`. */
  verdicts: readonly Verdict["verdict"][];
  /** It says nothing of what the service holds, so `lookUp` may not conclude that a post is there, or that it is absent. */
  hides?: true;
  /** Only a time-out ends it. */
  stalls?: true;
};

const status =
  (code: number, headers: Record<string, string> = {}) =>
  (): ServiceAnswer => ({ status: code, headers, body: { error: `a ${code}` } });
const breaks = (how: NonNullable<ServiceAnswer["breaks"]>) => (accepted: ServiceAnswer) => ({ ...accepted, breaks: how });
const refuses = (code: number): Trouble => ({ spoil: status(code), verdicts: ["failed", "retry"] });
/** The request was carried out, or not; the answer does not say. */
const fails = (code: number): Trouble => ({ spoil: status(code), verdicts: ["in-doubt"], hides: true });
const UNREADABLE = { verdicts: ["in-doubt", "delivered"], hides: true } as const;
const HARMLESS = { verdicts: ["delivered"] } as const;
const PAGE = "<!doctype html><title>Welcome</title><p>Log in to the network.";
const HOUR_SECONDS = 3_600;

/** By what happens. Connections first, then statuses, then answers that can't be read, then what must do no harm. */
export const TROUBLES = {
  "nobody listens": { spoil: "closed", verdicts: ["retry"], hides: true },
  "the connection is reset at once": { spoil: breaks("reset-at-connect"), verdicts: ["retry", "in-doubt"], hides: true },
  "the connection is reset before an answer": { spoil: breaks("reset-before-answer"), verdicts: ["in-doubt"], hides: true },
  "the connection is reset within the answer": { spoil: breaks("reset-in-answer"), ...UNREADABLE },
  "the answer is cut short": { spoil: breaks("cut-in-answer"), ...UNREADABLE },
  "no answer comes": { spoil: breaks("silent"), verdicts: ["in-doubt"], hides: true, stalls: true },
  "the answer never ends": { spoil: breaks("endless"), ...UNREADABLE, stalls: true },
  "the answer is no HTTP": { spoil: breaks("garbage"), verdicts: ["in-doubt"], hides: true },
  "the answer comes slowly": { spoil: (accepted) => ({ ...accepted, breaks: "slow", everyMs: 2 }), verdicts: ["delivered", "in-doubt"] },

  "a 302 to elsewhere": { spoil: status(302, { location: "/elsewhere" }), verdicts: ["retry", "failed", "in-doubt"] },
  "a 307 to elsewhere": { spoil: status(307, { location: "/elsewhere" }), verdicts: ["retry", "failed", "in-doubt"] },
  "a 400": refuses(400),
  "a 401": refuses(401),
  "a 403": refuses(403),
  "a 404": refuses(404),
  "a 413": refuses(413),
  "a 422": refuses(422),
  "a 429": { spoil: status(429), verdicts: ["retry"], hides: true },
  "a 429 with Retry-After in seconds": { spoil: status(429, { "retry-after": "30" }), verdicts: ["retry"], hides: true },
  "a 429 with a Retry-After that is none": { spoil: status(429, { "retry-after": "soon" }), verdicts: ["retry"], hides: true },
  "a 500": fails(500),
  "a 502": fails(502),
  "a 503": { spoil: status(503), verdicts: ["retry", "in-doubt"], hides: true },
  "a 504": fails(504),

  "a page instead of an answer": { spoil: () => ({ status: 200, headers: { "content-type": "text/html" }, body: PAGE }), ...UNREADABLE },
  "an answer without a body": { spoil: ({ status: code = 200 }) => ({ status: code }), ...UNREADABLE },
  "JSON of another shape": { spoil: (accepted) => ({ ...accepted, body: { data: [null, 7] } }), ...UNREADABLE },
  "half of an answer's JSON": { spoil: (accepted) => ({ ...accepted, body: '{"id": "1", "te' }), ...UNREADABLE },
  "a wrong content type": {
    spoil: (accepted) => ({ ...accepted, headers: { ...accepted.headers, "content-type": "text/plain" } }),
    verdicts: ["delivered", "in-doubt"],
  },

  "a service whose clock is an hour ahead": { spoil: (accepted) => ({ ...accepted, dateOffsetSeconds: HOUR_SECONDS }), ...HARMLESS },
  "a service whose clock is an hour behind": { spoil: (accepted) => ({ ...accepted, dateOffsetSeconds: -HOUR_SECONDS }), ...HARMLESS },
  "an answer without a Date": { spoil: (accepted) => ({ ...accepted, dateOffsetSeconds: "none" }), ...HARMLESS },
} as const satisfies Record<string, Trouble>;
export type TroubleName = keyof typeof TROUBLES;
