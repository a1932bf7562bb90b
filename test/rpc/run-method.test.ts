import t from "tap";
import { ROLES } from "../../src/contract.ts";
import { METHODS } from "../../src/rpc/methods.ts";
import { mayCall, refuseCall, runMethod } from "../../src/rpc/run-method.ts";
import { GOOD_PARAMS, testHost } from "./test-host.ts";

const ADMIN = { name: "admin", role: "admin" as const };
const named = (name: string) => METHODS.find((method) => method.name === name)!;
/** They only look, or, as filterApiCall does, the host decides by the filter. */
const LOOKING = /^(rpc\.discover|filterApiCall|preview|.*\.(list|get|status|logs|suggest|history))$/;

t.test("every method that changes something is an audited act, but for what workflow does", async (t) => {
  for (const { name, role, audited } of METHODS) t.equal(audited !== undefined, role !== "workflow" && !LOOKING.test(name), name);
});

t.test("no act keeps a PIN, or anything of an object", async (t) => {
  for (const { name, audited, params } of METHODS) {
    const secret = Object.keys(params.properties).filter((param) => /pin|secret|token|password/i.test(param));
    for (const param of secret) t.notOk([audited?.target, ...(audited?.params ?? [])].includes(param), `${name} ${param}`);
  }
  const { host, acts } = testHost();
  await runMethod(named("registrations.confirm"), host, GOOD_PARAMS["registrations.confirm"] ?? {}, ADMIN);
  t.strictSame(acts, [
    {
      act: { caller: ADMIN, method: "registrations.confirm", target: "r1", detail: {} },
      kept: { target: "r1", detail: { accountName: "ITSM_Notify", authorization: "authorized" } },
    },
  ]);
});

t.test("what an act is about is a parameter, or else named by the result", async (t) => {
  const { host, acts } = testHost();
  await runMethod(named("registrations.create"), host, { functionalUser: "ITSM", accountName: "A" }, ADMIN);
  t.match(acts, [{ act: { detail: { functionalUser: "ITSM", accountName: "A" } }, kept: { target: "r1" } }]);
  t.notOk("target" in acts[0]!.act, "it has no id yet");
});

t.test("a call that only looks on is no act", async (t) => {
  const { host, acts, calls } = testHost();
  await runMethod(named("server.backup"), host, { file: "/b.db", mode: "progress" }, ADMIN);
  await runMethod(named("lanes.list"), host, {}, ADMIN);
  t.equal(calls.length, 2);
  t.strictSame(acts, []);
  await runMethod(named("server.backup"), host, { file: "/b.db" }, ADMIN);
  t.match(acts, [{ act: { target: "/b.db" }, kept: { detail: { bytes: 4096, done: true } } }]);
});

t.test("too small a role is refused with the role that it needs, and kept where it is about an act", async (t) => {
  const { host, acts } = testHost();
  const caller = { name: "ar-server", role: "workflow" as const };
  for (const method of METHODS) {
    t.equal(mayCall(caller, method), method.role === "workflow", method.name);
    if (mayCall(caller, method)) continue;
    acts.length = 0;
    t.match(await refuseCall(method, host, caller), { reason: "not-allowed", detail: `needs ${method.role}` });
    t.equal(acts.length, method.audited ? 1 : 0, method.name);
  }
  for (const role of ROLES) t.ok(mayCall({ name: "x", role }, named("notify")), role);
});

t.test("of a retry or cancel that is refused for the role some ids are kept, and nothing else", async (t) => {
  const { host, acts } = testHost();
  const caller = { name: "ar-server", role: "workflow" as const };
  const ids = Array.from({ length: 12 }, (_, index) => `d${index}`);
  await refuseCall(named("deliveries.retry"), host, caller, { ids, text: "E-mail is down" });
  await refuseCall(named("deliveries.cancel"), host, caller, { ids: ["d1"] });
  await refuseCall(named("registrations.confirm"), host, caller, { id: "r1", pin: "1234567" });
  t.strictSame(
    acts.map(({ act }) => act.detail),
    [{ ids: ids.slice(0, 10), idsCount: 12 }, { ids: ["d1"] }, {}],
  );
});
