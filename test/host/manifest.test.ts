import t from "tap";
import { definePlugin } from "../../src/contract.ts";
import { API_VERSION, filterNamesOf, manifestOf } from "../../src/host/manifest.ts";

const nothing = async () => ({ ok: true as const, value: [] });
const mechanism = {
  name: "Example",
  alertFilter: "A.ALRT",
  registrationFilter: "A.ARF",
  authorize: () => Promise.reject(),
  confirm: () => Promise.reject(),
  compose: () => ({ ok: true as const, value: { posts: [], overflow: "" } }),
  deliver: () => Promise.reject(),
  lookUp: () => Promise.reject(),
  probe: () => Promise.reject(),
};

t.test("a plug-in of the smallest size is one", (t) => {
  t.match(manifestOf(definePlugin({ apiVersion: 1 })), { ok: true, manifest: { filters: [], faults: {} } });
  t.equal(API_VERSION, 1);
  t.end();
});

t.test("what is no plug-in, or one for another host, is refused with its cause", (t) => {
  for (const candidate of [undefined, null, 7, "plugin", () => ({})])
    t.match(manifestOf(candidate), { ok: false, cause: /not a plug-in \(made by definePlugin\)/ });
  t.match(manifestOf({ apiVersion: 2 }), { ok: false, cause: "it wants plug-in API version 2, this host offers 1" });
  t.match(manifestOf({}), { ok: false, cause: /version undefined/ });
  t.end();
});

t.test("a mechanism without `authorize` has no PIN", (t) => {
  const { authorize: _, confirm: __, ...bare } = mechanism;
  t.match(manifestOf({ apiVersion: 1, mechanism: bare }), { manifest: { mechanism: { name: "Example", withoutPin: true } } });
  t.end();
});

t.test("the manifest names every filter with its role, the mechanism's first", (t) => {
  const described = manifestOf({ apiVersion: 1, mechanism, filters: { "A.ONE": nothing, "A.TWO": { role: "admin", call: nothing } } });
  const manifest = described.ok ? described.manifest : undefined;
  t.strictSame(manifest?.filters, [
    { name: "A.ONE", role: "workflow" },
    { name: "A.TWO", role: "admin" },
  ]);
  t.strictSame(manifest?.mechanism, { name: "Example", alertFilter: "A.ALRT", registrationFilter: "A.ARF" });
  t.strictSame(filterNamesOf(manifest), ["A.ALRT", "A.ARF", "A.ONE", "A.TWO"]);
  t.strictSame(filterNamesOf(undefined), []);
  t.end();
});

t.test("only plain data crosses to the host", (t) => {
  const settingsSchema = { type: "object", [Symbol("kind")]: "Object", check: () => true };
  const faults = { busy: { text: "T.", advice: "A.", retryable: true, verdict: "retry", when: () => true } };
  const described = manifestOf({ apiVersion: 1, settingsSchema, secretsSchema: { type: "object" }, faults, mechanism });
  const manifest = described.ok ? described.manifest : undefined;
  t.strictSame(manifest?.settingsSchema, { type: "object" });
  t.strictSame(manifest?.faults, { busy: { text: "T.", advice: "A.", retryable: true, verdict: "retry" } });
  t.strictSame(structuredClone(manifest), manifest);
  t.end();
});
