/** Plug-ins that fail in every way that is known, each beside the twitter plug-in in one host: nobody else may notice. */
import { setTimeout as pause } from "node:timers/promises";
import t, { type Test } from "tap";
import type { Registration } from "../../src/shapes.ts";
import { NONSENSE_NAMES } from "../fixtures/plugins/answers-nonsense.ts";
import { beside, filter, fixture, lines, openBeside, ready, report, until, whileBroadcasting } from "./beside.ts";

t.test("plug-ins that cannot start harm nobody, and say why", async (t) => {
  const begun = performance.now();
  const names = ["throws-in-initialize", "never-initializes", "loops-in-initialize", "wrong-version", "no-default", "dies-while-loading"];
  const stage = await openBeside(t, [...names.map((name) => fixture(name)), { module: "./missing.ts", filterApiTimeoutSeconds: 1 }]);
  t.ok(performance.now() - begun < 9_000, "the start waited for no initialize");
  await stage.register();

  await t.test("one whose initialize throws: 8762", async (t) => {
    const { error } = await whileBroadcasting(t, stage, () => filter(stage, "TEST.THROWS"));
    t.match(error, { code: 8762, message: /no licence for nobody \(ARERR 8762\)$/, data: { reason: "init-failed" } });
    t.match(await report(stage, "throws-in-initialize"), { state: "failed", cause: /no licence/, workers: 0 });
  });

  await t.test("one whose initialize never returns: 8762 when its ten seconds are over", async (t) => {
    const { error } = await whileBroadcasting(t, stage, () => filter(stage, "TEST.NEVER"));
    t.match(error, { code: 8762, message: /initialize passed its 10 s/ });
  });

  await t.test("one whose initialize loops: cut off, tried five times, 8762", async (t) => {
    const { error } = await whileBroadcasting(t, stage, () => filter(stage, "TEST.LOOPS.EARLY"));
    t.match(error, { code: 8762, message: /5 deaths in a minute; the last: it did not answer a ping for 2 s/ });
  });

  await t.test("one that dies right after it was loaded: 8762, with its words", async (t) => {
    const { error } = await filter(stage, "TEST.DIES.EARLY");
    t.match(error, { code: 8762, message: /too early/ });
  });

  await t.test("what is no plug-in offers no filter: 8755, and the cause of each", async (t) => {
    const { error } = await filter(stage, "TEST.VERSION");
    t.match(error, { code: 8755, data: { reason: "no-such-plugin" } });
    t.match(await report(stage, "wrong-version"), { state: "failed", cause: /API version 99, this host offers 1/ });
    t.match(await report(stage, "no-default"), { state: "failed", cause: /default export is not a plug-in/ });
    t.match(await report(stage, "missing"), { state: "failed", cause: /Cannot find module/ });
    const failed = lines(stage).filter(({ msg, arerr }) => msg === "plug-in failed" && arerr === 8756);
    t.same(failed.map(({ plugin }) => plugin).sort(), ["missing", "no-default", "wrong-version"], "the log gives AR's number");
  });

  await t.test("called by the plug-in's own name, such a one is answered 8756", async (t) => {
    for (const [name, cause] of [
      ["wrong-version", /API version 99/],
      ["no-default", /default export/],
      ["missing", /Cannot find module/],
    ] as const)
      t.match((await filter(stage, name)).error, { code: 8756, message: cause, data: { reason: "load-failed" } });
  });
});

t.test("one that could not be loaded comes up by a reload or a restart, once its module is right", async (t) => {
  const { writeFile } = await import("node:fs/promises");
  const stage = await openBeside(t, [{ module: "./later.mjs" }, { module: "./too.mjs" }]);
  const module = (name: string) => `export default { apiVersion: 1, filters: { "${name}": () => [1] } };`;
  await writeFile(`${stage.folder}/later.mjs`, module("TEST.LATER"));
  await writeFile(`${stage.folder}/too.mjs`, module("TEST.TOO"));
  t.match(await stage.call("plugins.restart", { name: "too" }), { state: "ready", filters: ["TEST.TOO"] });
  t.match(await filter(stage, "TEST.TOO"), { result: { outValues: [1] } });
  await stage.call("server.reload");
  t.match(await filter(stage, "TEST.LATER"), { result: { outValues: [1] } });
});

