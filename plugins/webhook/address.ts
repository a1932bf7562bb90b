/** Which addresses may be posted to: what a URL says, and what its name resolves to. */
import type { LookupAddress } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";

type Rules = { allowInsecure?: boolean; allowPrivate?: boolean };

/** Networks that no endpoint on the Internet has (IANA's special-purpose registries, RFC 6890 and its updates). */
const PRIVATE = blockList([
  "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.168.0.0/16 198.18.0.0/15",
  "198.51.100.0/24 203.0.113.0/24 ::1/128 fc00::/7 fec0::/10 2001:db8::/32",
]);
/** Never an endpoint, not even of a company: link-local (where clouds keep their machines' credentials), multicast, … */
const NEVER = blockList(["169.254.0.0/16 224.0.0.0/4 240.0.0.0/4 0.0.0.0/32 fe80::/10 ff00::/8 ::/128 fd00:ec2::254/128"]);
const LOOPBACK = blockList(["127.0.0.0/8 ::1/128"]);

function blockList(lines: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of lines.join(" ").split(" ")) {
    const [address = "", bits] = network.split("/");
    list.addSubnet(address, Number(bits), familyOf(address));
  }
  return list;
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 6 ? "ipv6" : "ipv4";
}

/** An IPv4 address that an IPv6 one leads to, by NAT64 (RFC 6052) or 6to4 (RFC 3056); BlockList knows mapped ones itself. */
function embedded(address: string): string | undefined {
  if (isIP(address) !== 6) return undefined;
  // The URL parser writes an address in its shortest form, and a dotted tail in hexadecimal.
  const groups = new URL(`http://[${address.split("%")[0]}]`).hostname.slice(1, -1).split(":");
  const pair = groups[0] === "2002" ? groups.slice(1, 3) : address.toLowerCase().startsWith("64:ff9b::") ? groups.slice(-2) : undefined;
  if (pair === undefined) return undefined;
  const [high = 0, low = 0] = pair.map((group) => Number.parseInt(group || "0", 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

/** Says why an address may not be posted to, or nothing. */
export function refusalOfAddress(address: string, { allowPrivate = false }: Rules): string | undefined {
  const inner = embedded(address);
  if (inner !== undefined) return refusalOfAddress(inner, { allowPrivate });
  const family = familyOf(address);
  if (NEVER.check(address, family)) return `${address} is link-local, multicast or reserved`;
  if (!allowPrivate && PRIVATE.check(address, family)) return `${address} is in a private network, and allowPrivate is not set`;
  return undefined;
}

/**
 * Says why a URL may not be posted to, or nothing. Who writes `localhost` or a loopback address means this machine;
 * a name that only resolves to it does not say so, and is refused like any private address.
 */
export function refusalOfUrl(url: string, rules: Rules): string | undefined {
  const { protocol, hostname } = new URL(url);
  const address = hostname.replace(/^\[(.*)\]$/, "$1");
  if (isLoopback(address)) return undefined;
  if (protocol !== "https:" && !rules.allowInsecure) return "The url is http:// to another machine, and allowInsecure is not set";
  return isIP(address) === 0 ? undefined : refusalOfAddress(address, rules);
}

function isLoopback(host: string): boolean {
  return host === "localhost" || (isIP(host) !== 0 && LOOPBACK.check(host, familyOf(host)));
}

/** Thrown into a connection whose name resolves to what is refused. */
export class RefusedAddress extends Error {}

type Resolve = (
  name: string,
  options: { all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * Resolves a name for a connection, and refuses what the rules refuse. It is done where the connection is made, since a
 * name that was looked at before may resolve to something else by then (DNS rebinding).
 */
export function guardedLookup(rules: Rules, resolve: Resolve): LookupFunction {
  return (name, options, callback) =>
    resolve(name, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, "");
      const refusal = isLoopback(name) ? undefined : addresses.map(({ address }) => refusalOfAddress(address, rules)).find(Boolean);
      if (refusal !== undefined) return callback(new RefusedAddress(`${name}: ${refusal}`), "");
      const [first] = addresses;
      return options.all ? callback(null, addresses) : callback(null, first?.address ?? "", first?.family);
    });
}
