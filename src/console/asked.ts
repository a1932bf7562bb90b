/** What a page is given, and what it calls: the table of methods, so that roles, audit and metrics are those of /rpc. */
import { type FaultReport, hostFault, reportFault } from "../ar.ts";
import type { Caller, Host } from "../host/verbs.ts";
import type { CallOutcome, Calls } from "../rpc/calls.ts";
import { bugFault, INTERNAL } from "../rpc/rpc-error.ts";
import { statusOf } from "../rpc/statuses.ts";
import type { Session } from "./sessions.ts";

type ValueOf<Verb extends keyof Host> = Host[Verb] extends (...given: never[]) => Promise<infer A> ? Extract<A, { ok: true }> : never;
/** What the methods answer that pages call. */
type Results = {
  "server.status": ValueOf<"status">["value"];
  notify: ValueOf<"notify">["value"];
  preview: ValueOf<"preview">["value"];
  "server.history": ValueOf<"history">["value"];
  "deliveries.list": ValueOf<"listDeliveries">["value"];
  "deliveries.get": ValueOf<"getDelivery">["value"];
  "deliveries.retry": ValueOf<"retryDeliveries">["value"];
  "deliveries.cancel": ValueOf<"cancelDeliveries">["value"];
  "lanes.list": ValueOf<"listLanes">["value"];
  "lanes.pause": ValueOf<"pauseLane">["value"];
  "lanes.resume": ValueOf<"resumeLane">["value"];
  "registrations.list": ValueOf<"listRegistrations">["value"];
  "registrations.get": ValueOf<"getRegistration">["value"];
  "registrations.create": ValueOf<"createRegistration">["value"];
  "registrations.update": ValueOf<"updateRegistration">["value"];
  "registrations.delete": ValueOf<"deleteRegistration">["value"];
  "registrations.authorize": ValueOf<"authorizeRegistration">["value"];
  "registrations.confirm": ValueOf<"confirmRegistration">["value"];
  "users.suggest": ValueOf<"suggestUsers">["value"];
  "server.logs": ValueOf<"readLog">["value"];
  "server.logLevel": ValueOf<"setLogLevel">["value"];
  "plugins.list": ValueOf<"listPlugins">["value"];
  "plugins.restart": ValueOf<"restartPlugin">["value"];
  "audit.list": ValueOf<"listAudit">["value"];
};

/** A refusal as a page shows it; `status` of HTTP. */
export type Failed = { ok: false; status: number; report: FaultReport };
export type Called<T> = { ok: true; value: T } | Failed;
export type Call = <M extends keyof Results>(method: M, params?: object) => Promise<Called<Results[M]>>;

export type Asked = {
  caller: Caller;
  /** What each form of the page must carry. */
  csrf: string;
  params: Readonly<Record<string, string>>;
  query: URLSearchParams;
  /** Milliseconds since 1970. */
  now: number;
  /** What is left of a lane's budget, as its service said last. */
  limits: readonly Limit[];
  /** Where the owners of accounts log in, by registration: of what this session has begun to authorise. */
  logInPages: Session["logInPages"];
  call: Call;
};
/** `account` is empty where all accounts of a key share it. */
export type Limit = { plugin: string; account: string; name: string; remaining: number; size?: number | undefined };

export function callAs(caller: Caller, calls: Calls, { faults }: Pick<Host, "faults">): Call {
  return async (method, params = {}) => {
    const outcome = await calls({ method, params }, caller);
    // A method answers what its verb answers: `defineMethod` ties both to one schema.
    return outcome.ok ? { ok: true, value: outcome.value as never } : failureOf(outcome, faults);
  };
}

/** For what a page shows where it can. */
export async function askedOr<T>(called: Promise<Called<T>>, otherwise: T): Promise<T> {
  const answered = await called;
  return answered.ok ? answered.value : otherwise;
}

function failureOf(outcome: Extract<CallOutcome, { ok: false }>, faults: Host["faults"]): Failed {
  if (outcome.kind === "bug") return { ok: false, status: 500, report: reportFault(bugFault(outcome.reference), INTERNAL) };
  const fault = outcome.kind === "fault" ? outcome.fault : hostFault("bad-input", outcome.sentence);
  return { ok: false, status: statusOf(fault.reason), report: reportFault(fault, faults) };
}
