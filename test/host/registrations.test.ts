/** Registrations on a real store, of one host or of two; the plug-in answers as each test tells it. */
import { join } from "node:path";
import t, { type Test } from "tap";
import { type Answer, done, HOST_FAULTS, hostFault, refused } from "../../src/ar.ts";
import type { AccountFacts, ServiceFaultTable, Token } from "../../src/contract.ts";
import { Accounts } from "../../src/host/accounts.ts";
import { KnownSecrets } from "../../src/host/known-secrets.ts";
import type { Plugin } from "../../src/host/plugin.ts";
import { Plugins } from "../../src/host/plugins.ts";
import { Registrations } from "../../src/host/registrations.ts";
import { createSteadyClock } from "../../src/host/steady-clock.ts";
import type { Registration } from "../../src/shapes.ts";
import { openStore } from "../../src/store/open.ts";
import type { Store } from "../../src/store/store.ts";
import { startPostgres } from "../store/postgres-server.ts";
import { handTime } from "./hand-time.ts";
import { newDelivery, storedAccount } from "./stored.ts";

const PENDING: Token = { requestToken: "rt", requestSecret: "rs" };
const TOKEN: Token = { accessToken: "at", accessTokenSecret: "as" };
const FACTS: AccountFacts = { id: "7", name: "ITSM_Notify", protected: true, accessLevel: "read-write" };
const row = (retryable: boolean) => ({ text: "T.", advice: "A.", verdict: retryable ? "retry" : "failed", retryable }) as const;
const FAULTS: ServiceFaultTable = { "pin-rejected": row(false), unreachable: row(true) };

async function openSqlite(t: Test): Promise<Store> {
  const store = await openStore(`sqlite:${join(t.testdir(), "perch.db")}`);
  t.teardown(() => store.close());
  return store;
}

async function open(t: Test, given?: Store) {
  const store = given ?? (await openSqlite(t));
  const calls: { verb: string; request: unknown }[] = [];
  const service: Record<string, Answer<unknown> | Promise<Answer<unknown>>> = {
    authorize: done({ authorizeUrl: "https://x.example/authorize?t=rt", pending: PENDING }),
    confirm: done({ account: FACTS, token: TOKEN }),
  };
  // All that registrations ask of a plug-in; the class itself would bring a worker along.
  const plugin = {
    name: "example",
    clock: createSteadyClock(handTime()),
    manifest: { filters: [], mechanism: { name: "Example", alertFilter: "E.ALRT" }, faults: FAULTS },
    call: async (verb: string, request: unknown) => {
      calls.push({ verb, request });
      return done(await service[verb]);
    },
  } as unknown as Plugin;
  const plugins = new Plugins();
  plugins.setAll([plugin], {});
  // Sealing here says what it is bound to, so that a test sees it.
  const vault = {
    seal: (plain: string, to: string) => `${to}#${Buffer.from(plain).toString("hex")}`,
    open: (sealed: string, to: string) => {
      if (!sealed.startsWith(`${to}#`)) throw new Error("sealed for something else");
      return Buffer.from(sealed.slice(to.length + 1), "hex").toString();
    },
  };
  const accounts = new Accounts({ store, vault: () => vault, configuredToken: () => undefined });
  const told: string[] = [];
  const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const load = async () => {
    const registrations = new Registrations({
      store,
      plugins,
      accounts,
      vault: () => vault,
      secrets: new KnownSecrets(),
      log: quiet,
      onAuthorized: async (lane) => void told.push(`authorized ${lane}`),
      onChanged: (lane) => void told.push(`changed ${lane}`),
      onUnassociated: () => {},
      onCancelled: (deliveries) => void told.push(...deliveries.map(({ id }) => `cancelled ${id}`)),
    });
    await registrations.load();
    return registrations;
  };
  const registrations = await load();
  const create = async (more: object = {}) =>
    mustBe(await registrations.create({ functionalUser: "ServiceDesk", accountName: "@ITSM_Notify", ...more }));
  const authorised = async (more: object = {}) => {
    const { id } = await create(more);
    await registrations.authorize(id);
    return mustBe(await registrations.confirm(id, "1234567"));
  };
  return { store, service, calls, accounts, told, registrations, load, create, authorised, plugins };
}

