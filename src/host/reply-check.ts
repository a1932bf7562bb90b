/** A plug-in may answer anything; what is no answer to the question is its failure, not the host's. */
import { type Answer, DATA_TYPES, hostFault, refused } from "../ar.ts";
import type { Verb, Verbs } from "./protocol.ts";
import { isFacts, isFault, isRecord } from "./verdict-check.ts";

const isText = (value: unknown): value is string => typeof value === "string";
const isToken = (value: unknown): boolean => isRecord(value) && Object.values(value).every(isText);

function isValue(value: unknown): boolean {
  if (value === null || isText(value)) return true;
  if (typeof value === "number") return Number.isFinite(value);
  // Whatever else it had would go out with it, if it can be written as JSON at all.
  if (!isRecord(value) || Object.keys(value).length !== 2 || !DATA_TYPES.some((type) => type === value.type)) return false;
  return value.value === null || Number.isFinite(value.value) || ["string", "boolean"].includes(typeof value.value);
}

/** What must stand in the `Answer`, by verb. `deliver`, `lookUp` and `compose` have checks of their own. */
const CHECKS: Partial<Record<Verb, { wanted: string; is(value: unknown): boolean }>> = {
  filter: { wanted: "list of values", is: (value) => Array.isArray(value) && value.every(isValue) },
  authorize: {
    wanted: "page to open",
    is: (value) => isRecord(value) && isText(value.authorizeUrl) && isToken(value.pending),
  },
  confirm: { wanted: "account with its token", is: (value) => isRecord(value) && isFacts(value.account) && isToken(value.token) },
  probe: { wanted: "account", is: isFacts },
};

/** The reply itself, or a `plugin-error` in place of one that answers nothing. */
export function checkReply<V extends Verb>(plugin: string, verb: V, reply: Answer<Verbs[V][1]>): Answer<Verbs[V][1]> {
  const check = CHECKS[verb];
  if (!check || !reply.ok) return reply;
  const answer: unknown = reply.value;
  if (isRecord(answer) && (answer.ok === true ? check.is(answer.value) : answer.ok === false && isFault(answer.fault))) return reply;
  return refused(hostFault("plugin-error", `${plugin}: the plug-in answered \`${verb}\` with something that is no ${check.wanted}`));
}
