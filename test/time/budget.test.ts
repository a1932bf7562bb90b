import t from "tap";
import { judgeOrder } from "../judge.ts";
import { openTimeStage } from "./stage.ts";

const DAY = 86_400;
const BUDGET = 5;
/** How long the day's budget of X goes on, once it is used up. */
const LEFT_SECONDS = 8;

type Seen = { status: number | null; path: string };

t.test("a used-up day is waited for by X's clock, whatever day the host's clock says it is", async (t) => {
  // Both begin nearly a day ago, so that X's window ends soon after the first post.
  let shiftSeconds = LEFT_SECONDS - DAY;
  const now = () => Date.now() + shiftSeconds * 1000;
  const posted: number[] = [];
  const stage = await openTimeStage(t, {
    offsetSeconds: shiftSeconds,
    sandbox: { now, limits: { postsPerUser: 1e6, postsPerUserDay: BUDGET, postsPerAppDay: 1e6 } },
  });
  stage.watch.post = (moment) => moment === "accepted" && posted.push(performance.now());
  const notify = (text: string) => stage.yard.notify({ text, functionalUser: "ITSM_Notify" });
  await notify("The first of the day");
  await stage.yard.drained();
  const opensAt = (posted[0] ?? 0) + LEFT_SECONDS * 1000;
  shiftSeconds = 0;
  stage.clock.set(0);
  for (let index = 1; index < BUDGET + 1; index += 1) await notify(`Notice ${index}`);
  await stage.host().until("lane held");
  for (const offsetSeconds of [DAY, -DAY, 3600]) {
    stage.clock.set(offsetSeconds);
    await notify(`After a jump to ${offsetSeconds} s`);
  }
  const deliveries = await stage.yard.drained();
  t.same(judgeOrder(deliveries, await stage.yard.posts()), []);
  t.equal(deliveries.length, BUDGET + 4);
  const early = posted.filter((at) => at < opensAt - 1_000).length;
  t.equal(early, BUDGET, "the day's budget, and no more before X's day ended");
  const waitedMs = (posted[BUDGET] ?? 0) - opensAt;
  t.ok(waitedMs < 10_000, `the next day began ${Math.round(waitedMs)} ms after X's`);
  const requests = await stage.yard.control<Seen[]>("requests");
  t.equal(requests.filter(({ status }) => status === 429).length, 0, "no request was wasted on a limit that was known");
});
