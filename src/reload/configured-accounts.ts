/**
 * An administrator's own tokens in the credentials file. Whose they are only the service knows, so each is tried before
 * it is used; until then the one before it goes on. Registrations that name the account are associated with it, and
 * need no PIN.
 */
import { isDeepStrictEqual } from "node:util";
import { type Answer, done, type Fault, hostFault, refused } from "../ar.ts";
import type { Token } from "../contract.ts";
import type { Plugin } from "../host/plugin.ts";
import type { Rooms } from "../host/rooms.ts";
import type { RunningPlugin } from "./plugin-changes.ts";

export type Configured = { plugin: Plugin; name: string; token: Token };
type Tried = { name: string; answer: Answer<Token> };

export class ConfiguredAccounts {
  /** By plug-in and account: the token that was tried last. */
  readonly #tried = new Map<string, Tried>();
  /** By plug-in and account: the last that the service confirmed. */
  readonly #inForce = new Map<string, Token>();

  /** The token that stands for the account now; undefined where none is configured. */
  token(running: readonly RunningPlugin[], plugin: string, accountName: string): Answer<Token> | undefined {
    if (!isConfigured(running, plugin, accountName)) return undefined;
    const key = keyOf(plugin, accountName);
    const inForce = this.#inForce.get(key);
    if (inForce) return done(inForce);
    const tried = this.#tried.get(key)?.answer;
    return tried ?? refused(notConfirmed(accountName));
  }

  /** The service has taken these already, with the application's credentials that come into force along with them. */
  trust(proven: readonly Configured[]): void {
    for (const { plugin, name, token } of proven) {
      this.#tried.delete(keyOf(plugin.name, name));
      this.#inForce.set(keyOf(plugin.name, name), token);
    }
  }

  /** What is wrong with tokens of the file that are not in force, a sentence each. */
  problems(): string[] {
    return [...this.#tried.values()].flatMap(({ name, answer }) => (answer.ok ? [] : [`the token of ${name}: ${answer.fault.cause}`]));
  }

  /** Tries what is new; answers whether something is worth another try later, since the service was not reached. */
  async confirm(running: readonly RunningPlugin[], rooms: Rooms): Promise<boolean> {
    const configured = tokensOf(running);
    const keys = new Set(configured.map(({ plugin, name }) => keyOf(plugin.name, name)));
    for (const key of [...this.#inForce.keys(), ...this.#tried.keys()].filter((one) => !keys.has(one))) {
      this.#inForce.delete(key);
      this.#tried.delete(key);
    }
    const again = await Promise.all(configured.map((one) => this.#confirmOne(one, rooms)));
    return again.includes(true);
  }

  async #confirmOne({ plugin, name, token }: Configured, rooms: Rooms): Promise<boolean> {
    const key = keyOf(plugin.name, name);
    const known = rooms.accounts.byName(plugin.name, name);
    if (known && isDeepStrictEqual(this.#inForce.get(key), token)) {
      this.#tried.delete(key);
      await rooms.registrations.associate(known, plugin.clock.now());
      return false;
    }
    const called = await plugin.call("probe", null, { account: { id: known?.accountId ?? "", name, token } });
    const answer = called.ok ? called.value : called;
    if (!answer.ok) {
      this.#tried.set(key, { name, answer });
      rooms.log.root.warn(
        { account: name, reason: answer.fault.reason, cause: answer.fault.cause },
        "configured account not confirmed yet",
      );
      return true;
    }
    if (answer.value.name.toLowerCase() !== name.toLowerCase()) {
      const cause = `${name}: its token in the credentials file belongs to ${answer.value.name}`;
      const advice = "Put the account's own token into the credentials file.";
      this.#tried.set(key, { name, answer: refused({ ...hostFault("not-authorized", cause), advice }) });
      rooms.log.root.error({ account: name, tokenOf: answer.value.name }, "configured token belongs to another account; it is not used");
      return false;
    }
    this.#tried.delete(key);
    this.#inForce.set(key, token);
    const account = await rooms.accounts.adopt(plugin, answer.value, null);
    await rooms.registrations.associate(account, plugin.clock.now());
    await rooms.lanes.free(account.lane);
    rooms.log.root.info({ account: name }, "configured account confirmed");
    return false;
  }
}

const notConfirmed = (accountName: string): Fault => ({
  ...hostFault("not-authorized", `${accountName}: its token in the credentials file has not been confirmed yet`),
  advice: "Nothing to do: Perch asks the service whose it is; `perch status` says why it can't.",
});

export const sameAccount = (one: Configured, account: { plugin: string; accountName: string }): boolean =>
  keyOf(one.plugin.name, one.name) === keyOf(account.plugin, account.accountName);

const keyOf = (plugin: string, accountName: string): string => `${plugin}:${accountName.toLowerCase()}`;

type WithSecrets = Pick<RunningPlugin, "plugin" | "part">;

export const tokensOf = (running: readonly WithSecrets[]): Configured[] =>
  running.flatMap(({ plugin, part }) => Object.entries(accountsIn(part)).map(([name, token]) => ({ plugin, name, token })));

/** Asked for each post, so it looks for the name as it is written before it compares all of them without case. */
function isConfigured(running: readonly WithSecrets[], plugin: string, accountName: string): boolean {
  const accounts = accountsIn(running.find((one) => one.plugin.name === plugin)?.part);
  const wanted = accountName.toLowerCase();
  return Object.hasOwn(accounts, accountName) || Object.keys(accounts).some((name) => name.toLowerCase() === wanted);
}

/** `accounts` among a plug-in's secrets: account name → token. */
function accountsIn(part: WithSecrets["part"]): Record<string, Token> {
  const secrets = part?.secrets;
  if (typeof secrets !== "object" || secrets === null || !("accounts" in secrets)) return {};
  return (secrets.accounts ?? {}) as Record<string, Token>;
}
