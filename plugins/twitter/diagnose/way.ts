/** The lines of a diagnosis from this machine up to X's TLS: name, proxy, connection, certificate. */
import type { Socket } from "node:net";
import type { DiagnosisLine, PluginContext } from "../../../src/contract.ts";
import { type ConnectionSettings, trusted } from "../requests.ts";
import { isPrivate } from "./private-address.ts";
import { type ChosenProxy, hostOf, portOf, proxyOf } from "./proxy-of.ts";
import { type Address, connectTo, type Failed, openTunnel, resolveName, step } from "./reach.ts";
import { tlsLine } from "./tls-line.ts";

type Way = { target: URL; ca: string[] | undefined; context: PluginContext };

/** Yields the lines, and answers the check that ended the way; undefined where it leads to X. */
export async function* diagnoseWay(
  settings: ConnectionSettings,
  context: PluginContext,
): AsyncGenerator<DiagnosisLine, string | undefined> {
  const way: Way = { target: new URL(settings.apiBaseUrl), ca: trusted(settings.caFile), context };
  const choice = proxyOf(settings, context.proxy);
  const first = choice.proxy?.url ?? way.target;
  const resolved = await resolveName(hostOf(first), step(context.signal));
  yield nameLine(first, resolved, choice.proxy, way.target);
  if (!resolved.ok) {
    yield* skip(["proxy", "TCP", "TLS"], "DNS");
    return "DNS";
  }
  if (choice.proxy) return yield* throughProxy(way, choice.proxy);
  yield { check: "proxy", state: "ok", found: `${choice.why}: requests go to ${way.target.host} directly` };
  return yield* directly(way, resolved.addresses);
}

/** Lines for what can't be looked at since an earlier check failed. */
export function* skip(checks: readonly string[], because: string): Generator<DiagnosisLine, void> {
  for (const check of checks) yield { check, state: "skipped", found: `hangs on ${because}, which failed` };
}

type Resolved = Awaited<ReturnType<typeof resolveName>>;

function nameLine(first: URL, resolved: Resolved, proxy: ChosenProxy | undefined, target: URL): DiagnosisLine {
  const host = hostOf(first);
  const check = "DNS";
  if (!resolved.ok) {
    const named = proxy ? proxy.from : "apiBaseUrl";
    const unknown = `Check the name in ${named} (${host}) and this machine's name servers (/etc/resolv.conf); where only a proxy may resolve names of the internet, set proxy.`;
    const silent = `No name server answers: check /etc/resolv.conf, and that a firewall lets port 53 through; or set proxy.`;
    const found = `${host} can't be resolved (${resolved.code})`;
    return { check, state: "fail", found, remedy: resolved.code === "ENOTFOUND" ? unknown : silent };
  }
  const addresses = resolved.addresses.map(({ address }) => address);
  if (addresses.length === 1 && addresses[0] === host) return { check, state: "ok", found: `${host} is an address; nothing to resolve` };
  const found = `${host} is ${addresses.join(", ")}${proxy ? `; the proxy resolves ${target.hostname}` : ""}`;
  if (proxy || host === "localhost" || !addresses.some(isPrivate)) return { check, state: "ok", found };
  return {
    check,
    state: "warn",
    found: `${found}: an address of a private network, which X does not use`,
    remedy: "Ask whoever runs the name server: a filter or an entry of /etc/hosts may answer in X's place.",
  };
}

async function* throughProxy(way: Way, proxy: ChosenProxy): AsyncGenerator<DiagnosisLine, string | undefined> {
  const tunnel = await openTunnel(proxy.url, way.target, way.ca, step(way.context.signal));
  const authority = `${way.target.hostname}:${portOf(way.target)}`;
  const name = `${proxy.url.host} (${proxy.from})`;
  if (!tunnel.ok) {
    const { found, remedy } = refusedTunnel(tunnel, authority, proxy);
    yield { check: "proxy", state: "fail", found: `${name} ${found}`, remedy };
    yield* skip(["TCP", "TLS"], "proxy");
    return "proxy";
  }
  yield { check: "proxy", state: "ok", found: `${name} opens a tunnel to ${authority}` };
  yield { check: "TCP", state: "skipped", found: "the proxy makes the connection" };
  return yield* encrypted(way, tunnel.value);
}

type Told = { found: string; remedy: string };

function refusedTunnel({ code, status }: Failed & { status?: number }, authority: string, { from }: ChosenProxy): Told {
  if (status === 407)
    return {
      found: "asks for a log-in (407)",
      remedy: `Put user and password into ${from}: http://user:password@host:port (better by \${file:…}).`,
    };
  if (status !== undefined)
    return {
      found: `refuses a tunnel to ${authority} (${status})`,
      remedy: `Let the proxy's rules allow CONNECT to ${authority}; or exempt X by NO_PROXY where this machine may go there directly.`,
    };
  const remedy = `Check address and port in ${from}, that the proxy runs, and that a firewall lets this machine reach it.`;
  return { found: `can't be reached (${code})`, remedy };
}

async function* directly(way: Way, addresses: readonly Address[]): AsyncGenerator<DiagnosisLine, string | undefined> {
  const port = portOf(way.target);
  const attempts = await Promise.all(
    addresses.map(async ({ address }) => ({ address, attempt: await connectTo(address, port, step(way.context.signal)) })),
  );
  const [open, ...spare] = attempts.flatMap(({ attempt }) => (attempt.ok ? [attempt.value] : []));
  for (const socket of spare) socket.destroy();
  const mute = attempts.flatMap(({ address, attempt }) => (attempt.ok ? [] : [`${address} (${attempt.code})`]));
  if (!open) {
    const refused = mute.every((one) => one.includes("ECONNREFUSED"));
    yield {
      check: "TCP",
      state: "fail",
      found: `no connection to port ${port} of ${mute.join(", ")}`,
      remedy: refused
        ? `Something refuses: check apiBaseUrl, and whether a firewall rejects outgoing TCP to port ${port}.`
        : `A firewall or a missing route keeps packets back: allow outgoing TCP to ${way.target.hostname}:${port}, or set proxy.`,
    };
    yield* skip(["TLS"], "TCP");
    return "TCP";
  }
  const answering = attempts.flatMap(({ address, attempt }) => (attempt.ok ? [address] : []));
  const reached = `port ${port} of ${answering.join(", ")} answers`;
  yield { check: "TCP", state: "ok", found: mute.length === 0 ? reached : `${reached}; not of ${mute.join(", ")}, which is gone round` };
  return yield* encrypted(way, open);
}

async function* encrypted({ target, ca, context }: Way, socket: Socket): AsyncGenerator<DiagnosisLine, string | undefined> {
  if (target.protocol !== "https:") {
    socket.destroy();
    yield { check: "TLS", state: "skipped", found: `${target.origin} is http, which is for loopback only` };
    return undefined;
  }
  const line = await tlsLine({ socket, host: hostOf(target), ca }, context.clock.wall(), step(context.signal));
  yield line;
  return line.state === "fail" ? "TLS" : undefined;
}
