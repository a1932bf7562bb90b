/** A request's body, path and query as the params of a method; what they must be is the method's schema's to say. */

import type { CallRequest } from "../rpc/calls.ts";
import type { Method } from "../rpc/method.ts";
import { parseJson } from "../rpc/parse-json.ts";
import { findDataFault } from "../rpc/plain-data.ts";

/** `textFault`: why they can't be read. */
export type ReadParams = Pick<CallRequest, "params" | "textFault">;

const wrong = (textFault: string): ReadParams => ({ params: {}, textFault });
const checked = (params: object): ReadParams => ({ params, textFault: findDataFault(params)?.sentence });

export function readBodyParams(body: Uint8Array): ReadParams {
  const parsed = parseJson(body);
  if (!parsed.ok) return wrong(parsed.sentence);
  const { value } = parsed;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return wrong("the body must be a JSON object");
  return checked(value);
}

/** JSON's own way to write a number, so that nothing else (a blank, 0x10, Infinity) passes for one. */
const NUMBER = /^-?\d{1,15}(\.\d{1,15})?$/;

/** `path` wins; a name that the query gives too, or twice, is refused. */
export function readAddressParams(path: Readonly<Record<string, string>>, query: string, { params: schema }: Method): ReadParams {
  const params = new Map<string, unknown>(Object.entries(path));
  for (const [name, text] of new URLSearchParams(query)) {
    if (params.has(name)) return wrong(`/${name} is given twice`);
    const wanted: { type?: unknown } = schema.properties[name] ?? {};
    const isNumber = wanted.type === "number" || wanted.type === "integer";
    if (isNumber && !NUMBER.test(text)) return wrong(`/${name} must be a number`);
    params.set(name, isNumber ? Number(text) : text);
  }
  return checked(Object.fromEntries(params));
}
