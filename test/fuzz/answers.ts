/** X's answers, however wrong, to the plug-in's `deliver` and `lookUp`. */
import fc from "fast-check";
import { FAULTS } from "../../plugins/twitter/faults.ts";
import plugin from "../../plugins/twitter/index.ts";
import type { Secrets, Settings } from "../../plugins/twitter/settings.ts";
import { type Fault, HOST_FAULTS } from "../../src/ar.ts";
import type { Account, Finding, PluginContext, Verdict } from "../../src/contract.ts";
import { fieldsOf } from "./json-rpc-answer.ts";
import { type ScriptedAnswer, type Served, startScriptedX, WHOLE } from "./scripted-x.ts";
import type { Suite } from "./suite.ts";
import { anyAnswer, type GeneratedAnswer, MARK, NOW, pageAnswer, postAnswer, WANTED } from "./x-answers.ts";

const ACCOUNT: Account = {
  id: "1500000000000000001",
  name: "ITSM_Notify",
  token: { accessToken: `1500-${MARK}`, accessTokenSecret: `${MARK}-token` },
};
const REASONS: ReadonlySet<string> = new Set([...Object.keys(FAULTS), ...Object.keys(HOST_FAULTS)]);
/** A day, X's longest window, and the jitter (limits.ts). */
const LONGEST_WAIT_MS = 86_400_000 + 2_000;

const contextOf = (
  apiBaseUrl: string,
  protectedAccount: "warn" | "block",
  failingElsewhere: string[],
  signal: AbortSignal,
): PluginContext<Settings, Secrets> => ({
  settings: { apiBaseUrl, protectedAccount, requestTimeoutSeconds: 20 },
  secrets: { consumerKey: `${MARK}-key`, consumerSecret: `${MARK}-consumer` },
  log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
  clock: { now: () => NOW, wall: () => NOW, report: () => {} },
  signal,
  proxy: {},
  account: ACCOUNT,
  failingElsewhere,
});

const EMPTY_PAGE: ScriptedAnswer = { frame: "length", status: 200, headers: [], body: JSON.stringify({ meta: { result_count: 0 } }) };

const circumstances = fc.record({
  guard: fc.constantFrom("warn" as const, "warn" as const, "warn" as const, "block" as const),
  failing: fc.subarray(["token-invalid", "x-unavailable"], { minLength: 0 }),
  reply: fc.boolean(),
});
const delivering = fc.record({
  kind: fc.constant("deliver" as const),
  answers: fc.array(postAnswer, { minLength: 1, maxLength: 3 }),
  circumstances,
});
const looking = fc.record({
  kind: fc.constant("lookUp" as const),
  answers: fc.array(fc.oneof({ weight: 4, arbitrary: pageAnswer }, anyAnswer), { minLength: 1, maxLength: 3 }),
  circumstances,
  afterId: fc.option(fc.constantFrom("1", "5000000000000000000"), { nil: undefined }),
});

export const answers: Suite = {
  name: "answers",
  statement: "whatever X answers, a post has one of the four verdicts and a look one of the three findings, and the right one",
  share: 0.465,
  async open(t) {
    const x = await startScriptedX(t);
    const mechanism = plugin.mechanism;
    if (!mechanism) throw new Error("the plug-in serves no mechanism");
    t.teardown(() => plugin.terminate?.(contextOf(x.url, "warn", [], AbortSignal.abort())));
    const property = fc.asyncProperty(fc.oneof(delivering, looking), async (one) => {
      // An answer that never comes ends when the host aborts the call.
      const hung = new AbortController();
      x.play(one.answers, { otherwise: () => EMPTY_PAGE, onHang: () => hung.abort() });
      const context = contextOf(x.url, one.circumstances.guard, one.circumstances.failing, hung.signal);
      const post = { deliveryId: "d1", text: WANTED, reply: one.circumstances.reply, index: 1, previousIds: ["77"] };
      const request = {
        ...post,
        ownedIds: ["3"],
        begunAt: NOW,
        ...("afterId" in one && one.afterId !== undefined && { afterId: one.afterId }),
      };
      const faults =
        one.kind === "deliver"
          ? faultsOfVerdict(await mechanism.deliver(post, context), x.served())
          : faultsOfFinding(await mechanism.lookUp(request, context), x.served(), request);
      if (faults.length > 0) throw new Error(`${faults.join("; ")}: ${JSON.stringify(x.served()).slice(0, 2000)}`);
    });
    return { property };
  },
};

const isTame = (answer: Served): boolean => (answer as Partial<GeneratedAnswer>).tame === true;
const isWhole = ({ frame }: Served): boolean => WHOLE.some((whole) => whole === frame);

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** The id that a body gives a post, where it is one as X documents it: a string of at most 19 digits. */
function idIn(body: string): string | undefined {
  const { id } = fieldsOf(fieldsOf(parse(body)).data);
  return typeof id === "string" && /^[0-9]{1,19}$/.test(id) ? id : undefined;
}

