/** Failures as problem details (RFC 9457), with AR System's number and status list. */
import type { Static } from "typebox";
import { type Fault, FaultReport, type FaultTable, hostFault, reportFault } from "../ar.ts";
import { bugFault, INTERNAL, numberOf } from "../rpc/rpc-error.ts";
import { statusOf } from "../rpc/statuses.ts";
import type { Refusal } from "../rpc/transport-errors.ts";
import { Type } from "../type.ts";

export const PROBLEM_MEDIA = "application/problem+json; charset=utf-8";

const { message: _, ...facts } = FaultReport.properties;
export const Problem = Type.Object(
  {
    type: Type.String({ description: "Names the kind of failure; a name and no address", pattern: "^urn:problem-type:perch:[a-z0-9-]+$" }),
    title: Type.String({ description: "What the kind of failure means; always the same for one type" }),
    status: Type.Integer({ minimum: 400, maximum: 599, description: "HTTP status" }),
    detail: Type.String({ description: "The line that people see" }),
    instance: Type.String({ description: "Path of the request" }),
    arerr: Type.Integer({ description: "AR System's message number" }),
    ...facts,
  },
  { additionalProperties: false, title: "Problem" },
);
export type Problem = Static<typeof Problem>;

/** As long as a path of ours can be. */
const MAX_INSTANCE = 255;

/** `status`: where HTTP itself refuses; else the fault's own. */
export function problemOf(fault: Fault, faults: FaultTable, path: string, status = statusOf(fault.reason)): Problem {
  const { message, ...report } = reportFault(fault, faults);
  return {
    type: `urn:problem-type:perch:${report.reason}`,
    title: faults[fault.reason]?.text ?? "The plug-in failed.",
    status,
    detail: message,
    instance: path.slice(0, MAX_INSTANCE),
    arerr: numberOf(report),
    ...report,
  };
}

/** Of a bug of the host's: nothing of its cause, and the reference that leads to its log line. */
export const bugProblem = (reference: string, path: string): Problem => problemOf(bugFault(reference), INTERNAL, path, 500);

/** What HTTP itself refuses below a place, before there is a call. */
export const refusalProblems =
  (faults: FaultTable) =>
  (refusal: Refusal): { type: string; body: string } => ({ type: PROBLEM_MEDIA, body: JSON.stringify(refusalProblem(refusal, faults)) });

function refusalProblem({ status, path, sentence, reference }: Refusal, faults: FaultTable): Problem {
  if (reference !== undefined) return bugProblem(reference, path);
  return problemOf(hostFault(status === 404 ? "not-found" : "bad-input", sentence, sentence), faults, path, status);
}
