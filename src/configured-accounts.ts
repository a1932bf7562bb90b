/**
 * An administrator's own tokens in the credentials file. Whose they are only the service knows, so it is asked; then
 * the registrations that name the account are associated with it, and need no PIN.
 */
import type { Token } from "./contract.ts";
import type { Plugin } from "./host/plugin.ts";
import type { PluginPart } from "./host/protocol.ts";
import type { Rooms } from "./host/rooms.ts";
import type { RunningPlugin } from "./plugin-changes.ts";

export function configuredTokens(part: PluginPart | undefined): Record<string, Token> {
  const secrets = part?.secrets;
  if (typeof secrets !== "object" || secrets === null || !("accounts" in secrets)) return {};
  return (secrets.accounts ?? {}) as Record<string, Token>;
}

/** Answers the names that could not be associated yet: the service was not reached, or refused. */
export async function associateAccounts(running: readonly RunningPlugin[], rooms: Rooms): Promise<string[]> {
  const outcomes = running.flatMap(({ plugin, part }) =>
    Object.entries(configuredTokens(part)).map(async ([name, token]) => ((await associate(plugin, name, token, rooms)) ? [] : [name])),
  );
  return (await Promise.all(outcomes)).flat();
}

async function associate(plugin: Plugin, name: string, token: Token, { accounts, registrations, log }: Rooms): Promise<boolean> {
  const known = accounts.byName(plugin.name, name);
  if (known) {
    await registrations.associate(known, plugin.clock.now());
    return true;
  }
  const called = await plugin.call("probe", null, { account: { id: "", name, token } });
  const answer = called.ok ? called.value : called;
  if (!answer.ok) {
    log.root.warn({ account: name, reason: answer.fault.reason, cause: answer.fault.cause }, "configured account not confirmed yet");
    return false;
  }
  if (answer.value.name.toLowerCase() !== name.toLowerCase()) {
    log.root.error({ account: name, tokenOf: answer.value.name }, "configured token belongs to another account; it is not used");
    return true;
  }
  await registrations.associate(await accounts.adopt(plugin, answer.value, null), plugin.clock.now());
  log.root.info({ account: name }, "configured account confirmed");
  return true;
}
