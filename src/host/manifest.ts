/** Reads what a module's default export promises, and refuses what is no plug-in. */
import type { PluginDefinition, Role } from "../contract.ts";
import type { Manifest } from "./protocol.ts";

export const API_VERSION = 1;

export type Described = { ok: true; plugin: PluginDefinition; manifest: Manifest } | { ok: false; cause: string };

export function manifestOf(candidate: unknown): Described {
  if (typeof candidate !== "object" || candidate === null)
    return { ok: false, cause: "its default export is not a plug-in (made by definePlugin)" };
  const plugin = candidate as PluginDefinition;
  if (plugin.apiVersion !== API_VERSION)
    return { ok: false, cause: `it wants plug-in API version ${String(plugin.apiVersion)}, this host offers ${API_VERSION}` };
  return { ok: true, plugin, manifest: describe(plugin) };
}

function describe(plugin: PluginDefinition): Manifest {
  const filters = Object.entries(plugin.filters ?? {}).map(([name, filter]) => ({
    name,
    role: typeof filter === "function" ? ("workflow" satisfies Role) : filter.role,
  }));
  const { mechanism } = plugin;
  return {
    filters,
    ...(mechanism && {
      mechanism: {
        name: mechanism.name,
        alertFilter: mechanism.alertFilter,
        ...(mechanism.registrationFilter !== undefined && { registrationFilter: mechanism.registrationFilter }),
        ...(!mechanism.authorize && { withoutPin: true as const }),
      },
    }),
    // Schemas and tables become plain JSON here: only plain data crosses to the host.
    ...(plugin.diagnose && { diagnoses: true as const }),
    faults: plain(plugin.faults ?? {}),
    ...(plugin.tryCredentials && { triesCredentials: true }),
    ...(plugin.settingsSchema && { settingsSchema: plain(plugin.settingsSchema) }),
    ...(plugin.secretsSchema && { secretsSchema: plain(plugin.secretsSchema) }),
  };
}

/** All filters that can be called, those of the mechanism among them. */
export function filterNamesOf(manifest: Manifest | undefined): string[] {
  const mechanism = manifest?.mechanism;
  const own = [mechanism?.alertFilter, mechanism?.registrationFilter].filter((name) => name !== undefined);
  return [...own, ...(manifest?.filters.map(({ name }) => name) ?? [])];
}

const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
