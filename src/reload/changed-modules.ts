/**
 * Plug-ins whose modules hold something else than what their workers were made of. Code is not swapped by itself, since
 * what is being copied is not complete yet: it is said once, and stays in the status until somebody restarts the plug-in.
 * Only the module itself is looked at, not what it imports.
 */
import { digestFiles, type Watched } from "../config/digest-files.ts";
import { watchFiles } from "../config/watch.ts";
import type { LevelLog } from "../host/log.ts";
import type { Time } from "../host/time.ts";
import type { RunningPlugin } from "./plugin-changes.ts";

/** `module`: what it was made of when the change was found. */
type Changed = { one: RunningPlugin; module: Watched };

export class ChangedModules {
  readonly #log: Pick<LevelLog, "warn">;
  #running: readonly RunningPlugin[] = [];
  #changed: readonly Changed[] = [];
  /** What the modules held at the last look that found something new. */
  #seen: readonly Watched[] = [];

  constructor(log: Pick<LevelLog, "warn">) {
    this.#log = log;
  }

  /** What runs has changed, or one of it was made anew. */
  follow(running: readonly RunningPlugin[]): void {
    this.#running = running;
    this.#changed = this.#changed.filter(({ one, module }) => running.includes(one) && one.module === module);
    const changed = this.#changed.map(({ one }) => one);
    // What has changed already is looked at once more: it may have been undone.
    this.#seen = running.map((one) => (changed.includes(one) ? { ...one.module, digest: "" } : one.module));
  }

  /** Answers what ends it. */
  watch(after: Time["after"]): () => void {
    return watchFiles({ handled: () => this.#seen, onChange: () => this.#look(), after });
  }

  /** A sentence for each. */
  warnings(): string[] {
    return this.#changed.map(({ one: { plugin } }) => `the module of ${plugin.name} has changed: perch plugins restart ${plugin.name}`);
  }

  async #look(): Promise<void> {
    const before = this.#seen;
    const now = await Promise.all(before.map(({ files }) => watchedFiles(files)));
    // A reload or a restart was faster.
    if (before !== this.#seen) return;
    const known = this.#changed.map(({ one }) => one);
    const changed = this.#running.filter(({ module }, index) => module.digest !== now[index]?.digest);
    for (const { plugin } of changed.filter((one) => !known.includes(one)))
      this.#log.warn({ plugin: plugin.name, module: plugin.settings.moduleFile }, "a plug-in's module has changed");
    this.#changed = changed.map((one) => ({ one, module: one.module }));
    this.#seen = now;
  }
}

const watchedFiles = async (files: readonly string[]): Promise<Watched> => ({ files, digest: await digestFiles(files) });

/** A module as it is now. To be asked before it is loaded: a change that comes in between is then seen. */
export const watchedModule = (file: string): Promise<Watched> => watchedFiles([file]);
