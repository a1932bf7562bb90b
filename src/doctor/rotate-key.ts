/** `perch credentials rotate-key`: the file is the configuration's, what its keys still seal stands in the store. */
import type { Problems } from "../cli/machine.ts";
import { loadConfig } from "../config/load.ts";
import { formatProblem } from "../config/problem.ts";
import { type InUse, rotateKey } from "../config/rotate-key.ts";
import type { KeyChange, KeyStep } from "../shapes.ts";
import { inspectStore, type StoreInspection } from "../store/inspect.ts";
import { openVault, type Vault } from "../vault.ts";
import { askHost } from "./ask-host.ts";
import type { DoctorOptions } from "./diagnose.ts";

type Options = Pick<DoctorOptions, "configFile" | "environment" | "now">;

export async function rotateVaultKey(options: Options, step: KeyStep): Promise<{ ok: true; value: KeyChange } | Problems> {
  const read = await loadConfig(options.configFile, options.environment);
  if (!read.ok) return { ok: false, problems: read.problems.map((problem) => formatProblem(problem)) };
  const { config, credentials, sources } = read.loaded;
  const [first] = credentials.vault.keys;
  const held = step.do === "drop-old" && first ? await heldByHost(config.server.socket, first.id) : undefined;
  if (held !== undefined) return { ok: false, problems: [`${sources.credentials.file}: no key is dropped, since ${held}`] };
  const inspected = { password: () => credentials.store?.password, now: options.now };
  const inUse = async () => sealedBy(await inspectStore(config.store, inspected), openVault(credentials.vault.keys));
  return rotateKey(sources.credentials.file, step, { now: new Date(options.now()), inUse });
}

/**
 * What a running host still needs the old keys for. One that has not taken the file up yet seals with another key than
 * the first, also what the store does not hold yet.
 */
async function heldByHost(socket: string, first: string): Promise<string | undefined> {
  const answer = await askHost(socket);
  if (answer.state === "stopped") return undefined;
  if (answer.state === "silent")
    return `it can't be seen which one the host behind ${socket} seals with: ${answer.cause}. ${answer.remedy ?? "Stop it, or look at its log."}`;
  const { key } = answer.status.configuration.vault;
  if (key === first) return undefined;
  return `the running host still seals with ${key}, not with ${first}: perch reload, and look at what it says; then try again`;
}

/** Undefined of nothing, and of a value in a damaged store, which no key opens. */
function idOf(sealed: string | null, keyIdOf: (sealed: string) => string): string | undefined {
  try {
    return sealed === null ? undefined : keyIdOf(sealed);
  } catch {
    return undefined;
  }
}

/** Key id → what it seals. */
function sealedBy(store: StoreInspection, { keyIdOf }: Pick<Vault, "keyIdOf">): InUse {
  if (store.state === "new" || (store.state === "served" && store.version === 0)) return { ok: true, sealed: {} };
  if (!("accounts" in store)) return { ok: false, message: store.cause };
  if (store.state === "served" ? store.compatible > store.newest : store.version !== store.newest)
    return { ok: false, message: `the store is of another version (${store.version}, not ${store.newest})` };
  const sealed: Record<string, string[]> = {};
  const note = (id: string | undefined, what: string): void => {
    if (id !== undefined) sealed[id] = [...(sealed[id] ?? []), what];
  };
  for (const { token, accountName } of store.accounts) note(idOf(token, keyIdOf), `the token of ${accountName}`);
  for (const { pending, accountName } of store.registrations) note(idOf(pending, keyIdOf), `the PIN that is awaited for ${accountName}`);
  // A host whose file has another key first goes on with that one, and this host could not open what it seals.
  for (const { name, keyIds } of "hosts" in store ? store.hosts : []) note(keyIds[0], `whatever the host ${name} seals from now on`);
  return { ok: true, sealed };
}
