/** All plug-ins of the host: by name, by filter (an alias counts), by mechanism. */
import { type Answer, done, type FaultTable, HOST_FAULTS, hostFault, refused } from "../ar.ts";
import type { Role } from "../contract.ts";
import { filterNamesOf } from "./manifest.ts";
import { sameName } from "./names.ts";
import type { Plugin } from "./plugin.ts";
import type { Manifest } from "./protocol.ts";

export type FoundFilter = { plugin: Plugin; filter: string; kind: "alert" | "registration" | "plain"; role: Role };

export type FoundMechanism = { plugin: Plugin; mechanism: NonNullable<Manifest["mechanism"]> };

export class Plugins {
  #plugins: Plugin[] = [];
  #aliases: Readonly<Record<string, string>> = {};
  #faults: FaultTable = HOST_FAULTS;

  get all(): readonly Plugin[] {
    return this.#plugins;
  }

  /** The host's table and those of all plug-ins that are loaded. */
  get faults(): FaultTable {
    return this.#faults;
  }

  setAll(plugins: Plugin[], aliases: Readonly<Record<string, string>>): void {
    this.#plugins = plugins;
    this.#aliases = aliases;
    this.refresh();
  }

  /** Another one of the same name takes its place. */
  replace(old: Plugin, fresh: Plugin): void {
    this.setAll(
      this.#plugins.map((plugin) => (plugin === old ? fresh : plugin)),
      this.#aliases,
    );
  }

  /** A manifest has come or gone. The host's own reasons keep their numbers, whatever a plug-in calls its own. */
  refresh(): void {
    this.#faults = Object.assign({}, ...this.#plugins.map((plugin) => plugin.manifest?.faults ?? {}), HOST_FAULTS);
  }

  named(name: string): Plugin | undefined {
    return this.#plugins.find((plugin) => plugin.name === name);
  }

  /** The plug-in of a mechanism; without a name, the only one there is. */
  mechanism(name?: string): Promise<Answer<FoundMechanism>> {
    return this.#onceLoaded(() => this.#mechanismNow(name));
  }

  /** The same at once: what is still loading is not seen. */
  loadedMechanism(name: string): FoundMechanism | undefined {
    const found = this.#mechanismNow(name);
    return found.ok ? found.value : undefined;
  }

  #mechanismNow(name: string | undefined): Answer<FoundMechanism> {
    const offered = this.#plugins.flatMap((plugin) => {
      const mechanism = plugin.manifest?.mechanism;
      return mechanism ? [{ plugin, mechanism }] : [];
    });
    const found = offered.filter(({ mechanism }) => name === undefined || sameName(mechanism.name, name));
    if (found.length === 1 && found[0]) return done(found[0]);
    const known = offered.map(({ mechanism }) => mechanism.name).join(", ") || "none";
    return refused(hostFault("bad-input", `mechanism ${name ?? "must be named"}; loaded: ${known}`));
  }

  /** A filter by its name or an alias; an alias may stand for a filter that no plug-in offers (now). */
  filter(name: string): Promise<Answer<FoundFilter>> {
    return this.#onceLoaded(() => this.#filterNow(name));
  }

  /** What is not there may be offered by what is still loading; a module that loops is given up after ten seconds. */
  async #onceLoaded<T>(look: () => Answer<T>): Promise<Answer<T>> {
    const found = look();
    if (found.ok) return found;
    await Promise.all(this.#plugins.map((plugin) => plugin.loading));
    return look();
  }

  #filterNow(name: string): Answer<FoundFilter> {
    const real = Object.hasOwn(this.#aliases, name) ? (this.#aliases[name] as string) : name;
    for (const plugin of this.#plugins) {
      const found = filterOf(plugin, real);
      if (found) return done(found);
    }
    return refused(hostFault("no-such-plugin", real === name ? name : `${real} (alias ${name})`));
  }

  /** Names of all filters that can be called. */
  filterNames(): string[] {
    return this.#plugins.flatMap((plugin) => filterNamesOf(plugin.manifest));
  }
}

function filterOf(plugin: Plugin, name: string): FoundFilter | undefined {
  const { manifest } = plugin;
  if (manifest?.mechanism?.alertFilter === name) return { plugin, filter: name, kind: "alert", role: "workflow" };
  if (manifest?.mechanism?.registrationFilter === name) return { plugin, filter: name, kind: "registration", role: "admin" };
  const filter = manifest?.filters.find((one) => one.name === name);
  return filter && { plugin, filter: name, kind: "plain", role: filter.role };
}
