/** New workers for one plug-in, with its module as it is now: checked like a reload, and only then in the old one's place. */
import { type Answer, done, type Fault, hostFault, refused } from "../ar.ts";
import type { LoadedConfig } from "../config/load.ts";
import type { Plugin } from "../host/plugin.ts";
import type { PluginPart } from "../host/protocol.ts";
import type { Rooms } from "../host/rooms.ts";
import type { PluginReport } from "../shapes.ts";
import { watchedModule } from "./changed-modules.ts";
import { partOf, RETIRE_MS, type RunningPlugin } from "./plugin-changes.ts";

/**
 * Callers notice nothing: the old workers serve until the new ones can, and end what they have in flight. When these
 * can't be started the old ones go on, and the answer is why: 8756, 8762, or 8769 where its part of the configuration
 * does not fit its schema (any more). A plug-in that has failed has nothing to lose: its place is taken at once.
 */
export async function restartPlugin(
  name: string,
  running: readonly RunningPlugin[],
  loaded: LoadedConfig,
  rooms: Rooms,
): Promise<Answer<PluginReport>> {
  const known = running.find(({ plugin }) => plugin.name === name);
  const configured = loaded.config.plugins.find((one) => one.name === name);
  if (!known || !configured) return refused(hostFault("not-found", `there is no plug-in ${name}`));
  const old = known.plugin;
  const module = await watchedModule(configured.moduleFile);
  const fresh = rooms.openPlugin(configured, old);
  const prepared = await prepare(fresh, loaded);
  const take = () => {
    known.plugin = fresh;
    known.module = module;
    if (prepared.ok) known.part = prepared.value;
    rooms.plugins.replace(old, fresh);
    rooms.accounts.forget();
    void old.retire(RETIRE_MS, fresh);
  };
  const atOnce = old.failure !== undefined && !rooms.stopping();
  if (atOnce) take();
  const fault = prepared.ok ? await startWith(fresh, prepared.value, rooms) : prepared.fault;
  if (fault && atOnce) return refused(fault);
  if (fault) {
    await fresh.stop();
    return refused({ ...fault, cause: `${fault.cause} (the workers from before go on)` });
  }
  if (!atOnce) take();
  rooms.lanes.pokePlugin(name);
  return done(fresh.report());
}

async function prepare(plugin: Plugin, loaded: LoadedConfig): Promise<Answer<PluginPart>> {
  const module = await plugin.load();
  if (!module.ok) return refused(plugin.loadFailure ?? module.fault);
  const { part, problems } = await partOf(loaded, plugin);
  if (part) return done(part);
  const fault = hostFault("bad-config", problems.join("; "));
  plugin.refuse(fault);
  return refused(fault);
}

async function startWith(plugin: Plugin, part: PluginPart, { stopping }: Rooms): Promise<Fault | undefined> {
  if (!stopping()) await plugin.begin(part);
  return stopping() ? hostFault("stopping", "") : plugin.whenReady();
}