/** What is wrong with a verdict, by what was served. */
export function faultsOfVerdict(verdict: Verdict, served: readonly Served[]): string[] {
  const posts = served.filter(({ method, path }) => method === "POST" && path === "/2/tweets");
  const last = posts.at(-1);
  const readable = posts.filter((post) => post.status >= 200 && post.status < 300).map(({ body }) => idIn(body));
  if (verdict.verdict === "delivered") {
    const waits = verdict.pause ? faultsOfWait(verdict.pause.waitMs) : [];
    return readable.includes(verdict.id) ? waits : ["delivered without a readable 2xx with that id", ...waits];
  }
  const wrong = [...faultsOfFault(verdict.fault), ...(verdict.verdict === "retry" ? faultsOfWait(verdict.waitMs) : [])];
  if (last === undefined) return verdict.verdict === "in-doubt" ? [...wrong, "in doubt, and nothing was sent"] : wrong;
  const mustBe = expectedOf(last);
  if (mustBe !== undefined && verdict.verdict !== mustBe) wrong.push(`${verdict.verdict} (${verdict.fault.reason}) in place of ${mustBe}`);
  return wrong;
}

/**
 * The verdict that follows from the status alone, where one does: the body was sent, so nothing but a readable answer
 * says what became of it. A status over 599 is to be taken for a 5xx (RFC 9110 section 15).
 */
function expectedOf(last: Served): Verdict["verdict"] | undefined {
  if (!isWhole(last)) return "in-doubt";
  if (!isTame(last)) return undefined;
  const { status } = last;
  if (status >= 200 && status < 300) return hasBody(status) && idIn(last.body) !== undefined ? "delivered" : "in-doubt";
  return status >= 500 && status !== 503 ? "in-doubt" : undefined;
}

/** RFC 9110 15.3.5, 15.3.6: after a 204 or a 205 there is none, whatever comes. */
const hasBody = (status: number): boolean => status !== 204 && status !== 205;

function faultsOfFault({ reason, cause, detail, x }: Fault): string[] {
  const texts = [cause, detail ?? "", x?.title ?? "", x?.detail ?? ""];
  return [
    ...(REASONS.has(reason) ? [] : [`no fault is called ${reason}`]),
    ...(cause === "" ? ["the fault has no cause"] : []),
    ...(texts.some((text) => /\p{Cc}/u.test(text)) ? ["a text has control characters"] : []),
    ...(texts.some((text) => text.includes(MARK)) ? ["a secret shows"] : []),
  ];
}

const faultsOfWait = (waitMs: number | undefined): string[] =>
  waitMs === undefined || (waitMs >= 0 && waitMs <= LONGEST_WAIT_MS) ? [] : [`a wait of ${waitMs} ms`];

type Shown = { id: string; text: string };
type Looked = { ownedIds: readonly string[]; afterId?: string };

/** What is wrong with a finding, by what was served. */
export function faultsOfFinding(finding: Finding, served: readonly Served[], looked: Looked): string[] {
  const pages = served.filter(({ method, path }) => method === "GET" && path.endsWith("/tweets"));
  if (finding.finding === "unknown") return [...faultsOfFault(finding.fault), ...faultsOfWait(finding.waitMs)];
  const shown = pages.filter(({ status }) => status === 200).flatMap(({ body }) => postsIn(body));
  const mine = shown.filter(({ id, text }) => text === WANTED && isAfter(id, looked));
  if (finding.finding === "found")
    return shown.some(({ id }) => id === finding.id && isAfter(id, looked)) ? [] : ["found a post that was not shown"];
  // A refused timestamp is asked again at once.
  const asked = pages.filter(({ status }, index) => status !== 401 || index === pages.length - 1);
  const unread = asked.some((page) => page.status !== 200 || typeof parse(page.body) !== "object");
  return [
    ...(unread ? ["absent after a page that says nothing"] : []),
    ...(mine.length > 0 && looked.afterId !== undefined ? ["absent, and it was shown"] : []),
  ];
}

const isAfter = (id: string, { ownedIds, afterId }: Looked): boolean =>
  !ownedIds.includes(id) && (afterId === undefined || BigInt(id) > BigInt(afterId));

function postsIn(body: string): Shown[] {
  const { data } = fieldsOf(parse(body));
  return (Array.isArray(data) ? data : []).flatMap((item) => {
    const { id, text } = fieldsOf(item);
    return typeof id === "string" && /^[0-9]{1,19}$/.test(id) && typeof text === "string" ? [{ id, text }] : [];
  });
}
