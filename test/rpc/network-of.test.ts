import t from "tap";
import { networkOf } from "../../src/rpc/network-of.ts";

t.test("an address belongs to itself in IPv4, to its /64 in IPv6", async (t) => {
  const cases: [string, string][] = [
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:0DB8::1", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["1::", "1:0:0:0::/64"],
    ["", ""],
  ];
  for (const [address, network] of cases) t.equal(networkOf(address), network, address);
});
