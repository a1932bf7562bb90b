/** A host with the twitter plug-in, and others beside it that go wrong. */
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Test } from "tap";
import type { PluginReport } from "../../src/shapes.ts";
import { openStage, type RpcReply, type Stage, type StageOptions } from "../stage.ts";

type FilterReply = RpcReply<{ outValues: unknown[]; statusList: unknown[] }>;
type Log = Record<string, unknown> & { msg: string; plugin?: string };

/** The configuration of a plug-in of test/fixtures/plugins. */
export const fixture = (name: string, more: object = {}) => ({
  module: fileURLToPath(new URL(`../fixtures/plugins/${name}.ts`, import.meta.url)),
  filterApiTimeoutSeconds: 30,
  ...more,
});

/** A host with the twitter plug-in and these beside it. */
export async function openBeside(t: Test, plugins: object[], options: StageOptions = {}): Promise<Stage> {
  const stage = await openStage(t, { ...options, config: { ...options.config, plugins: [] } });
  await stage.configure(beside(stage, plugins, options));
  await ready(stage, "twitter");
  await stage.control("settings", { limits: { postsPerUser: 1e6, postsPerUserDay: 1e6, postsPerAppDay: 1e6 } });
  return stage;
}

export const beside = (stage: Stage, plugins: object[], options: StageOptions = {}): StageOptions => ({
  ...options,
  config: { ...options.config, plugins: [{ module: "twitter", userDefined: { apiBaseUrl: stage.sandboxUrl } }, ...plugins] },
});

export const filter = (stage: Stage, plugin: string, ...inValues: unknown[]): Promise<FilterReply> =>
  stage.rpcAs("workflow", "filterApiCall", { plugin, inValues });

export const report = async (stage: Stage, name: string): Promise<PluginReport> => {
  const { plugins } = await stage.call<{ plugins: PluginReport[] }>("plugins.list");
  const found = plugins.find((plugin) => plugin.name === name);
  if (!found) throw new Error(`no plug-in ${name}`);
  return found;
};

/** Polls (bounded by the test's time-out) until the plug-in is as it is wanted. */
export async function until(stage: Stage, name: string, is: (plugin: PluginReport) => boolean): Promise<PluginReport> {
  for (;;) {
    const plugin = await report(stage, name);
    if (is(plugin)) return plugin;
    await pause(20);
  }
}
export const ready = (stage: Stage, name: string) => until(stage, name, ({ state }) => state === "ready");

export const lines = (stage: Stage): Log[] => stage.log.map((line) => JSON.parse(line) as Log);

/** X refuses the same words twice. */
let broadcasts = 0;

/** Broadcasts without a break while the work goes on, and sees that each is delivered. */
export async function whileBroadcasting<T>(t: Test, stage: Stage, work: () => Promise<T>): Promise<T> {
  const states: string[] = [];
  let over = false;
  const broadcast = async () => {
    do {
      broadcasts += 1;
      const text = `Broadcast ${broadcasts}`;
      const { deliveries } = await stage.notify({ text, functionalUser: "ServiceDesk", waitSeconds: 20 });
      states.push(deliveries[0]?.state ?? "none");
      await pause(20);
    } while (!over);
  };
  const worked = work().finally(() => {
    over = true;
  });
  const [result] = await Promise.all([worked, broadcast()]);
  t.same(new Set(states), new Set(["delivered"]), `all of ${states.length} broadcasts were delivered`);
  t.equal((await report(stage, "twitter")).restarts, 0);
  return result;
}
