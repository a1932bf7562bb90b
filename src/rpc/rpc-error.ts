import { type Fault, type FaultReport, type FaultTable, hostFault, reportFault } from "../ar.ts";
import { JSON_RPC_ERRORS, type JsonRpcNumber } from "./open-rpc.ts";

export type RpcError = { code: number; message: string; data: Omit<FaultReport, "message"> };
export type ErrorResponse = { jsonrpc: "2.0"; id: string | number | null; error: RpcError };

/** A bug of the host's. It is no fault of any table: nobody outside can act on it but by its reference in the log. */
export const INTERNAL: FaultTable = {
  "internal-error": {
    text: "The host failed in a way that it did not expect.",
    advice: "Look for the reference in the host's log, and report it.",
    retryable: false,
  },
};

/** A fault with AR's number, as the caller sees it. */
export function faultError(fault: Fault, faults: FaultTable): RpcError {
  const { message, ...data } = reportFault(fault, faults);
  return { code: numberOf(data), message, data };
}

/** The AR number that a failure goes by: that of its first status entry. */
export const numberOf = ({ statusList }: Pick<FaultReport, "statusList">): number => statusList[0]?.messageNum ?? 8753;

/** One of JSON-RPC's own errors that the caller can mend. */
export function protocolError(code: Exclude<JsonRpcNumber, -32603>, sentence: string, faults: FaultTable): RpcError {
  const { message: _, ...data } = reportFault(hostFault("bad-input", sentence, sentence), faults);
  return { code, message: `${JSON_RPC_ERRORS[code]}: ${sentence}`, data };
}

/** Nothing of the cause leaves the host; the reference leads to its log line. A row of {@link INTERNAL}. */
export const bugFault = (reference: string): Fault => ({ reason: "internal-error", cause: `internal error, reference ${reference}` });

export function internalError(reference: string): RpcError {
  const { message: _, ...data } = reportFault(bugFault(reference), INTERNAL);
  return { code: -32603, message: `${JSON_RPC_ERRORS[-32603]}: reference ${reference}`, data };
}

export const errorResponse = (id: string | number | null, error: RpcError): ErrorResponse => ({ jsonrpc: "2.0", id, error });
