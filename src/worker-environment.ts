/** The environment of the host's threads: nothing of the process's own. */
import { getCompileCacheDir } from "node:module";
import { dirname } from "node:path";

/**
 * Node looks there for modules that were stripped and compiled before: without it every thread loads a TypeScript parser of
 * its own, 19 MB of memory that stay. Node answers the folder of its own version in the one that it was given.
 */
export function workerEnvironment(): { NODE_COMPILE_CACHE?: string } {
  const folder = getCompileCacheDir();
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: dirname(folder) };
}
