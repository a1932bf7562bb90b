/** The code of a plug-in that changes on the disk while it runs. */
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import t from "tap";
import type { HostStatus } from "../../src/shapes.ts";
import { openStage, type Stage } from "../stage.ts";

const warningsOf = async (stage: Stage) => (await stage.call<HostStatus>("server.status")).configuration.warnings;

/** Polls until there are so many; bounded by the test's time-out. */
async function until(stage: Stage, count: number): Promise<string[]> {
  for (;;) {
    const warnings = await warningsOf(stage);
    if (warnings.length === count) return warnings;
    await stage.call("deliveries.list", { limit: 1 });
  }
}

async function replace(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

const SAID = '"msg":"a plug-in\'s module has changed"';

t.test("a plug-in's module that changes is told once, and runs when the plug-in is restarted", async (t) => {
  const code = (says: string) => `export default { apiVersion: 1, filters: { "T.SAYS": () => ["${says}"] } };\n`;
  const folder = t.testdir({ "says.js": code("old"), "package.json": '{ "type": "module" }' });
  const module = join(folder, "says.js");
  const stage = await openStage(t, { config: { plugins: [{ module }], aliases: {} }, credentials: { plugins: {} } });
  const says = async () => (await stage.call<{ outValues: string[] }>("filterApiCall", { plugin: "T.SAYS", inValues: [] })).outValues;
  await replace(module, code("new"));
  t.strictSame(await until(stage, 1), ["the module of says has changed: perch plugins restart says"]);
  await stage.call("server.reload");
  t.strictSame(await says(), ["old"], "nothing is swapped by itself");
  t.equal((await warningsOf(stage)).length, 1, "nor forgotten by a reload");
  await stage.call("plugins.restart", { name: "says" });
  t.strictSame(await says(), ["new"]);
  t.strictSame(await warningsOf(stage), []);
  t.equal(stage.log.filter((line) => line.includes(SAID)).length, 1);
  await replace(module, "no JavaScript");
  await until(stage, 1);
  t.ok((await stage.rpc("plugins.restart", { name: "says" })).error);
  t.equal((await warningsOf(stage)).length, 1, "a restart that was refused has not taken it");
  await replace(module, code("new"));
  await until(stage, 0);
});
