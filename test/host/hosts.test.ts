import t from "tap";
import type { HostStatus } from "../../src/shapes.ts";
import { openStage } from "../stage.ts";

t.test("a host tells of itself as it is now: its address once it listens, its clock once X has answered", async (t) => {
  const stage = await openStage(t);
  await stage.register();
  const { hosts } = await stage.call<HostStatus>("server.status");
  t.match(hosts, [{ self: true, url: stage.host.url, clocks: { twitter: Number } }]);
  t.equal(hosts.length, 1);
});
