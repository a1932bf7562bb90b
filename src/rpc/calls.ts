/** Calls of the table of methods, whichever way in they come by: who may, whether the params validate, what came of it. */
import type { ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { type Fault, reportFault } from "../ar.ts";
import type { PluginLog } from "../contract.ts";
import type { Caller, Host } from "../host/verbs.ts";
import { explain } from "./explain.ts";
import { type Method, parameterNames } from "./method.ts";
import { nearest } from "./nearest.ts";
import { numberOf } from "./rpc-error.ts";
import { mayCall, refuseCall, runMethod } from "./run-method.ts";

export type CallRequest = {
  method: string;
  /** By name, or by position as a list. */
  params: object;
  /** What is wrong with some text in the params; only an answer to a known method says so. */
  textFault?: string | undefined;
};

export type CallOutcome =
  | { ok: true; value: unknown }
  /** Refused by the host, or by the caller's role. */
  | { ok: false; kind: "fault"; fault: Fault }
  /** There is no such method, or its params do not validate; the sentence says where and what. */
  | { ok: false; kind: "method" | "params"; sentence: string }
  /** A bug of the host's; the reference leads to its log line. */
  | { ok: false; kind: "bug"; reference: string };

export type CallsOptions = {
  host: Host;
  methods: readonly Method[];
  log: Pick<PluginLog, "error">;
  /** Names one failure in the log and to the caller. */
  reference: () => string;
  /** Told of each call that was answered. `method` is one of the table, or {@link NO_METHOD}; `code`: ok, or the error's number. */
  onCall?: (method: string, code: string, seconds: number) => void;
};

/** What calls of methods that do not exist are counted as, so that nobody can make counters up. */
export const NO_METHOD = "unknown";

/** Never rejects. Runs synchronously up to the host's verb: the order of a batch depends on it. */
export type Calls = (request: CallRequest, caller: Caller) => Promise<CallOutcome>;

type Entry = { method: Method; validate: ValidateFunction; parameters: readonly string[] };

export function openCalls(options: CallsOptions): Calls {
  const entries = compile(options.methods);
  const { host, log, reference, onCall } = options;

  async function run(request: CallRequest, caller: Caller): Promise<CallOutcome> {
    const entry = entries.get(request.method);
    if (!entry) return { ok: false, kind: "method", sentence: unknownMethod(request.method, entries) };
    const { method } = entry;
    const params = readParams(request, entry);
    if (!mayCall(caller, method)) {
      const tried = params.ok ? params.value : {};
      return { ok: false, kind: "fault", fault: await refuseCall(method, host, caller, tried) };
    }
    if (!params.ok) return { ok: false, kind: "params", sentence: params.sentence };
    const answered = await runMethod(method, host, params.value, caller);
    return answered.ok ? answered : { ok: false, kind: "fault", fault: answered.fault };
  }

  async function runSafely(request: CallRequest, caller: Caller): Promise<CallOutcome> {
    try {
      return await run(request, caller);
    } catch (error) {
      const name = reference();
      log.error({ method: request.method, client: caller.name, reference: name, err: error }, "A method failed unexpectedly");
      return { ok: false, kind: "bug", reference: name };
    }
  }

  return async (request, caller) => {
    const begunAt = performance.now();
    const outcome = await runSafely(request, caller);
    const method = entries.has(request.method) ? request.method : NO_METHOD;
    onCall?.(method, codeOf(outcome, host), (performance.now() - begunAt) / 1000);
    return outcome;
  };
}

const JSON_RPC_CODES = { method: "-32601", params: "-32602", bug: "-32603" } as const;

/** The same for every way in, so that one query finds all refusals of a kind. */
function codeOf(outcome: CallOutcome, { faults }: Pick<Host, "faults">): string {
  if (outcome.ok) return "ok";
  return outcome.kind === "fault" ? String(numberOf(reportFault(outcome.fault, faults))) : JSON_RPC_CODES[outcome.kind];
}

function compile(methods: readonly Method[]): ReadonlyMap<string, Entry> {
  // Not allErrors: a body of a million wrong values would cost a million error objects.
  const ajv = new Ajv2020({ allErrors: false, verbose: true, validateSchema: false });
  return new Map(methods.map((method) => [method.name, entryOf(method, ajv)]));
}

/** Compiled when it is first called: all of them would be a tenth of a second of each start. */
function entryOf(method: Method, ajv: Ajv2020): Entry {
  let compiled: ValidateFunction | undefined;
  return {
    method,
    get validate() {
      compiled ??= ajv.compile(method.params);
      return compiled;
    },
    parameters: parameterNames(method.params),
  };
}

function readParams({ params, textFault }: CallRequest, entry: Entry): { ok: true; value: object } | { ok: false; sentence: string } {
  if (textFault !== undefined) return { ok: false, sentence: textFault };
  const { validate, parameters } = entry;
  if (Array.isArray(params) && params.length > parameters.length) {
    const sentence = `${params.length} values by position, and there are only ${parameters.length} parameters: ${parameters.join(", ")}`;
    return { ok: false, sentence };
  }
  const value = nameParams(params, parameters);
  return validate(value) ? { ok: true, value } : { ok: false, sentence: explain(validate.errors ?? [], parameters) };
}

/** JSON-RPC 2.0, section 4.2: params by position become params by name. */
const nameParams = (params: object, names: readonly string[]): object =>
  Array.isArray(params) ? Object.fromEntries(params.map((value, index) => [names[index], value])) : params;

function unknownMethod(name: string, entries: ReadonlyMap<string, Entry>): string {
  const guess = nearest(name, [...entries.keys()]);
  const shown = name.slice(0, 64).toWellFormed();
  return guess === undefined ? `there is no ${shown}; rpc.discover lists what there is` : `there is no ${shown}; did you mean ${guess}?`;
}
