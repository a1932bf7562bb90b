import t from "tap";
import type { Delivery } from "../../src/shapes.ts";
import { judgeOrder } from "../judge.ts";
import { openTimeStage, type TimeStage } from "./stage.ts";

const DAY = 86_400;
const ACCOUNT = "ITSM_Notify";

async function notifyMany({ yard }: TimeStage, count: number, label: string): Promise<void> {
  for (let index = 0; index < count; index += 1) await yard.notify({ text: `${label}, notice ${index}`, functionalUser: ACCOUNT });
}

const pause = ({ yard }: TimeStage) => yard.call("lanes.pause", { accountName: ACCOUNT });
const resume = ({ yard }: TimeStage) => yard.call("lanes.resume", { accountName: ACCOUNT });

const RESTARTS: readonly [first: number, second: number][] = [
  [0, 2 * DAY],
  [DAY, -2 * DAY],
  [-2 * DAY, 0],
];
for (const [first, second] of RESTARTS) {
  t.test(`what a host accepted by a clock ${first} s off is posted by one whose clock is ${second} s off`, async (t) => {
    const stage = await openTimeStage(t, { offsetSeconds: first });
    await pause(stage);
    await notifyMany(stage, 5, "Queued");
    await stage.restart(second);
    await resume(stage);
    await notifyMany(stage, 2, "Afterwards");
    const deliveries = await stage.yard.drained();
    t.same(judgeOrder(deliveries, await stage.yard.posts()), []);
    t.equal(deliveries.length, 7);
    t.ok((await stage.refused()) <= 2, "a request for each start");
  });
}

t.test("a post that was in flight by a clock a day slow is looked up, and not repeated, by one a day fast", async (t) => {
  const stage = await openTimeStage(t, { offsetSeconds: -DAY });
  const accepted = new Promise<void>((resolve) => {
    stage.watch.post = (moment) => moment === "accepted" && resolve();
  });
  await notifyMany(stage, 3, "In flight");
  await accepted;
  await stage.restart(DAY, "SIGKILL");
  const deliveries = await stage.yard.drained();
  t.same(judgeOrder(deliveries, await stage.yard.posts()), []);
  t.equal(deliveries.length, 3);
});

t.test("a delivery that waits for another try goes on after a restart by a clock that is a day slow", async (t) => {
  const stage = await openTimeStage(t, { offsetSeconds: 0 });
  await stage.yard.control("faults", { match: { method: "POST", path: "/2/tweets" }, fault: { status: 503 } });
  const [delivery] = await stage.yard.notify({ text: "Waits", functionalUser: ACCOUNT });
  const { id } = delivery as Delivery;
  await stage.host().until("delivery waits");
  await stage.restart(-DAY);
  const again = await stage.yard.call<Delivery>("deliveries.get", { id, waitSeconds: 90 });
  t.equal(again.state, "delivered");
  t.equal((await stage.yard.posts()).length, 1);
});
