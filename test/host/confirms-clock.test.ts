import { fileURLToPath } from "node:url";
import t from "tap";
import { done, hostFault, refused } from "../../src/ar.ts";
import { confirmsClock } from "../../src/host/confirms-clock.ts";
import { Plugin } from "../../src/host/plugin.ts";
import { createSteadyClock } from "../../src/host/steady-clock.ts";
import { machineTime } from "../../src/host/time.ts";

const FAULT = hostFault("plugin-error", "x");

t.test("only what a plug-in cannot know without its service shows that the clock would have been corrected", (t) => {
  t.ok(confirmsClock("deliver", done({ verdict: "delivered", id: "1" })));
  t.ok(confirmsClock("lookUp", done({ finding: "absent" })));
  t.ok(confirmsClock("probe", done(done({ id: "7", name: "N" }))));
  for (const verdict of ["retry", "failed", "in-doubt"] as const)
    t.notOk(confirmsClock("deliver", done({ verdict, fault: FAULT })), verdict);
  t.notOk(confirmsClock("lookUp", done({ finding: "unknown", fault: FAULT, readable: true })));
  t.notOk(confirmsClock("probe", done(refused(FAULT))));
  t.notOk(confirmsClock("probe", refused(FAULT)));
  t.notOk(confirmsClock("filter", done(done([]))));
  t.end();
});

t.test("a plug-in that reports no time confirms its clock by the first post that it delivers", async (t) => {
  const time = machineTime();
  const clock = createSteadyClock(time);
  const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const moduleFile = fileURLToPath(new URL("../fixtures/plugins/pigeon.ts", import.meta.url));
  const plugin = new Plugin({
    settings: { name: "pigeon", module: "pigeon", moduleFile, filterApiTimeoutSeconds: 30, threads: 1, maxMemoryMb: 64 },
    clock,
    time,
    log: { root: silent, forPlugin: () => silent, setLevel: () => undefined, resetLevel: () => "info", scrub: (text) => text },
    proxy: {},
    onReady: () => {},
  });
  t.teardown(() => plugin.stop());
  await plugin.load();
  await plugin.begin({ settings: {}, secrets: {} });
  const post = { deliveryId: "d1", text: "E-mail is down", reply: false, index: 0, previousIds: [] };
  await plugin.call("compose", { text: "E-mail is down", content: "Broadcast", entryId: null, accountName: "A" });
  t.equal(clock.earlier(), undefined);
  t.match(await plugin.call("deliver", post), { ok: true, value: { verdict: "delivered" } });
  t.type(clock.earlier(), "number");
});