t.test("plug-ins that go wrong in a call", async (t) => {
  const names = ["loops", "exits", "throws-later", "answers-nonsense", "floods-log", "speaks-out-of-turn"];
  const plugins = names.map((name) => fixture(name, { maxMemoryMb: 32 }));
  const stage = await openBeside(t, [...plugins, fixture("never-settles", { filterApiTimeoutSeconds: 1 })]);
  await stage.register();
  /** It answers again, in a worker of its own. */
  const replaced = async (t: Test, name: string, filterName: string, restarts: number) => {
    const again = await filter(stage, filterName, "well");
    t.match(again, { result: { outValues: ["well"] } }, "a new worker answers");
    t.match(await report(stage, name), { state: "ready", workers: 1, restarts });
  };

  await t.test("an endless loop is cut off within four seconds, and the plug-in works again", async (t) => {
    const begun = performance.now();
    const { error } = await whileBroadcasting(t, stage, () => filter(stage, "TEST.LOOPS"));
    t.ok(performance.now() - begun < 4_000);
    t.match(error, { code: 8753, message: /did not answer a ping/, data: { reason: "worker-ended", retryable: true } });
    await replaced(t, "loops", "TEST.LOOPS", 1);
  });

  await t.test("process.exit ends the worker and nothing else", async (t) => {
    for (const [index, status] of [0, 7].entries()) {
      const { error } = await whileBroadcasting(t, stage, () => filter(stage, "TEST.EXITS", status));
      t.match(error, { code: 8753, message: new RegExp(`ended by itself with status ${status}`) });
      await replaced(t, "exits", "TEST.EXITS", index + 1);
    }
  });

  await t.test("what is thrown outside a call, an Error or not, ends the worker and nothing else", async (t) => {
    const thrown = { error: /thrown by a timer/, null: /null/, text: /a text/ };
    for (const [index, [what, said]] of Object.entries(thrown).entries()) {
      const { error } = await whileBroadcasting(t, stage, () => filter(stage, "TEST.THROWS.LATER", what));
      t.match(error, { code: 8753, message: said, data: { reason: "worker-ended" } });
      await replaced(t, "throws-later", "TEST.THROWS.LATER", index + 1);
    }
    await stage.call("plugins.restart", { name: "throws-later" });
    for (const [index, what] of ["symbol", "liar"].entries()) {
      t.match(await filter(stage, "TEST.THROWS.LATER", what), { error: { code: 8753, data: { reason: "worker-ended" } } });
      await replaced(t, "throws-later", "TEST.THROWS.LATER", index + 4);
    }
    const { error } = await filter(stage, "TEST.REJECTS");
    t.match(error, { code: 8753, message: /nobody looks at it/ }, "an unhandled rejection likewise");
  });

  await t.test("nonsense instead of a list of values is answered 8753, in the same worker", async (t) => {
    for (const name of NONSENSE_NAMES) {
      const { error } = await filter(stage, "TEST.NONSENSE", name);
      t.match(error, { code: 8753, data: { reason: "plugin-error", statusList: [{ messageNum: 8753 }] } }, name);
    }
    t.match(await report(stage, "answers-nonsense"), { state: "ready", restarts: 0 });
  });

  await t.test("a flood of log lines is dammed, and what was dropped is counted", async (t) => {
    // Before the flood, or it would drown with the rest.
    t.match(await filter(stage, "TEST.LOGS.STRANGELY", "well"), { result: { outValues: ["well"] } });
    await whileBroadcasting(t, stage, () => filter(stage, "TEST.FLOODS"));
    const flood = lines(stage).filter(({ msg }) => msg === "a flood").length;
    t.ok(flood >= 1 && flood <= 2_000, `${flood} lines of 20,000`);
    const strange = lines(stage).filter(({ msg, plugin }) => msg === "strange fields" && plugin === "floods-log");
    t.ok(strange.length >= 5, "fields that are no plain data are logged as well as can be");
    t.match(await report(stage, "floods-log"), { state: "ready", restarts: 0 });
  });

  await t.test("what a plug-in writes to standard output goes to the log, dammed likewise", async (t) => {
    const reply = await whileBroadcasting(t, stage, () => filter(stage, "TEST.FLOODS.OUTPUT", "well"));
    t.match(reply, { result: { outValues: ["well"] } });
    const written = () => lines(stage).filter(({ plugin, output }) => plugin === "floods-log" && output !== undefined);
    while (!written().some(({ output }) => output === "a word to standard error")) await pause(20);
    const flood = written().length;
    t.ok(flood > 1 && flood <= 2_000, `${flood} lines of 20,000`);
  });

  await t.test("a plug-in that speaks to the host out of turn is not listened to", async (t) => {
    const reply = await whileBroadcasting(t, stage, () => filter(stage, "TEST.SPEAKS", "well"));
    t.match([reply.error?.code, reply.result], [undefined, { outValues: ["well"] }]);
    t.match(await filter(stage, "TEST.SPEAKS", "again"), { result: { outValues: ["again"] } });
  });

  await t.test("a call that never settles: 9940 after its time-out, its signal aborted, the worker kept", async (t) => {
    const begun = performance.now();
    const { error } = await whileBroadcasting(t, stage, () => filter(stage, "TEST.NEVER.SETTLES"));
    const tookMs = performance.now() - begun;
    t.ok(tookMs >= 990 && tookMs < 3_000, `${tookMs} ms`);
    t.match(error, { code: 9940, data: { reason: "time-out", retryable: true } });
    t.match(await filter(stage, "TEST.ABORTED"), { result: { outValues: [1] } });
    t.match(await report(stage, "never-settles"), { restarts: 0, callsInFlight: 0 });
  });

  await t.test("five deaths in a minute stop that plug-in only; a restart revives it", async (t) => {
    await stage.call("plugins.restart", { name: "exits" });
    await whileBroadcasting(t, stage, async () => {
      for (let death = 1; death <= 5; death += 1) t.match(await filter(stage, "TEST.EXITS", 3), { error: { code: 8753 } });
    });
    t.match(await filter(stage, "TEST.EXITS", "well"), { error: { code: 8762, message: /5 deaths in a minute.*status 3/ } });
    t.match(await report(stage, "exits"), { state: "failed", workers: 0, cause: /5 deaths/ });
    t.match(await report(stage, "loops"), { state: "ready" });
    t.match(await stage.call("plugins.restart", { name: "exits" }), { state: "ready", workers: 1 });
    t.match(await filter(stage, "TEST.EXITS", "well"), { result: { outValues: ["well"] } });
    t.notOk("cause" in (await report(stage, "exits")));
  });

  await t.test("stop ends although plug-ins loop and never settle", async (t) => {
    const hanging = [filter(stage, "TEST.LOOPS"), filter(stage, "TEST.NEVER.SETTLES")].map((call) => call.catch(() => undefined));
    await until(stage, "loops", ({ callsInFlight }) => callsInFlight > 0);
    const begun = performance.now();
    await stage.host.stop();
    t.ok(performance.now() - begun < 10_000);
    await Promise.all(hanging);
  });
});

