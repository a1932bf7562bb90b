/** What to say of a functional user whom the directory does not know. */
import { distance } from "fastest-levenshtein";
import type { Invocation } from "./command.ts";
import { printable } from "./printable.ts";

const SHOWN = 3;

/** A line of advice, or undefined where the name is known or nobody can be asked. */
export async function adviceOnUser({ call }: Pick<Invocation, "call">, name: string): Promise<string | undefined> {
  const found = await call("users.suggest", { prefix: name });
  if (!found.ok || found.value.users.some((user) => isSame(user.name, name))) return undefined;
  // Somebody who mistypes a name gets its beginning right more often than not.
  const [begun = name] = name.split(/\s/);
  const begins = await Promise.all([begun, name.slice(0, 3), name.slice(0, 1)].map((prefix) => call("users.suggest", { prefix })));
  const users = [found, ...begins].flatMap((answer) => (answer.ok ? answer.value.users : []));
  const steps = new Map(users.map((user) => [user.name, Math.min(...[user.name, user.fullName ?? ""].map((text) => stepsTo(text, name)))]));
  const near = [...steps].toSorted(([, one], [, other]) => one - other).slice(0, SHOWN);
  const unknown = `The directory has no user ${printable(name)}; workflow must call with exactly that name.`;
  return near.length === 0 ? unknown : `${unknown} Near: ${near.map(([user]) => printable(user)).join(", ")}`;
}

const isSame = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();
const stepsTo = (text: string, name: string): number => distance(text.toLowerCase(), name.toLowerCase());
