/** A host is started on a backup that was made while another one accepted and posted. */
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t, { type Test } from "tap";
import { Client } from "undici";
import type { Delivery, Lane, NotifyResult } from "../../src/shapes.ts";
import { startHost } from "../../src/start-host.ts";
import { openStage, QUICK, type Stage } from "../stage.ts";

type Restored = { call<T>(method: string, params?: unknown): Promise<T>; log: string[] };

/** A host of its own folder with the same configuration, credentials and sandbox, on a copy of the backup. */
async function startOn(t: Test, backup: string, stage: Stage): Promise<Restored> {
  // Not in t.testdir(): the path of a Unix socket has 107 bytes at most.
  const folder = await mkdtemp(join(tmpdir(), "perch-restored-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  for (const name of ["perch.yaml", "credentials.yaml"]) await copyFile(join(stage.folder, name), join(folder, name));
  await copyFile(backup, join(folder, "perch.db"));
  const log: string[] = [];
  const logTo = (line: string) => void log.push(line);
  const started = await startHost({ configFile: join(folder, "perch.yaml"), version: "test", environment: {}, pace: QUICK, logTo });
  if (!started.ok) throw new Error(started.problems.join("\n"));
  const client = new Client("http://perch", { socketPath: started.value.socket });
  t.teardown(async () => {
    await client.destroy();
    await started.value.stop();
  });
  const call: Restored["call"] = async (method, params = {}) => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const answer = await client.request({ method: "POST", path: "/rpc", headers: { "content-type": "application/json" }, body });
    const { result, error } = (await answer.body.json()) as { result: never; error?: { message: string } };
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  };
  return { call, log };
}

const POSTING = { method: "POST", path: "/2/tweets" };
const LOAD = 60;

t.test("a host on a backup of a busy one posts nothing by itself, and nothing twice once it is let go", async (t) => {
  const stage = await openStage(t, { config: { server: { port: 0, socket: "./perch.sock", stopTimeoutSeconds: 1 } } });
  await stage.register("ServiceDesk", "ITSM_Notify");
  await stage.register("Network", "NET_Notify");
  // X takes the post and its answer does not come: begun here, and standing there.
  await stage.fault({ hang: true }, { times: 1 });
  const [hanging] = (await stage.notify({ text: "Mail is down", functionalUser: "ServiceDesk" })).deliveries;
  await stage.reaches(hanging!.id, "sending");
  while (!(await stage.posts()).some(({ text }) => text === "Mail is down"));
  await stage.fault({ delayMs: 20 }, { match: POSTING, times: 0 });

  const file = join(stage.folder, "backup.db");
  const ids: string[] = [];
  let backup: Promise<unknown> | undefined;
  for (let index = 0; index < LOAD; index += 1) {
    const { deliveries } = await stage.notify({ text: `Router ${index} is down`, functionalUser: "Network", entryId: `INC${index}` });
    ids.push(deliveries[0]!.id);
    if (index === LOAD / 2) {
      await stage.reaches(ids[3]!, "delivered");
      backup = stage.call("server.backup", { file });
    }
  }
  await backup;
  for (const id of ids) await stage.reaches(id, "delivered");
  await stage.host.stop();
  const before = await stage.posts();
  t.equal(before.length, LOAD + 1, "the first host has posted all of it, before and after the backup");

  const restored = await startOn(t, file, stage);
  const list = async (...states: string[]) =>
    (await restored.call<{ deliveries: Delivery[] }>("deliveries.list", { limit: 1000, ...(states.length > 0 && { states }) })).deliveries;
  const { lanes } = await restored.call<{ lanes: Lane[] }>("lanes.list");
  t.strictSame(
    lanes.map(({ state }) => state),
    ["paused", "paused"],
  );
  const atX = new Map(before.map(({ id, text }) => [id, text]));
  const delivered = await list("delivered");
  t.ok(delivered.length >= 4, `${delivered.length} had been delivered`);
  for (const { posts } of delivered) t.equal(atX.get(posts[0]!.id ?? ""), posts[0]!.text);
  const begun = await list("in-doubt");
  t.ok(
    begun.some(({ id }) => id === hanging!.id),
    "what had begun is in doubt",
  );
  const queued = await list("queued");
  t.ok(queued.length > 0, `${queued.length} were queued`);
  t.equal(delivered.length + begun.length + queued.length, (await list()).length);

  // What its help tells the operator: cancel what stands at the service already, then let the lanes go.
  const standing = queued.filter(({ text }) => before.some((post) => post.text === text));
  t.ok(standing.length > 0, `${standing.length} of them stand at X by now`);
  await restored.call("deliveries.cancel", { ids: standing.map(({ id }) => id) });
  const next = await restored.call<NotifyResult>("notify", { text: "Router 99 is down", functionalUser: "Network" });
  t.same(await stage.posts(), before, "nothing has been posted by itself");
  for (const accountName of ["ITSM_Notify", "NET_Notify"]) await restored.call("lanes.resume", { accountName });
  for (const { id } of [...begun, next.deliveries[0]!]) {
    const ended = await restored.call<Delivery>("deliveries.get", { id, waitSeconds: 30 });
    t.equal(ended.state, "delivered", ended.text);
  }
  t.match(
    restored.log.filter((line) => line.includes("in doubt")),
    new RegExp(hanging!.id),
    "it was looked up",
  );
  t.same(
    (await stage.posts()).map(({ text }) => text),
    [...before.map(({ text }) => text), "Router 99 is down"],
    "only the new one was posted",
  );
  const repeat = await restored.call<NotifyResult>("notify", { text: "Router 3 is down", functionalUser: "Network", entryId: "INC3" });
  t.match(repeat, { duplicate: true, deliveries: [{ id: ids[3] }] }, "repeats of before are known");
});