t.test("a mechanism that answers nonsense harms only its own lane", async (t) => {
  const stage = await openBeside(t, [], {});
  await stage.register();
  await stage.configure(beside(stage, [fixture("pigeon")]));
  await ready(stage, "pigeon");
  const draft = { functionalUser: "Loft", accountName: "Pigeon_Post", mechanism: "Pigeon" };
  const { id } = await stage.call<Registration>("registrations.create", draft);
  const next = (answer: unknown) => filter(stage, "TEST.PIGEON.NEXT", answer === null ? null : { type: "CHAR", value: null });

  await t.test("when it authorises", async (t) => {
    // Any object will do: a tagged value is neither an Answer nor a Finding.
    await next({});
    t.match(await stage.rpc("registrations.authorize", { id }), { error: { code: 8753, data: { reason: "plugin-error" } } });
    await next(null);
    await stage.call("registrations.authorize", { id });
    await next({});
    t.match(await stage.rpc("registrations.confirm", { id, pin: "1" }), { error: { code: 8753, data: { reason: "plugin-error" } } });
    await next(null);
    await stage.call("registrations.authorize", { id });
    await stage.call("registrations.confirm", { id, pin: "1" });
    t.match(await stage.call("registrations.update", { id, status: "Enabled" }), { authorization: "authorized" });
  });

  const send = async (text: string) => (await stage.notify({ text, functionalUser: "Loft", waitSeconds: 20 })).deliveries[0];

  await t.test("when it composes: the delivery fails, and the lane goes on", async (t) => {
    for (const what of ["nothing", "no posts", "a text", "posts without text"]) {
      const delivery = await whileBroadcasting(t, stage, () => send(`compose ${what}`));
      t.match(delivery, { state: "failed", lastError: { reason: "plugin-error" } }, what);
    }
    t.match(await send("A feather"), { state: "delivered" });
  });

  await t.test("when it delivers: the post is in doubt, and looked up", async (t) => {
    const passedThrough = async (what: string) => {
      const delivery = await send(`deliver ${what}`);
      t.equal(delivery?.state, "delivered", what);
      return new Set(lines(stage).flatMap((line) => (line.delivery === delivery?.id ? [line.state] : [])));
    };
    for (const what of ["nothing", "an unknown verdict", "no id", "no fault"])
      t.ok((await passedThrough(what)).has("in-doubt"), `${what}: it was in doubt`);
    t.ok((await passedThrough("a wait that is none")).has("waiting"), "a wait that is none is the table's");
    for (const what of ["facts that are none", "an address that is none", "a pause that is none"])
      t.notOk((await passedThrough(what)).has("in-doubt"), `${what}: left out, the post stands`);
  });

  await t.test("when it looks up: the post stays in doubt, until it makes sense again", async (t) => {
    await next({});
    const [delivery] = (await stage.notify({ text: "deliver in vain", functionalUser: "Loft" })).deliveries;
    const doubted = () => lines(stage).some((line) => line.delivery === delivery?.id && line.msg === "post in doubt unknown");
    await whileBroadcasting(t, stage, async () => {
      while (!doubted()) await pause(20);
    });
    t.equal((await stage.delivery(delivery?.id ?? "")).state, "in-doubt");
    await next(null);
    await stage.reaches(delivery?.id ?? "", "delivered");
  });
});

