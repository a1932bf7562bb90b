import { isIPv6 } from "node:net";

const MAPPED = "::ffff:";

/**
 * Whom an address belongs to, as far as guessing passwords goes: an IPv4 address itself; of an IPv6 address the first
 * 64 bits, since whoever has one address of such a network has all of them (RFC 6177).
 */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const plain = (address.split("%")[0] ?? "").toLowerCase();
  if (plain.startsWith(MAPPED) && plain.includes(".")) return plain.slice(MAPPED.length);
  const [head = "", tail] = plain.split("::");
  const left = groupsOf(head);
  const right = groupsOf(tail ?? "");
  const zeros = tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => "0");
  return `${[...left, ...zeros, ...right].slice(0, 4).join(":")}::/64`;
}

const groupsOf = (part: string): string[] => (part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16).toString(16)));
