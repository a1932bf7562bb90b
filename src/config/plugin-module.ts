/** Which file a plug-in's `module` means, and what the plug-in is called. */
import { existsSync, statSync } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const BUNDLED = fileURLToPath(new URL("../../plugins/", import.meta.url));
const INDEXES = ["index.ts", "index.js"];
const EXTENSIONS = [".ts", ".js", ".mts", ".mjs"];

/**
 * The file to import, absolute. A bare name (`twitter`) is a folder of the checkout's `plugins/`; anything else is a
 * path relative to the configuration file. A folder stands for its index. The file need not exist: the host goes on
 * without a plug-in that can't be loaded (8756).
 */
export function resolveModule(module: string, configFile: string): string {
  const path = isBare(module) ? join(BUNDLED, module) : resolve(dirname(configFile), module);
  if (EXTENSIONS.includes(extname(path)) && !isFolder(path)) return path;
  const indexes = INDEXES.map((index) => join(path, index));
  return indexes.find((index) => existsSync(index)) ?? join(path, "index.ts");
}

const isBare = (module: string): boolean => /^[A-Za-z0-9_-]+$/.test(module);
const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

/** The last part of the path without its extension; of an index file, the folder's name. */
export function pluginName(module: string): string {
  const last = basename(module);
  const bare = EXTENSIONS.includes(extname(last)) ? last.slice(0, -extname(last).length) : last;
  return bare === "index" && dirname(module) !== "." ? basename(dirname(module)) : bare;
}
