import t, { type Test } from "tap";
import type { PostMoment } from "../../plugins/twitter/sandbox/state.ts";
import { judgeOrder } from "../judge.ts";
import { openTimeStage, type TimeStage } from "./stage.ts";

const HOUR = 3600;
const MOMENTS: readonly PostMoment[] = ["arrived", "accepted", "answered"];
const ACCOUNTS = ["Desk_Paris", "Desk_Berlin"];

/** Resolves when X has seen so many posts come to that moment since now; `then` is done right there, while that request is in flight. */
function atPost({ watch }: TimeStage, count: number, moment: PostMoment, then: () => void): Promise<void> {
  return new Promise((resolve) => {
    let left = count;
    watch.post = (seen) => {
      if (seen !== moment || left === 0) return;
      left -= 1;
      if (left > 0) return;
      then();
      resolve();
    };
  });
}

/** Lets both desks say so many things while the clock jumps in their midst; answers how many requests that cost. */
async function postAcross(stage: TimeStage, label: string, moment: PostMoment, jump: () => void): Promise<number> {
  const before = await stage.refused();
  const jumped = atPost(stage, 5, moment, jump);
  for (let index = 0; index < 8; index += 1)
    for (const functionalUser of ACCOUNTS)
      await stage.yard.notify({ text: `${label}, notice ${index} of ${functionalUser}`, functionalUser });
  await jumped;
  await stage.yard.drained();
  return (await stage.refused()) - before;
}

async function judge(t: Test, { yard }: TimeStage, expected: number): Promise<void> {
  const deliveries = await yard.drained();
  t.same(judgeOrder(deliveries, await yard.posts()), []);
  t.equal(deliveries.length, expected);
}

t.test("a clock that jumps by hours in both directions while requests are in flight costs at most one request of each", async (t) => {
  const stage = await openTimeStage(t, { offsetSeconds: 0, accounts: ACCOUNTS });
  const jumps = [HOUR, -3 * HOUR, 24 * HOUR, -24 * HOUR, 600, -600, 48 * HOUR, 0];
  for (const [index, offsetSeconds] of jumps.entries()) {
    const moment = MOMENTS[index % MOMENTS.length] ?? "arrived";
    const cost = await postAcross(stage, `Jump ${index}`, moment, () => stage.clock.set(offsetSeconds));
    t.ok(cost <= ACCOUNTS.length, `to ${offsetSeconds} s, when a post had ${moment}: ${cost} refused`);
    const known = (await stage.knownOffset()) ?? Number.NaN;
    t.ok(Math.abs(known + offsetSeconds) <= 2, `the host has seen the jump: X is ${known} s ahead of it`);
  }
  await judge(t, stage, jumps.length * 8 * ACCOUNTS.length);
});

t.test("many jumps in a burst of posts neither lose nor repeat any", async (t) => {
  const stage = await openTimeStage(t, { offsetSeconds: -HOUR, accounts: ACCOUNTS });
  const before = await stage.refused();
  let posts = 0;
  stage.watch.post = (moment) => {
    if (moment !== "arrived") return;
    posts += 1;
    stage.clock.set(((posts * 7919) % 49) * HOUR - 24 * HOUR);
  };
  for (let index = 0; index < 20; index += 1)
    for (const functionalUser of ACCOUNTS) await stage.yard.notify({ text: `Notice ${index} of ${functionalUser}`, functionalUser });
  await judge(t, stage, 20 * ACCOUNTS.length);
  const cost = (await stage.refused()) - before;
  t.ok(cost <= posts * ACCOUNTS.length, `${posts} jumps: ${cost} refused`);
});
