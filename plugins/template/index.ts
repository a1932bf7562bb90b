/**
 * The template plug-in: posts broadcasts to a service that takes JSON over HTTP. Change what is the service's own: the
 * settings, what a post may hold, the two requests, and what each answer means.
 *
 * The service of this example takes `POST /posts` with `{ text }`, answers 201 with `{ id }`, knows a repeat by its
 * Idempotency-Key, and says at `GET /me` whose a token is.
 */
import Type, { type Static } from "typebox";
import { type Answer, done, type Fault, hostFault, refused } from "../../src/ar.ts";
import { type AccountFacts, definePlugin, type PluginContext, type ServiceFaultTable, type Verdict } from "../../src/contract.ts";

const strict = { additionalProperties: false } as const;

/** `userDefined` in config/perch.yaml. A description is what an editor and `perch check` show. */
const Settings = Type.Object(
  {
    url: Type.String({ pattern: "^https?://[^\\s]+[^/\\s]$", description: "The service, without a slash at the end" }),
    requestTimeoutSeconds: Type.Optional(Type.Number({ minimum: 0.1, maximum: 100, default: 15 })),
  },
  strict,
);

/** `plugins.template` in the credentials file. The host tries each account's token with `probe`, so nobody types a PIN. */
const Secrets = Type.Object(
  {
    accounts: Type.Record(Type.String(), Type.Object({ token: Type.String({ minLength: 1 }) }, strict), {
      description: "The token of each account, by the name of the account",
    }),
  },
  strict,
);
type Context = PluginContext<Static<typeof Settings>, Static<typeof Secrets>>;

/** One row for each failure: its NOTE (take a block of your own in 20100–20999), what it means, what to do, how to go on. */
const FAULTS = {
  "template-unreachable": {
    note: 20900,
    text: "The service can't be reached from this host.",
    advice: "Check name resolution, firewall and certificates; Perch tries again.",
    verdict: "retry",
    pace: "back-off",
    retryable: true,
  },
  "template-busy": {
    note: 20901,
    text: "The service takes nothing for now.",
    advice: "Nothing to do: Perch goes on by itself.",
    verdict: "retry",
    holds: "lane",
    free: true,
    retryable: true,
  },
  "template-token": {
    note: 20902,
    text: "The service does not accept the account's token.",
    advice: "Correct the token in the credentials file; the lane resumes by itself.",
    verdict: "retry",
    holds: "lane",
    pace: "probe",
    retryable: true,
  },
  "template-refused": {
    note: 20903,
    text: "The service refused the post.",
    advice: "Read what it said, and send it again with another text.",
    verdict: "failed",
    retryable: false,
  },
  "template-in-doubt": {
    note: 20904,
    text: "The post was sent and no readable answer came.",
    advice: "Nothing to do: Perch sends it again with the same key, and the service knows the repeat.",
    verdict: "in-doubt",
    retryable: true,
  },
} as const satisfies ServiceFaultTable;
type Reason = keyof typeof FAULTS;

/** What became of a request; `status` 0: no answer came. */
type Exchange = { status: number; retryAfterMs?: number; body: unknown; fault: Fault };

/** The first row that fits decides; what no row fits is in doubt, since only a clear no says that a post does not stand. */
const RULES: readonly { reason: Reason; when: (status: number) => boolean }[] = [
  { reason: "template-busy", when: (status) => status === 429 || status === 503 },
  { reason: "template-token", when: (status) => status === 401 || status === 403 },
  { reason: "template-refused", when: (status) => status >= 300 && status < 500 },
];

/** No byte of the request can have left when one of these ends it. */
const NOT_SENT = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "UND_ERR_CONNECT_TIMEOUT"];

async function request(context: Context, path: string, init: RequestInit = {}): Promise<Exchange> {
  const { url, requestTimeoutSeconds = 15 } = context.settings;
  const headers = { ...init.headers, authorization: `Bearer ${context.account?.token.token}` };
  // The host aborts the signal when the call's time-out passes. A redirect is not followed: it would post elsewhere.
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(requestTimeoutSeconds * 1000)]);
  try {
    const answer = await fetch(url + path, { ...init, headers, signal, redirect: "manual" });
    const body: unknown = await answer.json().catch(() => undefined);
    const seconds = Number(answer.headers.get("retry-after") ?? Number.NaN);
    const reason = RULES.find(({ when }) => when(answer.status))?.reason ?? "template-in-doubt";
    const fault: Fault = { reason, cause: `${answer.status}:${answer.statusText}`, x: { status: answer.status } };
    return { status: answer.status, body, fault, ...(seconds >= 0 && { retryAfterMs: seconds * 1000 }) };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    const reason = NOT_SENT.includes(code) ? "template-unreachable" : "template-in-doubt";
    return { status: 0, body: undefined, fault: { reason, cause: cause instanceof Error ? cause.message : String(cause) } };
  }
}

/** Text fields of an answer's body; nothing of what comes from outside is taken for granted. */
function field(body: unknown, name: string): string | undefined {
  const value = typeof body === "object" && body !== null ? (body as Record<string, unknown>)[name] : undefined;
  return typeof value === "string" ? value : undefined;
}

function verdictOf({ status, body, fault, retryAfterMs }: Exchange): Verdict {
  const id = field(body, "id");
  if (status >= 200 && status < 300 && id !== undefined) return { verdict: "delivered", id };
  const { verdict } = FAULTS[fault.reason as Reason];
  if (verdict !== "retry") return { verdict, fault };
  return { verdict, fault, ...(retryAfterMs !== undefined && { waitMs: retryAfterMs }) };
}

async function probe(context: Context): Promise<Answer<AccountFacts>> {
  const { status, body, fault } = await request(context, "/me");
  const [id, name] = [field(body, "id"), field(body, "name")];
  return status === 200 && id !== undefined && name !== undefined ? done({ id, name }) : refused(fault);
}

const MAX_LENGTH = 1_000;

export default definePlugin<Static<typeof Settings>, Static<typeof Secrets>>({
  apiVersion: 1,
  settingsSchema: Settings,
  secretsSchema: Secrets,
  faults: FAULTS,
  filters: {
    // Any other call from workflow: AR values in, AR values out. This one says how long a text is, and how long it may be.
    "EXAMPLE.TEMPLATE.LENGTH": ([text]) =>
      typeof text === "string" ? [text.length, MAX_LENGTH] : refused(hostFault("bad-input", "input 1 (text) is no text")),
  },
  mechanism: {
    name: "Template",
    alertFilter: "EXAMPLE.TEMPLATE",
    // No `authorize` and no `confirm`: the accounts stand in the credentials file, and there is no PIN.
    // Pure: the same posts for the same text. A long text could also become several posts.
    compose: ({ text }) => {
      const cause = `${text.length} of ${MAX_LENGTH} characters`;
      if (text.length > MAX_LENGTH) return refused({ reason: "template-refused", cause });
      return done({ posts: [{ text, weightedLength: text.length, valid: true }], overflow: "reject" });
    },
    // Exactly one post. The key is the same in each attempt.
    deliver: async ({ text, deliveryId, index }, context) => {
      const headers = { "content-type": "application/json", "idempotency-key": `${deliveryId}-${index}` };
      return verdictOf(await request(context, "/posts", { method: "POST", headers, body: JSON.stringify({ text }) }));
    },
    // The service shows no posts. So the host sends a post in doubt again, and its key tells the service that it is one.
    lookUp: async () => ({
      finding: "unknown",
      readable: false,
      fault: { reason: "template-in-doubt", cause: "The service shows no posts to look for it in" },
    }),
    probe,
  },
});
