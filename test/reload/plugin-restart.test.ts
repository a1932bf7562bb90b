import { writeFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import t, { type Test } from "tap";
import { beside, filter, lines, openBeside, ready, report } from "../host/beside.ts";

type Edit = { version?: number; schema?: object; initialize?: string; text?: string };

/** A plug-in whose module tests edit. TEST.SLOW answers once the file `go` is there. */
const source = ({ version = 1, schema = {}, initialize = "", text }: Edit): string =>
  text ??
  `import { existsSync } from "node:fs";
  export default {
    apiVersion: 1,
    settingsSchema: ${JSON.stringify({ type: "object", ...schema })},
    initialize() { ${initialize} },
    filters: {
      "TEST.VERSION": (inValues, { settings }) => [${version}, JSON.stringify(settings ?? {})],
      "TEST.SLOW": async ([file]) => {
        while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 10));
        return [${version}];
      },
    },
    terminate({ log }) { log.info({}, "terminate ${version}"); },
  };`;

async function openEdited(t: Test, first: Edit = {}, more: object = {}) {
  const stage = await openBeside(t, []);
  const edit = (to: Edit) => writeFile(`${stage.folder}/edited.mjs`, source(to));
  await edit(first);
  const plugins = [{ module: "./edited.mjs", ...more }];
  await stage.configure(beside(stage, plugins));
  const restart = () => stage.rpc("plugins.restart", { name: "edited" });
  const version = async () => (await filter(stage, "TEST.VERSION")).result?.outValues;
  return { stage, edit, restart, version, plugins };
}

t.test("a restart takes the edited module, fails no call, and lets what is in flight end", async (t) => {
  const { stage, edit, restart, version } = await openEdited(t);
  await ready(stage, "edited");
  const go = `${stage.folder}/go`;
  const slow = filter(stage, "TEST.SLOW", go);
  while ((await report(stage, "edited")).callsInFlight === 0) await pause(5);
  await edit({ version: 2, initialize: "return new Promise((resolve) => setTimeout(resolve, 100));" });
  const seen = new Set<unknown>();
  let over = false;
  const calling = (async () => {
    while (!over) seen.add((await version())?.[0]);
  })();
  t.match(await restart(), { result: { state: "ready", workers: 1, restarts: 0 } });
  t.equal((await version())?.[0], 2);
  over = true;
  await calling;
  t.notOk(seen.has(undefined), `every call was answered, by ${[...seen]}`);
  await writeFile(go, "");
  t.match(await slow, { result: { outValues: [1] } }, "what the old worker had in flight");
  while (!lines(stage).some(({ msg }) => msg === "terminate 1")) await pause(10);
});

t.test("a restart goes by the schema that the module has now", async (t) => {
  const { stage, edit, restart, version } = await openEdited(t, {}, { userDefined: { colour: "red" } });
  await ready(stage, "edited");
  await edit({ version: 2, schema: { properties: { size: { default: 3 } } } });
  t.match(await restart(), { result: { state: "ready" } });
  t.same(await version(), [2, JSON.stringify({ colour: "red", size: 3 })], "with its defaults");
  await edit({ version: 3, schema: { properties: { colour: { type: "integer" } } } });
  t.match(await restart(), {
    error: { code: 8769, message: /perch\.yaml:\d+:\d+: .*colour.*\(the workers from before go on\) \(ARERR 8769\)$/ },
  });
  t.equal((await version())?.[0], 2);
  t.match(await report(stage, "edited"), { state: "ready", workers: 1 });
});

t.test("new workers that can't start leave the old ones where they are", async (t) => {
  const { stage, edit, restart, version } = await openEdited(t);
  await ready(stage, "edited");
  await edit({ text: "export default {" });
  t.match(await restart(), { error: { code: 8756, message: /go on/ } });
  await edit({ initialize: 'throw new Error("no licence");' });
  t.match(await restart(), { error: { code: 8762, message: /no licence.*go on/ } });
  t.equal((await version())?.[0], 1);
  await edit({ version: 2 });
  t.match(await restart(), { result: { state: "ready" } });
  t.equal((await version())?.[0], 2);
});

t.test("one that has failed is begun anew by each reload, which says what became of it", async (t) => {
  const { stage, edit, restart, version } = await openEdited(t, { initialize: 'throw new Error("no licence");' });
  while ((await report(stage, "edited")).state !== "failed") await pause(10);
  t.match(await stage.call("server.reload"), { changed: [], warnings: [/^plug-in edited has failed: edited: no licence/] });
  await edit({ text: "export default {" });
  t.match(await restart(), { error: { code: 8756 } });
  t.match(await report(stage, "edited"), { state: "failed", cause: /Unexpected end of input/ }, "the cause is that of now");
  t.match(await stage.call("server.reload"), { changed: [], warnings: [/^plug-in edited has failed: .*Unexpected end of input/] });
  await edit({ version: 2 });
  t.match(await stage.call("server.reload"), { changed: ["plug-in edited started"], warnings: [] });
  t.equal((await version())?.[0], 2);
  t.match(await stage.call("server.reload"), { changed: [], warnings: [] }, "and then it is left alone");
});

t.test("a call that waits for a worker is answered by the new ones", async (t) => {
  const { stage, edit, restart, version } = await openEdited(t, { initialize: "return new Promise(() => {});" });
  const waiting = version();
  await edit({ version: 2 });
  t.match(await restart(), { result: { state: "ready" } });
  t.equal((await waiting)?.[0], 2);
  t.match(await report(stage, "edited"), { state: "ready" });
});

t.test("a plug-in that nobody configured can't be restarted", async (t) => {
  const { stage } = await openEdited(t);
  t.match(await stage.rpc("plugins.restart", { name: "nobody" }), { error: { data: { reason: "not-found" } } });
});
