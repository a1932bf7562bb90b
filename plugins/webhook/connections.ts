/** The connections of a worker, made for the settings in force. */
import { lookup } from "node:dns";
import { readFileSync } from "node:fs";
import { rootCertificates } from "node:tls";
import { type Dispatcher, EnvHttpProxyAgent } from "undici";
import { guardedLookup } from "./address.ts";
import type { Context } from "./settings.ts";

const CONNECT_TIMEOUT_MS = 10_000;

let open: Dispatcher | undefined;

/** Throws where `caFile` can't be read. */
export function openConnections({ settings, proxy }: Pick<Context, "settings" | "proxy">): Dispatcher {
  open ??= connectionsFor(settings, proxy);
  return open;
}

/** Ends those in use once they are idle; the next request opens new ones. */
export async function closeConnections(): Promise<void> {
  const old = open;
  open = undefined;
  await old?.close();
}

/** The guard holds where this machine connects to the endpoint itself. A proxy resolves names on its own, and decides. */
function connectionsFor({ caFile, proxy: ownProxy, ...rules }: Context["settings"], proxy: Context["proxy"]): Dispatcher {
  const tls = { timeout: CONNECT_TIMEOUT_MS, ...(caFile !== undefined && { ca: [...rootCertificates, readFileSync(caFile, "utf8")] }) };
  const httpsProxy = ownProxy ?? proxy.httpsProxy;
  return new EnvHttpProxyAgent({
    connect: { ...tls, lookup: guardedLookup(rules, lookup) },
    requestTls: tls,
    proxyTls: tls,
    ...(httpsProxy !== undefined && { httpsProxy }),
    ...(proxy.noProxy !== undefined && { noProxy: proxy.noProxy }),
  });
}
