import { resolve } from "node:path";
import { MESSAGES, statusLine } from "../ar.ts";
import type { PluginDefinition } from "../contract.ts";
import type { Invocation } from "./command.ts";
import type { Machine } from "./machine.ts";

export type LoadedSandbox = Awaited<ReturnType<NonNullable<PluginDefinition["sandbox"]>>>;
type Loaded = { ok: true; module: string; sandbox: LoadedSandbox } | { ok: false; message: string };

/** The sandbox of the plug-in that the first argument names; without one that of the first shipped plug-in that has one. */
export async function loadSandbox({ machine, io, args }: Pick<Invocation, "machine" | "io" | "args">): Promise<Loaded> {
  // A path is relative to where it was typed; a configuration in another folder is to find it too.
  const wanted = args[0]?.includes("/") ? resolve(io.cwd, args[0]) : args[0];
  let last: Loaded = { ok: false, message: "There is no plug-in in this checkout; name a module that brings a sandbox." };
  for (const module of wanted === undefined ? await machine.listModules() : [wanted]) {
    last = await loadOne(machine, module);
    if (last.ok) return last;
  }
  return last;
}

async function loadOne(machine: Machine, module: string): Promise<Loaded> {
  try {
    const definition = await machine.loadPlugin(module);
    if (definition.sandbox === undefined) return { ok: false, message: `The plug-in ${module} brings no sandbox.` };
    return { ok: true, module, sandbox: await definition.sandbox() };
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    const entry = { messageType: "ERROR", messageNum: 8756, messageText: MESSAGES[8756], appendedText: `${module}: ${cause}` } as const;
    return { ok: false, message: statusLine(entry) };
  }
}
