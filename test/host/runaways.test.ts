/** Plug-ins that take what they can get of memory, thread and port: each is bounded, and nobody else notices. */
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import t from "tap";
import { WAYS_TO_BLOCK } from "../fixtures/plugins/blocks.ts";
import { WAYS_TO_LEAK } from "../fixtures/plugins/leaks.ts";
import { filter, fixture, lines, openBeside, ready, report, until, whileBroadcasting } from "./beside.ts";

const MB = 1024 * 1024;

t.test("memory", async (t) => {
  const stage = await openBeside(t, [fixture("leaks", { maxMemoryMb: 48 })]);
  await stage.register();
  for (const way of WAYS_TO_LEAK)
    await t.test(`${way}: the worker is ended, the host lives, and the plug-in works again`, async (t) => {
      await stage.call("plugins.restart", { name: "leaks" });
      const { restarts } = await report(stage, "leaks");
      const { error } = await whileBroadcasting(t, stage, () => filter(stage, "TEST.LEAKS", way));
      // A loop that is slow to allocate is noticed by its silence first.
      const cause = way.includes("answering pings") ? /memory limit of 48 MB/ : /memory limit of 48 MB|did not answer a ping/;
      t.match(error, { code: 8753, message: cause, data: { reason: "worker-ended", retryable: true } });
      t.match(await filter(stage, "TEST.LEAKS", "well"), { result: { outValues: ["well"] } });
      t.match(await report(stage, "leaks"), { state: "ready", restarts: restarts + 1, lastDeath: { cause } });
    });

  await t.test("one that makes much garbage and keeps little is left alone", async (t) => {
    const { restarts } = await report(stage, "leaks");
    t.match(await filter(stage, "TEST.LITTERS", "well"), { result: { outValues: ["well"] } });
    t.equal((await report(stage, "leaks")).restarts, restarts);
  });
});

t.test("the thread", async (t) => {
  const stage = await openBeside(t, [fixture("blocks")]);
  await stage.register();
  for (const way of WAYS_TO_BLOCK)
    await t.test(`blocked by ${way}: cut off, and replaced`, async (t) => {
      await stage.call("plugins.restart", { name: "blocks" });
      const { error } = await whileBroadcasting(t, stage, () => filter(stage, "TEST.BLOCKS", way));
      t.match(error, { code: 8753, message: /did not answer a ping/, data: { reason: "worker-ended" } });
      t.match(await filter(stage, "TEST.BLOCKS", "well"), { result: { outValues: ["well"] } });
    });

  await t.test("a thread that can't be ended is given up, which is logged", (t) => {
    t.equal(lines(stage).filter(({ msg, plugin }) => /given up/.test(msg) && plugin === "blocks").length, 1);
    t.end();
  });
});

t.test("the port and the prototypes", async (t) => {
  const stage = await openBeside(t, [fixture("meddles")]);
  await stage.register();
  const anew = () => stage.call("plugins.restart", { name: "meddles" });

  for (const [way, said] of [
    ["close the port", /ended by itself|ping/],
    ["take the listeners away", /ended by itself|ping/],
  ] as const)
    await t.test(`${way}: its own isolate only`, async (t) => {
      await anew();
      const { error } = await whileBroadcasting(t, stage, () => filter(stage, "TEST.MEDDLES", way));
      t.match(error, { code: 8753, message: said });
      await anew();
      t.match(await filter(stage, "TEST.MEDDLES", "well"), { result: { outValues: ["well"] } });
    });

  await t.test("changes of the prototypes are its own isolate's", async (t) => {
    await anew();
    await whileBroadcasting(t, stage, () => filter(stage, "TEST.MEDDLES", "change prototypes"));
    t.strictSame([[1, 2].map((x) => x + 1), "ok" in {}], [[2, 3], false]);
    await anew();
    t.match(await filter(stage, "TEST.MEDDLES", "well"), { result: { outValues: ["well"] } });
  });

  await t.test("answers twice, and to what it was not asked: the first counts", async (t) => {
    await anew();
    await filter(stage, "TEST.MEDDLES", "spy");
    const reply = await whileBroadcasting(t, stage, () => filter(stage, "TEST.MEDDLES", "well"));
    t.match(reply, { result: { outValues: ["from the spy"] } });
    t.match(await report(stage, "meddles"), { state: "ready", callsInFlight: 0 });
    await anew();
  });

  for (const way of ["a huge text", "a huge list", "a deep list"])
    await t.test(`${way} is refused in the worker`, async (t) => {
      const before = process.memoryUsage().heapTotal;
      const { error } = await whileBroadcasting(t, stage, () => filter(stage, "TEST.MEDDLES", way));
      t.match(error, { code: 8753, message: /more than 4 MB|memory limit/ });
      t.ok(process.memoryUsage().heapTotal - before < 200 * MB, "it never crossed to the host");
    });

  await t.test("an error with a huge text, a false one or none is answered with what can be said of it", async (t) => {
    t.match((await filter(stage, "TEST.MEDDLES", "a huge error")).error, { code: 8753, message: /y{100}/ });
    t.match((await filter(stage, "TEST.MEDDLES", "a liar")).error, { code: 8753, message: /object Object/ });
    t.match((await filter(stage, "TEST.MEDDLES", "nothing that has a text")).error, { code: 8753, message: /without a text/ });
  });

  await t.test("log lines that are too long are cut", async (t) => {
    t.match(await whileBroadcasting(t, stage, () => filter(stage, "TEST.LOGS.MUCH", "well")), { result: { outValues: ["well"] } });
    const much = lines(stage).filter(({ msg, plugin }) => plugin === "meddles" && /^(much|z+)$/.test(msg));
    t.ok(much.length > 5, `${much.length} lines`);
    t.ok(much.every((line) => JSON.stringify(line).length < 2_000));
  });
});

