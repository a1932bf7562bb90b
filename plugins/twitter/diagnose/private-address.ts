/** Addresses that no public service has. */
import { BlockList, isIPv4 } from "node:net";

const PRIVATE = new BlockList();
/** This machine (RFC 1122 3.2.1.3), private (RFC 1918), shared (RFC 6598), link-local (RFC 3927). */
const IPV4 = [
  ["0.0.0.0", 8],
  ["127.0.0.0", 8],
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["100.64.0.0", 10],
  ["169.254.0.0", 16],
] as const;
/** Unspecified and loopback (RFC 4291), unique local (RFC 4193), link-local (RFC 4291). */
const IPV6 = [
  ["::", 127],
  ["fc00::", 7],
  ["fe80::", 10],
] as const;
for (const [network, prefix] of IPV4) PRIVATE.addSubnet(network, prefix, "ipv4");
for (const [network, prefix] of IPV6) PRIVATE.addSubnet(network, prefix, "ipv6");

export const isPrivate = (address: string): boolean => PRIVATE.check(address, isIPv4(address) ? "ipv4" : "ipv6");