t.test("the life of a plug-in", async (t) => {
  const keeper = (greeting?: string, more: object = {}) => fixture("keeps-record", { userDefined: greeting ? { greeting } : {}, ...more });
  const aliases = { RECORD: "TEST.RECORD", DANGLING: "TEST.NOBODY" };
  const stage = await openBeside(t, [keeper()], { config: { aliases } });
  const reload = (plugin: object) => stage.configure(beside(stage, [plugin], { config: { aliases } }));
  const record = async (name = "TEST.RECORD") => (await filter(stage, name)).result?.outValues;

  await t.test("initialize gets its settings, validated and with defaults", async (t) => {
    t.same(await record(), ["initialize hello"]);
  });

  await t.test("a reload with new settings is told as AR's event 1; the same settings are no event", async (t) => {
    t.match(await reload(keeper("good morning")), { result: { changed: ["plug-in keeps-record: settings"] } });
    t.match(await reload(keeper("good morning")), { result: { changed: [] } });
    t.same(await record(), ["initialize hello", "configuration-changed 1 good morning"]);
  });

  await t.test("settings that its schema refuses change nothing: 8769 with the line", async (t) => {
    const { error } = await reload(keeper("no"));
    t.match(error, { code: 8769, message: /perch\.yaml:\d+:\d+: .*greeting/ });
    t.equal((await record())?.length, 2);
  });

  await t.test("an alias stands for a filter; one that stands for nothing is 8755", async (t) => {
    t.equal((await record("RECORD"))?.length, 2);
    t.match((await filter(stage, "DANGLING")).error, { code: 8755, message: /TEST\.NOBODY \(alias DANGLING\)/ });
    t.match((await filter(stage, "constructor")).error, { code: 8755 });
  });

  await t.test("a filter may need a role: 20026 over HTTP Basic", async (t) => {
    const call = { plugin: "TEST.ADMIN", inValues: ["x"] };
    for (const client of ["workflow", "operator"] as const) {
      const { error } = await stage.rpcAs(client, "filterApiCall", call);
      t.match(error, { code: 8753, data: { reason: "not-allowed", statusList: [{}, { messageNum: 20026 }] } });
    }
    t.match(await stage.rpcAs("admin", "filterApiCall", call), { result: { outValues: ["x"] } });
    t.match((await filter(stage, "ARSYS.ARF.TWITTER", "ServiceDesk")).error, { data: { reason: "not-allowed" } });
  });

  await t.test("a call brings its user; a refusal of the plug-in's own keeps its words", async (t) => {
    const reply = await stage.rpcAs("workflow", "filterApiCall", { plugin: "TEST.USER", inValues: [1, null, 2.5], user: "Demo" });
    t.match(reply, { result: { outValues: ["Demo", 1, null, 2.5], statusList: [] } });
    t.match((await filter(stage, "TEST.REFUSES")).error, { code: 8753, message: "Error in plugin : its own words (ARERR 8753)" });
  });

  await t.test("the environment of a worker is empty", async (t) => {
    t.ok(Object.keys(process.env).length > 0);
    t.match(await filter(stage, "TEST.ENVIRONMENT"), { result: { outValues: ["{}"] } });
  });

  await t.test("with two threads, two workers share the calls; the old worker is told to terminate", async (t) => {
    t.match(await reload(keeper("good night", { threads: 2 })), { result: { changed: [/stopped/, /started/] } });
    const { workers } = await ready(stage, "keeps-record");
    t.equal(workers, 2);
    const answers = await Promise.all(Array.from({ length: 4 }, () => filter(stage, "TEST.WORKER")));
    t.equal(new Set(answers.map(({ result }) => result?.outValues[0])).size, 2);
    const told = () => lines(stage).filter(({ msg, what }) => msg === "life cycle" && what === "terminate");
    while (told().length < 1) await pause(20);
    t.match(told(), [{ greeting: "good morning" }]);
  });

  await t.test("terminate is called at stop, in each worker", async (t) => {
    stage.log.length = 0;
    await stage.host.stop();
    const told = lines(stage).filter(({ msg, what }) => msg === "life cycle" && what === "terminate");
    t.equal(new Set(told.map(({ worker }) => worker)).size, 2);
  });
});
