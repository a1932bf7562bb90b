/**
 * JSON-RPC 2.0 (https://www.jsonrpc.org/specification), from the bytes of a body to the text of the answer.
 * Section numbers in comments are those of the specification.
 */
import type { Caller, Host } from "../host/verbs.ts";
import { type CallOutcome, type CallRequest, type Calls, NO_METHOD } from "./calls.ts";
import { parseJson } from "./parse-json.ts";
import { findDataFault, isPoison } from "./plain-data.ts";
import { errorResponse, faultError, internalError, protocolError, type RpcError } from "./rpc-error.ts";

export const MAX_BATCH = 1_000;

type Id = string | number | null;
/** `id` undefined: a notification, which is never answered. */
type Request = CallRequest & { id: Id | undefined };
type Reading = { ok: true; request: Request } | { ok: false; id: Id; sentence: string };

export type JsonRpcOptions = {
  host: Pick<Host, "faults">;
  calls: Calls;
  /** Told of each refusal of what is no call, as {@link NO_METHOD} and the error's number. */
  onCall?: (method: string, code: string, seconds: number) => void;
};

export type JsonRpc = {
  /** The text to send back, or undefined when nothing may be answered (only notifications). Never rejects. */
  answer(body: Uint8Array, caller: Caller): Promise<string | undefined>;
};

export function openJsonRpc(options: JsonRpcOptions): JsonRpc {
  const { host, calls } = options;

  async function answer(body: Uint8Array, caller: Caller): Promise<string | undefined> {
    const parsed = parseJson(body);
    if (!parsed.ok) return refusal(-32700, parsed.sentence);
    return await (Array.isArray(parsed.value) ? answerAll(parsed.value, caller) : answerOne(parsed.value, caller));
  }

  async function answerAll(requests: readonly unknown[], caller: Caller): Promise<string | undefined> {
    const size = requests.length;
    if (size === 0) return refusal(-32600, "a batch must hold at least one request");
    if (size > MAX_BATCH) return refusal(-32600, `a batch may hold at most ${MAX_BATCH} requests; this one holds ${size}`);
    // Each is begun before the next, so that calls are accepted in the order of the batch; none waits for another.
    const answers = await Promise.all(requests.map((request) => answerOne(request, caller)));
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
    const { id } = reading.request;
    const outcome = await calls(reading.request, caller);
    if (id === undefined) return undefined;
    return JSON.stringify(outcome.ok ? { jsonrpc: "2.0", id, result: outcome.value ?? null } : errorResponse(id, errorOf(outcome, host)));
  }

  return { answer };
}

function errorOf(outcome: Exclude<CallOutcome, { ok: true }>, { faults }: Pick<Host, "faults">): RpcError {
  switch (outcome.kind) {
    case "fault":
      return faultError(outcome.fault, faults);
    case "method":
      return protocolError(-32601, outcome.sentence, faults);
    case "params":
      return protocolError(-32602, outcome.sentence, faults);
    case "bug":
      return internalError(outcome.reference);
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
