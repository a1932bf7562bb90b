/**
 * What of undici sends to X. The whole of it, with its fetch, its mocks and its caches, is 80 modules and 10 MB more in each
 * worker, so that only a host with a proxy loads it. The part alone has no types of its own.
 */
import { createRequire } from "node:module";
import type undici from "undici";

const require = createRequire(import.meta.url);

/** Not before connections are opened: what a plug-in is, its host wants to know first. */
export const loadPool = (): typeof undici.Pool => require("undici/lib/dispatcher/pool.js");

/** They open tunnels with `connect`, which a dispatcher has only once the whole is loaded (undici 8, index.js). */
export const loadProxyAgents = (): Pick<typeof undici, "ProxyAgent" | "EnvHttpProxyAgent"> => require("undici");
