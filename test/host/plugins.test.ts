import t from "tap";
import { HOST_FAULTS } from "../../src/ar.ts";
import type { Plugin } from "../../src/host/plugin.ts";
import { Plugins } from "../../src/host/plugins.ts";
import type { Manifest } from "../../src/host/protocol.ts";

/** All that is asked of a plug-in here; the class itself would bring a worker along. */
const plugin = (name: string, manifest: Manifest | undefined): Plugin => ({ name, manifest }) as unknown as Plugin;
const BUSY = { text: "T.", advice: "A.", retryable: true, verdict: "retry" } as const;

const TWITTER = plugin("twitter", {
  filters: [{ name: "ARSYS.EXTRA", role: "operator" }],
  mechanism: { name: "Twitter", alertFilter: "ARSYS.ALRT.TWITTER", registrationFilter: "ARSYS.ARF.TWITTER" },
  faults: { busy: BUSY },
});
const OTHER = plugin("other", { filters: [], mechanism: { name: "Other", alertFilter: "O.ALRT" }, faults: {} });
const ECHO = plugin("echo", { filters: [{ name: "ECHO", role: "workflow" }], faults: {} });

function open(all: Plugin[], aliases: Record<string, string> = {}) {
  const plugins = new Plugins();
  plugins.setAll(all, aliases);
  return plugins;
}

t.test("a filter is found by its name, with its kind and the role that it needs", async (t) => {
  const plugins = open([ECHO, TWITTER]);
  const found = async (name: string) => {
    const answer = await plugins.filter(name);
    return answer.ok ? `${answer.value.plugin.name} ${answer.value.kind} ${answer.value.role}` : answer.fault;
  };
  t.equal(await found("ECHO"), "echo plain workflow");
  t.equal(await found("ARSYS.EXTRA"), "twitter plain operator");
  t.equal(await found("ARSYS.ALRT.TWITTER"), "twitter alert workflow");
  t.equal(await found("ARSYS.ARF.TWITTER"), "twitter registration admin");
  t.strictSame(await found("NONE"), { reason: "no-such-plugin", cause: "NONE" });
  t.strictSame(plugins.filterNames(), ["ECHO", "ARSYS.ALRT.TWITTER", "ARSYS.ARF.TWITTER", "ARSYS.EXTRA"]);
});

t.test("an alias stands for a filter, and says so where nobody offers it", async (t) => {
  const plugins = open([ECHO], { E: "ECHO", GONE: "NONE" });
  t.match(await plugins.filter("E"), { ok: true, value: { filter: "ECHO" } });
  t.match(await plugins.filter("GONE"), { ok: false, fault: { reason: "no-such-plugin", cause: "NONE (alias GONE)" } });
  for (const name of ["constructor", "__proto__", "toString"]) t.match(await plugins.filter(name), { ok: false, fault: { cause: name } });
});

t.test("a mechanism need not be named where there is one only", async (t) => {
  t.match(await open([ECHO, TWITTER]).mechanism(), { ok: true, value: { mechanism: { name: "Twitter" } } });
  t.match(await open([OTHER, TWITTER]).mechanism("TWITTER"), { ok: true, value: { plugin: { name: "twitter" } } });
  const cause = (plugins: Plugins, name?: string) => plugins.mechanism(name);
  t.match(await cause(open([OTHER, TWITTER])), {
    ok: false,
    fault: { reason: "bad-input", cause: "mechanism must be named; loaded: Other, Twitter" },
  });
  t.match(await cause(open([OTHER]), "Twitter"), { ok: false, fault: { cause: "mechanism Twitter; loaded: Other" } });
  t.match(await cause(open([ECHO])), { ok: false, fault: { cause: "mechanism must be named; loaded: none" } });
});

t.test("a plug-in without a manifest is known by name and offers nothing", async (t) => {
  const plugins = open([plugin("broken", undefined)]);
  t.equal(plugins.named("broken")?.name, "broken");
  t.equal(plugins.named("nobody"), undefined);
  t.strictSame(plugins.filterNames(), []);
  t.equal((await plugins.mechanism()).ok, false);
});

t.test("the tables of failures follow the plug-ins that are loaded", (t) => {
  const plugins = new Plugins();
  t.strictSame(plugins.faults, HOST_FAULTS);
  plugins.setAll([TWITTER], {});
  t.strictSame(plugins.faults, { ...HOST_FAULTS, busy: BUSY });
  const grabby = plugin("grabby", { filters: [], faults: { expired: { ...BUSY, note: 20_999 } } });
  plugins.setAll([grabby], {});
  t.strictSame(plugins.faults, HOST_FAULTS, "a plug-in does not change what the host's own reasons mean");
  plugins.setAll([], {});
  t.strictSame(plugins.faults, HOST_FAULTS);
  t.end();
});
