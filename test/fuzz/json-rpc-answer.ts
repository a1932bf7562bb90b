/** What an answer of the door must look like (JSON-RPC 2.0, section 5), and what it says. */

type Fields = Readonly<Record<string, unknown>>;
export const fieldsOf = (value: unknown): Fields => (typeof value === "object" && value !== null ? { ...value } : {});

/** What is wrong with one response; undefined where nothing is. */
export function faultOfResponse(value: unknown): string | undefined {
  const { jsonrpc, id, result, error } = fieldsOf(value);
  if (jsonrpc !== "2.0") return "jsonrpc is not 2.0";
  if (id !== null && typeof id !== "string" && typeof id !== "number") return "the id is no id";
  const [hasResult, hasError] = [result !== undefined, error !== undefined];
  if (hasResult === hasError) return "it has not either a result or an error";
  return hasError ? faultOfError(error) : undefined;
}

function faultOfError(error: unknown): string | undefined {
  const { code, message, data } = fieldsOf(error);
  if (typeof code !== "number" || !Number.isInteger(code)) return "the code is no integer";
  if (code === -32603) return `it is an internal error: ${String(message)}`;
  if (typeof message !== "string" || message === "" || !message.isWellFormed()) return "the message is no text";
  const { statusList, reason, retryable, advice } = fieldsOf(data);
  if (typeof reason !== "string" || typeof retryable !== "boolean" || typeof advice !== "string") return "the data lack their parts";
  if (!Array.isArray(statusList) || statusList.length === 0) return "the status list is empty";
  const [first] = statusList;
  const { messageNum } = fieldsOf(first);
  if (code > 0 && (messageNum !== code || !message.endsWith(` (ARERR ${code})`))) return "code, number and message differ";
  const long = statusList.find((entry) => Buffer.byteLength(String(fieldsOf(entry).appendedText)) > 255);
  return long ? "an appended text is longer than 255 bytes" : undefined;
}

export const succeeded = (value: unknown): boolean => fieldsOf(value).result !== undefined;
