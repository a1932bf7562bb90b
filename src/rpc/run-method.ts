/** Runs one method for a caller: whether he may, and, for an act that is audited, so that it is on record. */
import { type Answer, type Fault, hostFault } from "../ar.ts";
import { ROLES } from "../contract.ts";
import type { Act, ActDetail, Caller, Host } from "../host/verbs.ts";
import type { Audited, Method } from "./method.ts";

export const mayCall = (caller: Caller, method: Method): boolean => ROLES.indexOf(caller.role) >= ROLES.indexOf(method.role);

/** Of each list that a refused caller gave: whoever is refused must not fill the disk. */
const MAX_REFUSED = 10;

/** What a caller with too small a role is answered; that he tried an act is kept too. `params`: where they validate. */
export async function refuseCall(method: Method, host: Host, caller: Caller, params: object = {}): Promise<Fault> {
  const detail = `${method.name} needs the role ${method.role}; the client ${caller.name} has ${caller.role}`;
  const fault = hostFault("not-allowed", detail, `needs ${method.role}`);
  if (method.audited) await host.recordRefusal({ caller, method: method.name, detail: triedWith(method.audited, { ...params }) }, fault);
  return fault;
}

function triedWith({ refused = [] }: Audited, given: ActDetail): ActDetail {
  const tried: ActDetail = {};
  for (const [name, value] of Object.entries(pick(given, refused))) {
    if (!Array.isArray(value)) continue;
    tried[name] = value.slice(0, MAX_REFUSED);
    if (value.length > MAX_REFUSED) tried[`${name}Count`] = value.length;
  }
  return tried;
}

/** `params` have been validated. A method that is not audited begins at once: the order of a batch depends on it. */
export function runMethod(method: Method, host: Host, params: object, caller: Caller): Promise<Answer<unknown>> {
  const { audited } = method;
  const work = () => method.run(host, params, caller);
  const given: ActDetail = { ...params };
  if (!audited || looksOn(audited.unless, given)) return work();
  const { target, params: kept = [], result = [] } = audited;
  const act: Act = { caller, method: method.name, ...named(given, target), detail: pick(given, kept) };
  return host.act(act, work, (value) => {
    const came: ActDetail = { ...Object(value) };
    return { ...named({ ...came, ...given }, target), detail: pick(came, result) };
  });
}

const looksOn = (unless: ActDetail | undefined, given: ActDetail): boolean =>
  unless !== undefined && Object.entries(unless).some(([name, value]) => given[name] === value);

const pick = (from: ActDetail, names: readonly string[]): ActDetail =>
  Object.fromEntries(names.filter((name) => from[name] !== undefined).map((name) => [name, from[name]]));

function named(from: ActDetail, target: string | undefined): { target?: string } {
  const name = target === undefined ? undefined : from[target];
  return typeof name === "string" ? { target: name } : {};
}
