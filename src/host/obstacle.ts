/** What keeps an account from being authorised, where that is not simply a PIN that nobody has typed yet. */
import { type Fault, HOST_FAULTS, hostFault } from "../ar.ts";
import type { StoredRegistration } from "../store/store.ts";
import type { Accounts } from "./accounts.ts";
import type { Plugins } from "./plugins.ts";

/** `cause`: what is wrong with the token that the credentials file has for the account. */
export type Obstacle = { cause?: string; advice: string };
type Subject = Pick<StoredRegistration, "mechanism" | "accountName">;
export type ObstacleOf = (registration: Subject) => Obstacle | undefined;

export const obstacles =
  (plugins: Plugins, accounts: Pick<Accounts, "configuredFault">): ObstacleOf =>
  ({ mechanism, accountName }) => {
    const found = plugins.loadedMechanism(mechanism);
    if (!found) return undefined;
    const { name } = found.plugin;
    const fault = accounts.configuredFault(name, accountName);
    if (fault) {
      const advice = fault.advice ?? plugins.faults[fault.reason]?.advice ?? "Look for the account in the host's log.";
      return { cause: fault.cause, advice };
    }
    return found.mechanism.withoutPin ? { advice: adviceWithoutPin(name) } : undefined;
  };

export const adviceWithoutPin = (plugin: string): string =>
  `There is no PIN: put the account into the credentials file, under plugins.${plugin}.accounts, or correct it there.`;

/** `not-authorized` (20022) with the advice that fits these registrations; several pieces of advice where they differ. */
export function notAuthorized(cause: string, registrations: readonly Subject[], obstacleOf: ObstacleOf): Fault {
  const found = registrations.map(obstacleOf);
  const fault = hostFault("not-authorized", [cause, ...new Set(found.flatMap((one) => one?.cause ?? []))].join("; "));
  const advice = new Set(found.map((one) => one?.advice ?? HOST_FAULTS["not-authorized"].advice));
  return found.some(Boolean) ? { ...fault, advice: [...advice].join(" ") } : fault;
}

/** For a registration that waits for something else than a PIN. */
export const sentencesOf = ({ cause, advice }: Obstacle): string =>
  cause === undefined ? advice : `${cause.replace(/\.$/, "")}. ${advice}`;
