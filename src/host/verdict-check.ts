/** A plug-in may answer nonsense, or not at all. Then nobody knows whether the post stands: it is in doubt. */
import { type Answer, type Fault, hostFault } from "../ar.ts";
import type { Finding, Verdict } from "../contract.ts";

const VERDICTS: readonly string[] = ["delivered", "retry", "failed", "in-doubt"] satisfies Verdict["verdict"][];
const FINDINGS: readonly string[] = ["found", "absent", "unknown"] satisfies Finding["finding"][];

export function verdictFrom(called: Answer<Verdict>): Verdict {
  if (!called.ok) return { verdict: "in-doubt", fault: called.fault };
  const { value } = called;
  const known = isRecord(value) && VERDICTS.includes(String(value.verdict));
  if (known && (value.verdict === "delivered" ? typeof value.id === "string" : isFault(value.fault))) return value;
  return { verdict: "in-doubt", fault: hostFault("plugin-error", "the plug-in answered `deliver` with something that is no verdict") };
}

export function findingFrom(called: Answer<Finding>): Finding {
  if (!called.ok) return { finding: "unknown", fault: called.fault, readable: true };
  const { value } = called;
  const known = isRecord(value) && FINDINGS.includes(String(value.finding));
  if (known && (value.finding !== "found" || typeof value.id === "string") && (value.finding !== "unknown" || isFault(value.fault)))
    return value;
  return {
    finding: "unknown",
    readable: true,
    fault: hostFault("plugin-error", "the plug-in answered `lookUp` with something that is no finding"),
  };
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
const isFault = (value: unknown): value is Fault => isRecord(value) && typeof value.reason === "string" && typeof value.cause === "string";
