/** The lines of the clock and of the consumer key: one request for a request token, which nobody will use, tells both. */
import type { DiagnosisLine, PluginContext } from "../../../src/contract.ts";
import { gather, requestToken, type Service } from "../call.ts";
import { readSaid } from "../said.ts";
import type { CompleteSettings } from "../settings.ts";
import { type Evidence, judge } from "../verdict.ts";
import { step } from "./reach.ts";
import { toldOf } from "./told.ts";

const KEY = "consumer key";
/** X's Date has whole seconds, and the way there takes its part. */
const RIGHT_WITHIN_MS = 2_000;

type Measured = { offsetMs: number; serverDate: string };

export async function diagnoseApp(service: Service, context: PluginContext): Promise<[clock: DiagnosisLine, key: DiagnosisLine]> {
  let measured: Measured | undefined;
  const clock = {
    ...context.clock,
    report(offsetMs: number, serverDate: string) {
      measured ??= { offsetMs, serverDate };
      context.clock.report(offsetMs, serverDate);
    },
  };
  const evidence = await gather(service, requestToken, { ...context, clock, signal: step(context.signal) });
  return [
    { check: "clock", ...clockTold(measured, evidence, service.settings.clock) },
    { check: KEY, ...keyTold(evidence), ofCredentials: true },
  ];
}

type Told = Pick<DiagnosisLine, "state" | "found" | "remedy">;

function clockTold(
  measured: Measured | undefined,
  { exchange }: Evidence,
  { correction, toleranceSeconds }: CompleteSettings["clock"],
): Told {
  if (!measured) {
    if (exchange.kind === "lost") return { state: "skipped", found: "X gave no answer to measure it by" };
    const remedy = "Something in between may take the Date header away or answer from a cache: let it pass X's answers on as they are.";
    return { state: "warn", found: "X's answer has no Date to measure it by", remedy };
  }
  const { offsetMs, serverDate } = measured;
  const seconds = Math.round(Math.abs(offsetMs) / 1000);
  if (Math.abs(offsetMs) <= RIGHT_WITHIN_MS) return { state: "ok", found: "right, as far as X's Date tells" };
  const found = `this host's clock is ${seconds} s ${offsetMs > 0 ? "slow" : "fast"} against X, whose Date is ${serverDate}`;
  if (seconds <= toleranceSeconds) return { state: "ok", found: `${found}; up to ${toleranceSeconds} s are tolerated` };
  const remedy = "Synchronise this host's clock (NTP), for example: timedatectl set-ntp true";
  if (correction === "auto") return { state: "warn", found: `${found}; requests are signed with X's time`, remedy };
  return { state: "fail", found, remedy: `${remedy}. Or set clock.correction to auto.` };
}

function keyTold(evidence: Evidence): Told {
  const { exchange } = evidence;
  if (exchange.kind === "answer") {
    if (exchange.status === 200) return { state: "ok", found: "X accepts it" };
    // 415 and 417: X knows the key and refuses only a log-in by PIN (developer.twitter.com, response codes).
    const { code } = readSaid(exchange);
    if (code === 415 || code === 417) {
      const remedy =
        "Where accounts are to be authorised with a PIN: in the app's settings at X, set up user authentication without a callback.";
      return { state: "warn", found: `X accepts it, but refuses a log-in by PIN (code ${code})`, remedy };
    }
  }
  const judgement = judge({ ...evidence, key: "refused" });
  if (judgement.reason === "clock-skew")
    return { state: "skipped", found: "hangs on clock: X refuses the time, and did not look at the key" };
  return toldOf(judgement);
}