function mustBe<T>(answer: Answer<T>): T {
  if (!answer.ok) throw new Error(answer.fault.cause);
  return answer.value;
}

t.test("a new registration is of the one mechanism, disabled, and tied to nothing", async (t) => {
  const { create, registrations, load } = await open(t);
  const made = await create();
  t.match(made, {
    company: "Global",
    content: "Broadcast",
    functionalUser: "ServiceDesk",
    mechanism: "Example",
    accountName: "ITSM_Notify",
    status: "Disabled",
    authorization: "none",
    pinEnabled: false,
  });
  t.strictSame(registrations.get(made.id), done(made));
  t.strictSame((await load()).list(), [made], "and kept");
  t.match(registrations.get("none"), { ok: false, fault: { reason: "not-found", cause: "registration none" } });
  t.match(await registrations.create({ functionalUser: "x", accountName: "y", mechanism: "Pager" }), {
    ok: false,
    fault: { reason: "bad-input" },
  });
});

t.test("two of the same five are a conflict, whatever their case", async (t) => {
  const { create, registrations } = await open(t);
  await create();
  t.match(await registrations.create({ functionalUser: "servicedesk", accountName: "itsm_notify" }), {
    ok: false,
    fault: { reason: "conflict", cause: /servicedesk for Broadcast on itsm_notify/ },
  });
  const other = await create({ content: "Alert" });
  t.match(await registrations.update({ id: other.id, content: "Broadcast" }), { ok: false, fault: { reason: "conflict" } });
  t.match(registrations.get(other.id), { value: { content: "Alert" } }, "a refused change changes nothing");
});

t.test("an account of the credentials file is tied to its own plug-in's registrations only", async (t) => {
  const { create, registrations } = await open(t);
  const { id } = await create();
  await registrations.associate(storedAccount({ plugin: "other", lane: "other:7" }), 0);
  t.match(registrations.get(id), { value: { authorization: "none", accountId: undefined } });
  await registrations.associate(storedAccount(), 0);
  t.match(registrations.get(id), { value: { authorizedAt: "1970-01-01T00:00:00.000Z" } });
});

t.test("only an authorised account can be enabled", async (t) => {
  const { create, registrations, authorised, told } = await open(t);
  t.match(await registrations.create({ functionalUser: "a", accountName: "b", status: "Enabled" }), {
    fault: { reason: "not-authorized" },
  });
  const { id } = await create({ content: "Alert" });
  t.match(await registrations.update({ id, status: "Enabled" }), { ok: false, fault: { reason: "not-authorized" } });
  const good = await authorised();
  t.match(await registrations.update({ id: good.id, status: "Enabled" }), { ok: true, value: { status: "Enabled" } });
  t.strictSame(told, ["authorized example:7", "changed example:7"]);
});

