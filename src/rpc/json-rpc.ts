/**
 * JSON-RPC 2.0 (https://www.jsonrpc.org/specification), from the bytes of a body to the text of the answer.
 * Section numbers in comments are those of the specification.
 */
import type { ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { PluginLog } from "../contract.ts";
import type { Caller, Host } from "../host/verbs.ts";
import { explain } from "./explain.ts";
import { type Method, parameterNames } from "./method.ts";
import { nearest } from "./nearest.ts";
import { findDataFault, isPoison } from "./plain-data.ts";
import { errorResponse, faultError, internalError, protocolError, type RpcError } from "./rpc-error.ts";
import { mayCall, refuseCall, runMethod } from "./run-method.ts";

export const MAX_BATCH = 1_000;

type Id = string | number | null;
type Outcome = { result: unknown } | { error: RpcError };
type Entry = { method: Method; validate: ValidateFunction; parameters: readonly string[] };
type Request = {
  /** Undefined: a notification, which is never answered. */
  id: Id | undefined;
  method: string;
  params: object;
  /** What is wrong with some text in the params; only an answer to a known method says so. */
  textFault: string | undefined;
};
type Reading = { ok: true; request: Request } | { ok: false; id: Id; sentence: string };

export type JsonRpcOptions = {
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

export type JsonRpc = {
  /** The text to send back, or undefined when nothing may be answered (only notifications). Never rejects. */
  answer(body: Uint8Array, caller: Caller): Promise<string | undefined>;
};

export function openJsonRpc(options: JsonRpcOptions): JsonRpc {
  const entries = compile(options.methods);
  const { host } = options;

  async function answer(body: Uint8Array, caller: Caller): Promise<string | undefined> {
    const parsed = parse(body);
    if (!parsed.ok) return refusal(-32700, parsed.sentence);
    if (!Array.isArray(parsed.value)) return answerOne(parsed.value, caller);
    const size = parsed.value.length;
    if (size === 0) return refusal(-32600, "a batch must hold at least one request");
    if (size > MAX_BATCH) return refusal(-32600, `a batch may hold at most ${MAX_BATCH} requests; this one holds ${size}`);
    // Each is begun before the next, so that calls are accepted in the order of the batch; none waits for another.
    const answers = await Promise.all(parsed.value.map((request) => answerOne(request, caller)));
    const spoken = answers.filter((text) => text !== undefined);
    return spoken.length === 0 ? undefined : `[${spoken.join(",")}]`;
  }

  function refusal(code: -32700 | -32600, sentence: string, id: Id = null): string {
    options.onCall?.(NO_METHOD, String(code), 0);
    return JSON.stringify(errorResponse(id, protocolError(code, sentence, host.faults)));
  }

  async function answerOne(value: unknown, caller: Caller): Promise<string | undefined> {
    const reading = readRequest(value);
    // Section 5.1: also without an id, since nobody can tell whether it was meant as a notification.
    if (!reading.ok) return refusal(-32600, reading.sentence, reading.id);
    const { request } = reading;
    const id = request.id ?? null;
    const begunAt = performance.now();
    const count = (code: string | number) => {
      const method = entries.has(request.method) ? request.method : NO_METHOD;
      options.onCall?.(method, String(code), (performance.now() - begunAt) / 1000);
    };
    try {
      const outcome = await call(request, caller);
      count("error" in outcome ? outcome.error.code : "ok");
      return request.id === undefined ? undefined : JSON.stringify({ jsonrpc: "2.0", id, ...outcome });
    } catch (error) {
      count(-32603);
      const reference = options.reference();
      options.log.error({ method: request.method, client: caller.name, reference, err: error }, "A method failed unexpectedly");
      return request.id === undefined ? undefined : JSON.stringify(errorResponse(id, internalError(reference)));
    }
  }

  /** Runs synchronously up to the host's verb: the order of a batch depends on it. */
  async function call(request: Request, caller: Caller): Promise<Outcome> {
    const entry = entries.get(request.method);
    if (!entry) return { error: protocolError(-32601, unknownMethod(request.method, entries), host.faults) };
    const { method } = entry;
    const params = readParams(request, entry);
    if (!mayCall(caller, method)) {
      const tried = params.ok ? params.value : {};
      return { error: faultError(await refuseCall(method, host, caller, tried), host.faults) };
    }
    if (!params.ok) return { error: protocolError(-32602, params.sentence, host.faults) };
    const answered = await runMethod(method, host, params.value, caller);
    return answered.ok ? { result: answered.value ?? null } : { error: faultError(answered.fault, host.faults) };
  }

  return { answer };
}

function compile(methods: readonly Method[]): ReadonlyMap<string, Entry> {
  // Not allErrors: a body of a million wrong values would cost a million error objects.
  const ajv = new Ajv2020({ allErrors: false, verbose: true });
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

/** Fatal: a wrong byte would otherwise become U+FFFD and be posted. RFC 8259 section 8.1: JSON is UTF-8. */
const UTF_8 = new TextDecoder("utf-8", { fatal: true });

type Parsed = { ok: true; value: unknown } | { ok: false; sentence: string };

function parse(body: Uint8Array): Parsed {
  if (body.length === 0) return { ok: false, sentence: "the body is empty" };
  try {
    return { ok: true, value: JSON.parse(UTF_8.decode(body)) };
  } catch (error) {
    if (error instanceof SyntaxError) return { ok: false, sentence: `the body is not JSON: ${error.message.toWellFormed()}` };
    return { ok: false, sentence: "the body is not UTF-8" };
  }
}

/** Section 4. Members that the specification does not name are let be. */
function readRequest(value: unknown): Reading {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { ok: false, id: null, sentence: "a request must be an object" };
  }
  const members: Record<string, unknown> = { ...value };
  const id = readId(members.id);
  if (!id.ok) return { ok: false, id: null, sentence: "id must be a string, a number that JavaScript keeps exactly, or null" };
  const malformed = (sentence: string): Reading => ({ ok: false, id: id.value ?? null, sentence });
  const poison = Object.keys(members).find(isPoison);
  if (poison !== undefined) return malformed(`/${poison} is not allowed as a name`);
  if (members.jsonrpc !== "2.0") return malformed('jsonrpc must be exactly "2.0"');
  const { method, params = {} } = members;
  if (typeof method !== "string") return malformed("method must be a string");
  if (typeof params !== "object" || params === null) return malformed("params must be an object or an array, or be left out");
  const fault = findDataFault(params);
  if (fault?.kind === "structure") return malformed(`params${fault.sentence}`);
  return { ok: true, request: { id: id.value, method, params, textFault: fault?.sentence } };
}

/** Section 4: an id that can't be given back as it came (1e999, 2^53 + 1) is refused. */
function readId(id: unknown): { ok: true; value: Id | undefined } | { ok: false } {
  if (id === undefined || id === null || typeof id === "string") return { ok: true, value: id };
  if (typeof id !== "number" || !Number.isFinite(id)) return { ok: false };
  return Number.isInteger(id) && !Number.isSafeInteger(id) ? { ok: false } : { ok: true, value: id };
}

function readParams(request: Request, entry: Entry): { ok: true; value: object } | { ok: false; sentence: string } {
  if (request.textFault !== undefined) return { ok: false, sentence: request.textFault };
  const { validate, parameters } = entry;
  if (Array.isArray(request.params) && request.params.length > parameters.length) {
    const sentence = `${request.params.length} values by position, and there are only ${parameters.length} parameters: ${parameters.join(", ")}`;
    return { ok: false, sentence };
  }
  const value = nameParams(request.params, parameters);
  return validate(value) ? { ok: true, value } : { ok: false, sentence: explain(validate.errors ?? [], parameters) };
}

/** Section 4.2: params by position become params by name. */
const nameParams = (params: object, names: readonly string[]): object =>
  Array.isArray(params) ? Object.fromEntries(params.map((value, index) => [names[index], value])) : params;

function unknownMethod(name: string, entries: ReadonlyMap<string, Entry>): string {
  const guess = nearest(name, [...entries.keys()]);
  const shown = name.slice(0, 64).toWellFormed();
  return guess === undefined ? `there is no ${shown}; rpc.discover lists what there is` : `there is no ${shown}; did you mean ${guess}?`;
}