t.test("a module that loops at its top level", async (t) => {
  const begun = performance.now();
  const stage = await openBeside(t, [fixture("loops-at-top-level"), fixture("never-settles")]);
  await stage.register();
  await stage.restart();
  t.ok(performance.now() - begun > 2_000);
  t.match(await report(stage, "loops-at-top-level"), { state: "starting", filters: [] }, "the start did not wait for it");

  await t.test("what others offer is called meanwhile", async (t) => {
    const { result } = await whileBroadcasting(t, stage, () => filter(stage, "TEST.ABORTED"));
    t.same(result?.outValues, [0]);
  });

  await t.test("it is cut off after ten seconds: 8755 for its filter, 8756 by its name", async (t) => {
    const { error } = await whileBroadcasting(t, stage, () => filter(stage, "TEST.LOOPS.FIRST"));
    t.match(error, { code: 8755, message: /did not load within 10 s/ });
    t.match((await filter(stage, "loops-at-top-level")).error, { code: 8756 });
    t.match(await report(stage, "loops-at-top-level"), { state: "failed", workers: 0, cause: /did not load within 10 s/ });
  });
});

t.test("a module that loads late", async (t) => {
  const stage = await openBeside(t, [fixture("loads-late", { userDefined: { greeting: "hello" } })]);
  await stage.restart();

  await t.test("is begun when it is there; a call to its filter waits", async (t) => {
    t.match(await report(stage, "loads-late"), { state: "starting" });
    t.match(await filter(stage, "TEST.LATE"), { result: { outValues: ["hello"] } });
  });

  await t.test("with settings that its schema refuses, it alone has failed: 8762 with the line", async (t) => {
    await writeFile(stage.configFile, (await readFile(stage.configFile, "utf8")).replace('"hello"', '"no"'));
    await stage.restart();
    t.match((await filter(stage, "TEST.LATE")).error, { code: 8762, message: /perch\.yaml:\d+:\d+: .*greeting/ });
    await ready(stage, "twitter");
  });
});

t.test("a replacement that can't be initialised is tried again, and takes no healthy worker along", async (t) => {
  const folder = t.testdir({ there: "" });
  const file = join(folder, "there");
  const stage = await openBeside(t, [fixture("needs-file", { threads: 2, userDefined: { file } })]);
  t.match(await ready(stage, "needs-file"), { workers: 2 });
  await rm(file);
  t.match(await filter(stage, "TEST.NEEDS", "exit"), { error: { code: 8753 } });
  const planned = await until(stage, "needs-file", ({ lastDeath }) => /the file is gone/.test(lastDeath?.cause ?? ""));
  t.equal(planned.state, "ready", "the other worker goes on");
  t.match(await filter(stage, "TEST.NEEDS", "well"), { result: { outValues: ["well"] } });
  await until(stage, "needs-file", ({ nextTryAt }) => nextTryAt !== undefined);
  await writeFile(file, "");
  await until(stage, "needs-file", ({ workers, nextTryAt }) => workers === 2 && nextTryAt === undefined);
  t.match(await report(stage, "needs-file"), { state: "ready", lastDeath: { cause: /the file is gone/ } });
});
