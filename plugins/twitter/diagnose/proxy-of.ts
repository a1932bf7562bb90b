/** Which proxy a request to X goes through, by the rules of undici's agents that make it (see requests.ts). */
import type { PluginContext } from "../../../src/contract.ts";
import type { CompleteSettings } from "../settings.ts";

/** `from`: what names the proxy, for people. */
export type ChosenProxy = { url: URL; from: string };
/** Where there is none, `why`. */
export type ProxyChoice = { proxy: ChosenProxy } | { proxy?: undefined; why: string };

export function proxyOf(settings: Pick<CompleteSettings, "apiBaseUrl" | "proxy">, environment: PluginContext["proxy"]): ProxyChoice {
  const target = new URL(settings.apiBaseUrl);
  if (settings.proxy !== undefined) return chosen(settings.proxy, "the setting proxy");
  if (!environment.httpsProxy) return { why: "no proxy is set" };
  if (target.protocol !== "https:") return { why: "HTTPS_PROXY is not used for an http address" };
  if (isExempt(target, environment.noProxy ?? "")) return { why: `NO_PROXY exempts ${target.hostname} from HTTPS_PROXY` };
  return chosen(environment.httpsProxy, "HTTPS_PROXY");
}

function chosen(address: string, from: string): ProxyChoice {
  const url = URL.parse(address);
  return url ? { proxy: { url, from } } : { why: `${from} is no address` };
}

export const portOf = (url: URL): number => Number(url.port || (url.protocol === "https:" ? 443 : 80));
/** Without the brackets of an IPv6 address. */
export const hostOf = (url: URL): string => url.hostname.replace(/^\[(.+)\]$/, "$1");

/** The list of EnvHttpProxyAgent: `host`, `.host` and `*.host`, each with a port or without; `*` is everything. */
function isExempt(target: URL, list: string): boolean {
  const host = hostOf(target).toLowerCase().replace(/\.$/, "");
  return list
    .split(/[,\s]+/)
    .filter((entry) => entry !== "")
    .some((entry) => fits(entry.toLowerCase(), host, portOf(target)));
}

function fits(entry: string, host: string, port: number): boolean {
  const [, bracketed, plain, itsPort] = /^(?:\[(.+)\]|([^:]+))(?::(\d+))?$/.exec(entry) ?? [];
  if (itsPort !== undefined && Number(itsPort) !== port) return false;
  const name = (bracketed ?? plain ?? entry).replace(/\.$/, "");
  if (name === "*") return true;
  const suffix = name.replace(/^\*?\./, "");
  return (!name.startsWith("*.") && host === suffix) || host.endsWith(`.${suffix}`);
}
