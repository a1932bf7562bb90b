import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import t from "tap";
import { callX } from "../../../plugins/twitter/call.ts";
import { CHANCE, createServices } from "../../../plugins/twitter/service.ts";
import type { Settings } from "../../../plugins/twitter/settings.ts";
import { CERTIFICATE } from "./loopback-certificate.ts";

const contextOf = (settings: Settings, consumerKey = "key") => ({
  settings,
  secrets: { consumerKey, consumerSecret: "secret" },
  proxy: {},
});
const callContext = {
  clock: { now: () => 1_780_000_000_000, wall: () => 1_780_000_000_000, report: () => {} },
  signal: new AbortController().signal,
  failingElsewhere: [],
};

t.test("calls share their connections until what they depend on changes", async (t) => {
  const services = createServices(CHANCE);
  t.teardown(() => services.close());
  const first = services.for(contextOf({ apiBaseUrl: "http://127.0.0.1:1" }));
  const sameAddress = services.for(contextOf({ apiBaseUrl: "http://127.0.0.1:1", protectedAccount: "block" }));
  t.equal(sameAddress.connections, first.connections);
  t.equal(sameAddress.settings.protectedAccount, "block");
  t.not(services.for(contextOf({ apiBaseUrl: "http://127.0.0.1:2" })).connections, first.connections);
});

t.test("each consumer key has its own signer, so that a new one can be tried beside the old", async (t) => {
  const services = createServices(CHANCE);
  t.teardown(() => services.close());
  const sign = (key: string) =>
    services.for(contextOf({}, key)).sign({ method: "GET", url: "https://api.x.com/" }, undefined, { timestamp: 1, nonce: "n" });
  t.match(sign("old-key"), 'oauth_consumer_key="old-key"');
  t.match(sign("new-key"), 'oauth_consumer_key="new-key"');
  t.match(sign("old-key"), 'oauth_consumer_key="old-key"');
});

t.test("renewing opens new connections, and what is in flight ends on the old ones", async (t) => {
  let finish: () => void = () => {};
  const server = createServer((_request, response) => {
    finish = () => response.end("{}");
    server.emit("arrived");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const services = createServices(CHANCE);
  const context = contextOf({ apiBaseUrl: `http://127.0.0.1:${port}` });
  const service = services.for(context);
  const arrived = once(server, "arrived");
  const exchange = callX(service, { method: "GET", path: "/2/users/me" }, callContext);
  await arrived;
  services.renew(context);
  t.not(services.for(context).connections, service.connections);
  finish();
  t.match(await exchange, { kind: "answer", status: 200 });
  await services.close();
});

t.test("a caFile that went away costs no connection that works", async (t) => {
  const caFile = join(t.testdir(), "ca.pem");
  writeFileSync(caFile, CERTIFICATE);
  const services = createServices(CHANCE);
  t.teardown(() => services.close());
  const context = contextOf({ caFile });
  const { connections } = services.for(context);
  t.throws(() => services.renew(contextOf({ caFile: `${caFile}.gone` })), { message: /caFile can't be read/ });
  t.equal(services.for(context).connections, connections);
});

t.test("nonces are ASCII and don't repeat", async (t) => {
  const nonces = new Set(Array.from({ length: 1000 }, CHANCE.nonce));
  t.equal(nonces.size, 1000);
  for (const nonce of nonces) if (!/^[0-9a-f]{32}$/.test(nonce)) t.fail(nonce);
});