t.test("a PIN ties the account, its token sealed and bound to its id", async (t) => {
  const { create, registrations, calls, accounts, store } = await open(t);
  const { id } = await create();
  t.match(await registrations.confirm(id, "1"), { ok: false, fault: { reason: "not-authorized", cause: /no PIN is awaited/ } });
  t.match(await registrations.authorize(id), { ok: true, value: { authorizeUrl: /authorize/ } });
  t.match(registrations.get(id), { value: { authorization: "pending", pinEnabled: true } });
  t.notMatch(JSON.stringify(await store.registrations()), /requestToken/);
  t.match(await registrations.confirm(id, "1234567"), {
    ok: true,
    value: {
      authorization: "authorized",
      pinEnabled: false,
      accountId: "7",
      protected: true,
      accessLevel: "read-write",
    } satisfies Partial<Registration>,
  });
  t.strictSame(calls.at(-1), { verb: "confirm", request: { accountName: "ITSM_Notify", pending: PENDING, pin: "1234567" } });
  t.match(accounts.forCall("example:7"), { ok: true, value: { token: TOKEN } });
  t.match(await store.accounts(), [{ lane: "example:7", token: /^7#/ }]);
});

t.test("a PIN has one try, unless the service was not reached or the PIN was malformed", async (t) => {
  for (const [reason, kept] of [
    ["pin-rejected", false],
    ["account-mismatch", false],
    ["unreachable", true],
    ["bad-input", true],
  ] as const) {
    const { create, registrations, service } = await open(t);
    const { id } = await create();
    await registrations.authorize(id);
    service.confirm = refused({ reason, cause: "no" });
    t.match(await registrations.confirm(id, "1"), { ok: false, fault: { reason } });
    t.match(registrations.get(id), { value: { pinEnabled: kept, authorization: kept ? "pending" : "none" } }, reason);
  }
});

t.test("a PIN that the service took is not awaited any more, whatever was refused after it", async (t) => {
  const { create, registrations, service } = await open(t);
  const { id } = await create();
  await registrations.authorize(id);
  service.confirm = Object.assign(refused({ reason: "unreachable", cause: "no" }), { spent: true });
  t.match(await registrations.confirm(id, "1"), { ok: false, fault: { reason: "unreachable" } });
  t.match(registrations.get(id), { value: { pinEnabled: false, authorization: "none" } });
});

t.test("who changes what another has changed meanwhile is refused, where he says which he means", async (t) => {
  const { create, registrations } = await open(t);
  const { id, updatedAt } = await create();
  t.match(await registrations.update({ id, content: "Alert", ifUpdatedAt: "2000-01-01T00:00:00.000Z" }), {
    ok: false,
    fault: { reason: "conflict", cause: `the registration was changed at ${updatedAt}`, advice: "Read it again, then change it." },
  });
  t.match(await registrations.update({ id, content: "Alert", ifUpdatedAt: updatedAt }), { ok: true, value: { content: "Alert" } });
});

/**
 * Two hosts on one database. What `meanwhile` is set to, the other host does once between the look of the first one at
 * the store and its next change there.
 */
async function openGroup(t: Test) {
  const server = await startPostgres();
  const address = await server.createDatabase();
  const stores = [await openStore(address), await openStore(address)] as const;
  t.teardown(() => Promise.all(stores.map((store) => store.close())).finally(() => server.destroy()));
  const moment: { meanwhile?: (() => Promise<unknown>) | undefined } = {};
  const after =
    <Args extends unknown[], Result>(change: (...args: Args) => Promise<Result>) =>
    async (...args: Args) => {
      const { meanwhile } = moment;
      moment.meanwhile = undefined;
      await meanwhile?.();
      return change(...args);
    };
  const [store] = stores;
  const slow = { saveRegistration: after(store.saveRegistration), deleteRegistration: after(store.deleteRegistration) };
  const one = await open(t, new Proxy(store, { get: (target, name) => Reflect.get({ ...slow }, name) ?? Reflect.get(target, name) }));
  const { registrations: two } = await open(t, stores[1]);
  return { ...one, two, moment };
}

t.test("what two hosts change of one registration at once is both there, unless one said which version he means", async (t) => {
  const { create, registrations, two, moment } = await openGroup(t);
  const { id, updatedAt } = await create();
  moment.meanwhile = () => two.update({ id, functionalUser: "Network" });
  const both = mustBe(await registrations.update({ id, content: "Alert" }));
  t.match(both, { functionalUser: "Network", content: "Alert" });
  t.ok(both.updatedAt > updatedAt);
  moment.meanwhile = () => two.update({ id, content: "Outage" });
  t.match(await registrations.update({ id, content: "Change", ifUpdatedAt: both.updatedAt }), {
    ok: false,
    fault: { reason: "conflict", cause: /^the registration was changed at / },
  });
  t.match(registrations.get(id), { value: { content: "Outage" } });
});

t.test("each change is a version of its own, also on a host whose clock is behind", async (t) => {
  const { create, registrations, store } = await open(t);
  const { id } = await create();
  const [before] = await store.registrations();
  const ahead = { ...before!, updatedAt: before!.updatedAt + 60_000 };
  await store.saveRegistration(ahead, before);
  const first = mustBe(await registrations.update({ id, content: "Alert" }));
  t.equal(Date.parse(first.updatedAt), ahead.updatedAt + 1);
  t.equal(Date.parse(mustBe(await registrations.update({ id, content: "Outage" })).updatedAt), ahead.updatedAt + 2);
});

t.test("what another host deletes is not brought back, and is deleted once", async (t) => {
  const { create, registrations, two, moment } = await openGroup(t);
  const gone = { ok: false, fault: { reason: "not-found" } };
  for (const act of [
    (id: string) => registrations.update({ id, content: "Alert" }),
    (id: string) => registrations.authorize(id),
    (id: string) => registrations.delete(id),
  ]) {
    const { id } = await create();
    moment.meanwhile = () => two.delete(id);
    t.match(await act(id), gone);
    await two.load();
    t.strictSame([registrations.list(), two.list()], [[], []]);
  }
});

t.test("of two hosts that are given a PIN at once one spends it, and an authorisation outlasts a change elsewhere", async (t) => {
  const { create, registrations, two, moment, calls } = await openGroup(t);
  const { id } = await create();
  await registrations.authorize(id);
  moment.meanwhile = () => two.update({ id, content: "Alert" });
  await registrations.authorize(id);
  moment.meanwhile = () => two.confirm(id, "1234567");
  t.match(await registrations.confirm(id, "1234567"), { ok: false, fault: { reason: "not-authorized", cause: /no PIN is awaited/ } });
  t.notOk(
    calls.some(({ verb }) => verb === "confirm"),
    "the other host alone has asked the service",
  );
  t.match(two.get(id), { value: { content: "Alert", authorization: "authorized" } });
});

t.test("another mechanism's account of the same name is another account", async (t) => {
  const { authorised, registrations, plugins } = await open(t);
  const { id } = await authorised();
  await registrations.update({ id, status: "Enabled" });
  const [example] = plugins.all;
  const manifest = { filters: [], mechanism: { name: "Other", alertFilter: "O.ALRT" }, faults: {} };
  plugins.setAll([example!, { ...example, name: "other", manifest } as unknown as Plugin], {});
  t.match(await registrations.update({ id, mechanism: "Other" }), {
    value: { mechanism: "Other", status: "Disabled", authorization: "none", accountId: undefined, authorizedAt: undefined },
  });
  t.match(await registrations.update({ id, mechanism: "Example" }), { value: { authorization: "authorized", authorizedAt: String } });
});

t.test("of two calls with a PIN at once one spends it, and the other is refused", async (t) => {
  const { create, registrations, calls } = await open(t);
  const { id } = await create();
  await registrations.authorize(id);
  const answers = await Promise.all([registrations.confirm(id, "1234567"), registrations.confirm(id, "1234567")]);
  t.equal(calls.filter(({ verb }) => verb === "confirm").length, 1);
  t.match(answers, [{ ok: true }, { ok: false, fault: { reason: "not-authorized", cause: /no PIN is awaited/ } }]);
  t.match(registrations.get(id), { value: { authorization: "authorized", pinEnabled: false } });
});

t.test("what was begun while a PIN was under way is not undone by its failure", async (t) => {
  const { create, registrations, service, calls } = await open(t);
  const { id } = await create();
  await registrations.authorize(id);
  const late = Promise.withResolvers<Answer<unknown>>();
  service.confirm = late.promise;
  const first = registrations.confirm(id, "1");
  service.authorize = done({ authorizeUrl: "https://x.example/authorize?t=2", pending: { requestToken: "second" } });
  t.match(await registrations.authorize(id), { ok: true });
  late.resolve(refused({ reason: "unreachable", cause: "no" }));
  t.match(await first, { fault: { reason: "unreachable" } });
  service.confirm = done({ account: FACTS, token: TOKEN });
  t.match(await registrations.confirm(id, "2"), { ok: true });
  t.match(calls.at(-1), { request: { pending: { requestToken: "second" }, pin: "2" } });
});

t.test("re-authorising leaves the account in force until the PIN is right", async (t) => {
  const { authorised, registrations, service, accounts } = await open(t);
  const { id } = await authorised();
  await registrations.update({ id, status: "Enabled" });
  await registrations.authorize(id);
  t.match(registrations.get(id), { value: { status: "Enabled", authorization: "authorized", pinEnabled: true } });
  service.confirm = refused({ reason: "pin-rejected", cause: "no" });
  await registrations.confirm(id, "1");
  t.match(registrations.get(id), { value: { status: "Enabled", authorization: "authorized", pinEnabled: false } });
  t.match(accounts.forCall("example:7"), { ok: true, value: { token: TOKEN } });
});

t.test("an authorisation that cannot begin leaves everything as it was", async (t) => {
  const { create, registrations, service } = await open(t);
  const before = await create();
  service.authorize = refused(hostFault("time-out", "no answer"));
  t.match(await registrations.authorize(before.id), { ok: false, fault: { reason: "time-out" } });
  t.strictSame(registrations.get(before.id), done(before));
});

t.test("another account needs its own authorisation, one that is known does not", async (t) => {
  const { authorised, registrations, store, accounts } = await open(t);
  const { id } = await authorised();
  await registrations.update({ id, status: "Enabled" });
  t.match(await registrations.update({ id, accountName: "@itsm_notify" }), {
    value: { accountName: "itsm_notify", status: "Enabled", authorization: "authorized" },
  });
  const moved = mustBe(await registrations.update({ id, accountName: "@FM_Notify" }));
  t.match(moved, { accountName: "FM_Notify", status: "Disabled", authorization: "none" });
  t.notOk("authorizedAt" in moved);
  const account = await accounts.save(storedAccount({ lane: "example:8", accountId: "8", accountName: "FM_Notify" }));
  await registrations.associate(account, 1);
  t.match(registrations.get(id), { value: { authorization: "authorized", accountId: "8" } });
  t.match(await store.registrations(), [{ lane: "example:8" }]);
});

t.test("one whose plug-in is gone can be disabled and deleted, and nothing else that asks for the plug-in", async (t) => {
  const { authorised, registrations, plugins, told } = await open(t);
  const { id, updatedAt } = await authorised();
  mustBe(await registrations.update({ id, status: "Enabled" }));
  plugins.setAll([], {});
  told.length = 0;
  for (const change of [{ accountName: "Other" }, { mechanism: "Example" }, { status: "Enabled" as const }])
    t.match(await registrations.update({ id, ...change }), { fault: { reason: "bad-input", cause: /mechanism Example; loaded: none/ } });
  const disabled = mustBe(await registrations.update({ id, status: "Disabled" }));
  t.match(disabled, { status: "Disabled", mechanism: "Example", accountName: "ITSM_Notify", authorization: "authorized" });
  t.not(disabled.updatedAt, updatedAt);
  t.strictSame(told, ["changed example:7"]);
  t.match(await registrations.delete(id), { ok: true, value: { id } });
  t.strictSame(registrations.list(), []);
});

t.test("deleting a registration cancels what has not begun", async (t) => {
  const { authorised, registrations, store, told } = await open(t);
  const { id } = await authorised();
  await store.put({ deliveries: [newDelivery({ registrationId: id })], repeatSince: 0, maxQueued: 9 });
  t.strictSame(await registrations.delete(id), done({ id, cancelled: ["d1"] }));
  t.equal(told.at(-1), "cancelled d1");
  t.strictSame(registrations.list(), []);
  t.match(await registrations.delete(id), { ok: false, fault: { reason: "not-found" } });
  t.equal(HOST_FAULTS["not-found"].note, 20_028);
});
