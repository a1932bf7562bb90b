/** A host whose store's disk is full for a while. */
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import type { Delivery, NotifyResult } from "../../src/shapes.ts";
import { judgeOrder } from "../judge.ts";
import { openStage } from "../stage.ts";
import { mountSmallDisk, noMount } from "./small-disk.ts";

/** Takes all the room that is left. */
function fillUp(file: string): void {
  const handle = openSync(file, "a");
  for (let size = 65_536; size >= 1; ) {
    try {
      writeSync(handle, Buffer.alloc(size));
    } catch {
      size = Math.floor(size / 2);
    }
  }
  closeSync(handle);
}

t.test(
  "a full disk: calls are refused with 20032 and not kept, nothing is posted twice, and all goes on with room",
  { skip: noMount() },
  async (t) => {
    const disk = mountSmallDisk(t, 6);
    if (!disk) throw new Error("not mounted");
    const stage = await openStage(t, { config: { store: `sqlite:${join(disk.folder, "perch.db")}` } });
    await stage.register();
    await stage.fault({ delayMs: 30 }, { times: 0 });
    const accepted: string[] = [];
    const refused: string[] = [];
    const notify = async (text: string) => {
      const reply = await stage.rpc<NotifyResult>("notify", { text });
      if (reply.error) {
        refused.push(text);
        t.match(reply.error, {
          code: 8753,
          message: /the store is not available: .*full.*\(ARERR 8753\)/,
          data: {
            reason: "store-unavailable",
            retryable: true,
            statusList: [{ messageNum: 8753 }, { messageNum: 20_032, messageText: /Check the disk that holds the store/ }],
          },
        });
      } else accepted.push(text);
    };
    for (let index = 0; index < 20; index += 1) await notify(`Before, number ${index}`);
    await stage.reaches(
      (await stage.call<{ deliveries: Delivery[] }>("deliveries.list", { text: "number 3", limit: 1 })).deliveries[0]!.id,
      "delivered",
    );
    const filler = join(disk.folder, "filler");
    fillUp(filler);
    // What room the WAL has left is used up first; those calls are kept.
    const laneMetIt = () => stage.log.some((line) => line.includes("store cannot be written"));
    for (let index = 0; refused.length < 5 || !laneMetIt(); index += 1)
      await notify(`While it is full, number ${index} ${"x".repeat(200)}`);
    t.equal((await fetch(`${stage.host.url}/healthz`)).status, 200, "the host lives");
    const ready = () => fetch(`${stage.host.url}/readyz`);
    while ((await ready()).status !== 503);
    t.match(await (await ready()).json(), { status: "not-ready", reasons: [/store can't be written.*20032.*full/] });
    t.match(await stage.call("server.status"), { store: /perch\.db/ }, "and reports");
    const stands = (await stage.posts()).length;
    rmSync(filler);
    await notify("There is room again");
    t.equal(accepted.at(-1), "There is room again");
    while ((await ready()).status !== 200);

    const { deliveries } = await stage.call<{ deliveries: Delivery[] }>("deliveries.list", { limit: 1000 });
    t.strictSame(deliveries.map(({ text }) => text).toReversed(), accepted, "what was answered is kept, and nothing else");
    for (const { id } of deliveries) await stage.reaches(id, "delivered");
    const ended = (await stage.call<{ deliveries: Delivery[] }>("deliveries.list", { limit: 1000 })).deliveries.toReversed();
    t.strictSame(judgeOrder(ended, await stage.posts()), [], `each once and in order; ${stands} stood there while it was full`);
  },
);
