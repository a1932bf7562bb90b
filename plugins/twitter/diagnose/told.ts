/** A judgement of X's answer in the words of a diagnosis: the table of failures says what it means and what to do. */
import type { DiagnosisLine } from "../../../src/contract.ts";
import { FAULTS } from "../faults.ts";
import type { Judgement } from "../verdict.ts";

/** What passes by itself and says nothing of the credentials. */
const PASSING: readonly string[] = ["x-unavailable", "rate-limited"];

export function toldOf({ reason, fault }: Judgement): Pick<DiagnosisLine, "state" | "found" | "remedy"> {
  const { status, detail } = fault.x ?? {};
  const said = status === undefined ? fault.cause : `X answers ${status}${detail === undefined ? "" : `: ${detail}`}`;
  if (reason === "plugin-error") {
    const remedy = "Look the answer up in X's documentation; `perch log-level twitter debug` makes the host tell more.";
    return { state: "fail", found: said, remedy };
  }
  const { text, advice } = FAULTS[reason];
  return { state: PASSING.includes(reason) ? "warn" : "fail", found: `${text} ${said}`, remedy: advice };
}
