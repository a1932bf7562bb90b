import { HOST_FAULTS, hostFault, reportFault } from "../ar.ts";
import type { Registration } from "../shapes.ts";
import type { Invocation } from "./command.ts";
import type { RpcAnswer } from "./methods.ts";
import { nearest } from "./nearest.ts";

export const REGISTRATION_ARGUMENT = { name: "ID|ACCOUNT", help: "the registration's id, or its account's name where that has only one" };

/** The registration that the first argument names; account names are compared without case, as the service does. */
export async function findRegistration(invocation: Invocation): Promise<RpcAnswer<Registration>> {
  const wanted = (invocation.args[0] ?? "").replace(/^@/, "");
  const answer = await invocation.call("registrations.list", {});
  if (!answer.ok) return answer;
  const all = answer.value.registrations;
  const found = all.filter(({ id, accountName }) => id === wanted || accountName.toLowerCase() === wanted.toLowerCase());
  const [only] = found;
  if (only !== undefined && found.length === 1) return { ok: true, value: only };
  return notFound(found.length === 0 ? missing(wanted, all) : ambiguous(wanted, found));
}

function missing(wanted: string, all: readonly Registration[]): string {
  const meant = nearest(
    wanted,
    all.map(({ accountName }) => accountName),
  );
  return `no registration ${wanted}${meant === undefined ? "" : `; did you mean ${meant}?`}`;
}

const ambiguous = (wanted: string, found: readonly Registration[]) =>
  `${found.length} registrations have the account ${wanted}; give an id: ${found.map(({ id, content }) => `${id} (${content})`).join(", ")}`;

/** The same refusal as the host's own for an unknown id (20028). */
function notFound(cause: string): RpcAnswer<never> {
  const { message, ...data } = reportFault(hostFault("not-found", cause), HOST_FAULTS);
  return { ok: false, error: { code: 8753, message, data } };
}
