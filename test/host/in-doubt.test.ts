/** A post that left and brought no answer: looked up at X, sent again only where it is absent, and never twice. */
import t, { type Test } from "tap";
import type { Pace } from "../../src/host/back-off.ts";
import type { Delivery } from "../../src/shapes.ts";
import { openStage, type Stage } from "../stage.ts";
import { goesOn, postsSeen } from "./fault-rows.ts";

/** Nothing is looked up before somebody resumes the lane, so what is in doubt stays so while a test looks on. */
const SLOW: Partial<Pace> = {
  backOffBaseMs: 600_000,
  backOffCapMs: 600_000,
  slowMs: 600_000,
  probeMs: 50,
  firstLookMs: 600_000,
  lastLookMs: 1,
};

type Case = { title: string; run(t: Test, stage: Stage): Promise<unknown> };
const PLAIN: Case[] = [];
const THREADS: Case[] = [];
const HIDDEN: Case[] = [];
const on = (cases: Case[], title: string, run: Case["run"]): void => void cases.push({ title, run });

async function open(t: Test, userDefined: Record<string, unknown> = {}, pace: Partial<Pace> = SLOW): Promise<Stage> {
  const stage = await openStage(t, { pace, userDefined });
  await stage.register();
  return stage;
}

/** One after the other on one host and account; at X only what the case before it sent is forgotten. */
async function play(t: Test, stage: Stage, cases: readonly Case[]): Promise<void> {
  for (const { title, run } of cases)
    await t.test(title, async (t) => {
      await stage.control("reset", {});
      // X's own rule against repeats is off, so that a second post would show.
      await stage.control("settings", { duplicateRule: false });
      await run(t, stage);
    });
}

const LONG = Array.from({ length: 36 }, (_, index) => `Mail server number ${index} is down.`).join(" ");

async function send(stage: Stage, text: string): Promise<string> {
  return (await stage.notify({ text })).deliveries[0]!.id;
}

/** What stands at X is what was accepted: each post once, in order, each under the id that its delivery knows. */
async function stand(t: Test, stage: Stage, deliveries: readonly Delivery[]): Promise<void> {
  const expected = deliveries.flatMap(({ posts }) => posts.map(({ text, id }) => ({ text, id })));
  const record = await stage.posts();
  t.strictSame(
    record.map(({ text, id }) => ({ text, id })),
    expected,
    "each post once, in order, with the right id",
  );
}

const LOSSES = [
  { name: "X took the post and closed the connection", fault: { drop: true }, sends: 1 },
  { name: "X took the post and reset the connection", fault: { reset: "after" }, sends: 1 },
  { name: "X took the post and never answers", fault: { hang: true }, sends: 1 },
  { name: "X took the post and answered 500", fault: { status: 500, accept: true }, sends: 1 },
  { name: "the connection was reset before X read the post", fault: { reset: "before" }, sends: 2 },
  { name: "X never answers and did not take the post", fault: { hang: true, accept: false }, sends: 2 },
] as const;

for (const { name, fault, sends } of LOSSES)
  on(PLAIN, `${name}: it stands there once`, async (t, stage) => {
    await stage.fault(fault);
    const id = await send(stage, "E-mail is down");
    t.match(await stage.reaches(id, "in-doubt"), {
      posts: [{ state: "in-doubt" }],
      lastError: { reason: "in-doubt", statusList: [{ messageNum: 8753 }, { messageNum: 20014 }], retryable: true },
    });
    await stand(t, stage, [await goesOn(stage, id, "delivered")]);
    t.equal(await postsSeen(stage), sends);
  });

for (const [which, after] of [
  ["first", 0],
  ["middle", 2],
  ["last", 4],
] as const)
  for (const accept of [true, false])
    on(
      PLAIN,
      `a long text whose ${which} post is in doubt and ${accept ? "stands" : "is absent"} is whole and in order`,
      async (t, stage) => {
        await stage.fault({ drop: true, accept }, { after });
        const id = await send(stage, LONG);
        const behind = await send(stage, "The next notice");
        const doubt = await stage.reaches(id, "in-doubt");
        t.equal(doubt.posts.length, 5);
        t.strictSame(
          doubt.posts.map(({ state }) => state),
          doubt.posts.map((_, index) => (index < after ? "posted" : index === after ? "in-doubt" : "queued")),
        );
        const whole = await goesOn(stage, id, "delivered");
        await stand(t, stage, [whole, await stage.reaches(behind, "delivered")]);
        t.equal(await postsSeen(stage), accept ? 6 : 7);
      },
    );

for (const accept of [true, false])
  on(THREADS, `a thread whose middle is in doubt and ${accept ? "stands" : "is absent"} stays one thread`, async (t, stage) => {
    await stage.fault({ drop: true, accept }, { after: 1 });
    const id = await send(stage, LONG);
    await stage.reaches(id, "in-doubt");
    const whole = await goesOn(stage, id, "delivered");
    await stand(t, stage, [whole]);
    const record = await stage.posts();
    t.strictSame(
      record.map(({ inReplyTo }) => inReplyTo),
      record.map((_, index) => record[index - 1]?.id),
      "each answers the one before",
    );
  });

for (const accept of [true, false])
  on(
    PLAIN,
    `a host that starts anew with a post in doubt that ${accept ? "stands" : "is absent"} looks before it sends`,
    async (t, stage) => {
      await stage.fault({ drop: true, accept }, { after: 1 });
      const id = await send(stage, LONG);
      const behind = await send(stage, "The next notice");
      await stage.reaches(id, "in-doubt");
      const before = await postsSeen(stage);
      await stage.restart();
      t.match(await stage.delivery(id), { state: "in-doubt", posts: [{ state: "posted" }, { state: "in-doubt" }] });
      t.equal(await postsSeen(stage), before, "a start sends nothing");
      await stand(t, stage, [await goesOn(stage, id, "delivered"), await stage.reaches(behind, "delivered")]);
      t.equal((await postsSeen(stage)) - before, accept ? 4 : 5);
    },
  );

t.test("a time line that lags is asked until a look may prove something", async (t) => {
  const stage = await open(t, {}, { firstLookMs: 100, lastLookMs: 3_000 });
  await stage.control("settings", { timeline: { lagSeconds: 2 } });
  await stage.fault({ drop: true });
  const id = await send(stage, "E-mail is down");
  await stand(t, stage, [await stage.reaches(id, "delivered")]);
  t.equal(await postsSeen(stage), 1);
});

t.test("a time line that lags longer than that: X's duplicate refusal makes it look once more", async (t) => {
  const stage = await open(t, {}, { firstLookMs: 50, lastLookMs: 2_000 });
  await stage.control("settings", { duplicateRule: true, timeline: { lagSeconds: 3.5 } });
  await stage.fault({ drop: true });
  const id = await send(stage, "E-mail is down");
  await stand(t, stage, [await stage.reaches(id, "delivered")]);
  t.equal(await postsSeen(stage), 2, "the second was refused");
});

const SPELLINGS = [
  "Links: https://status.example.com/mail?x=1&y=2 and status.example.org/a/ are &amp; up <b>now</b>",
  "Emoji 👩‍👩‍👧‍👦🏳️‍🌈 and é (e\u0301), full width ＡＢＣ, then blanks   \n\t ",
  "Several   blanks\n\n\nand lines, “quotes”, 100 % & more — @somebody in $ABC, #mail #打开",
  "HTTPS://EXAMPLE.COM/Ünï/%C3%A4?q=a%20b#f.",
];
for (const text of SPELLINGS)
  on(PLAIN, `X's own spelling is recognised: ${JSON.stringify(text)}`, async (t, stage) => {
    await stage.fault({ drop: true });
    const id = await send(stage, text);
    await stage.reaches(id, "in-doubt");
    await stand(t, stage, [await goesOn(stage, id, "delivered")]);
    t.equal(await postsSeen(stage), 1);
  });

const LOOK_TROUBLES = [
  { name: "503", fault: { named: "over-capacity" }, reason: "x-unavailable" },
  { name: "500", fault: { status: 500 }, reason: "x-unavailable" },
  { name: "a reset", fault: { reset: "before" }, reason: "unreachable" },
  { name: "half a page of the time line", fault: { truncate: true }, reason: "unreachable" },
  { name: "a log-in page", fault: { status: 200, body: "<html></html>" }, reason: "x-unavailable" },
  { name: "a proxy's page with 403", fault: { status: 403, body: "<html></html>" }, reason: "unreachable" },
  { name: "429", fault: { status: 429, headers: { "x-rate-limit-remaining": "0" } }, reason: "rate-limited" },
  { name: "401 for a dead token", fault: { named: "invalid-token", style: "v1" }, reason: "token-invalid" },
  { name: "a locked account", fault: { named: "326" }, reason: "account-locked" },
] as const;
for (const { name, fault, reason } of LOOK_TROUBLES)
  on(PLAIN, `a look that ends with ${name} proves nothing and is repeated`, async (t, stage) => {
    await stage.fault({ drop: true });
    await stage.control("faults", { match: { method: "GET" }, times: 0, fault });
    const id = await send(stage, "E-mail is down");
    await stage.reaches(id, "in-doubt");
    await stage.call("lanes.resume", { accountName: "ITSM_Notify" });
    for (let told: string | undefined; told !== reason; ) {
      const delivery = await stage.delivery(id);
      t.equal(delivery.state, "in-doubt");
      told = delivery.lastError?.reason;
    }
    t.equal(await postsSeen(stage), 1, "nothing is sent meanwhile");
    await fetch(`${stage.sandboxUrl}/sandbox/faults`, { method: "DELETE" });
    await stand(t, stage, [await goesOn(stage, id, "delivered")]);
    t.equal(await postsSeen(stage), 1);
  });

on(HIDDEN, "where the access tier hides the time line, the refusal of the second sending proves the first", async (t, stage) => {
  await stage.control("settings", { timeline: { readable: false }, duplicateRule: true });
  await stage.fault({ drop: true });
  const whole = await stage.reaches(await send(stage, "E-mail is down"), "delivered");
  t.match(whole.posts, [{ state: "posted", id: undefined }], "X never told its id");
  t.equal((await stage.posts()).length, 1);
});

on(HIDDEN, "where the access tier hides the time line and X never got the post, the second sending is the one", async (t, stage) => {
  await stage.control("settings", { timeline: { readable: false }, duplicateRule: true });
  await stage.fault({ drop: true, accept: false });
  await stand(t, stage, [await stage.reaches(await send(stage, "VPN is down"), "delivered")]);
});

on(HIDDEN, "where the access tier hides the time line, a refusal proves nothing for a text that stands there already", async (t, stage) => {
  await stage.control("settings", { timeline: { readable: false } });
  await stage.reaches(await send(stage, "Printing is down"), "delivered");
  await stage.control("settings", { duplicateRule: true });
  await stage.fault({ drop: true });
  const { deliveries } = await stage.notify({ text: "Printing is down", waitSeconds: 20 });
  t.match(deliveries, [{ state: "failed", lastError: { reason: "duplicate-content", retryable: false } }]);
});

for (const accept of [true, false])
  on(
    PLAIN,
    `two incidents with the same words, the first in doubt and ${accept ? "standing" : "absent"}: two posts, two ids`,
    async (t, stage) => {
      await stage.fault({ drop: true, accept });
      const ids = [];
      for (const entryId of [`INC1 ${accept}`, `INC2 ${accept}`])
        ids.push((await stage.notify({ text: "E-mail is down", entryId })).deliveries[0]!.id);
      await stage.reaches(ids[0]!, "in-doubt");
      const first = await goesOn(stage, ids[0]!, "delivered");
      await stand(t, stage, [first, await stage.reaches(ids[1]!, "delivered")]);
    },
  );

for (const accept of [true, false])
  on(
    PLAIN,
    `two incidents with the same words, the second in doubt and ${accept ? "standing" : "absent"}: two posts, two ids`,
    async (t, stage) => {
      await stage.fault({ drop: true, accept }, { after: 1 });
      const first = await stage.reaches(await send(stage, "E-mail is down"), "delivered");
      const id = await send(stage, "E-mail is down");
      await stage.reaches(id, "in-doubt");
      await stand(t, stage, [first, await goesOn(stage, id, "delivered")]);
    },
  );

t.test("a Date of another century before the first post of an account does not hide the post", async (t) => {
  const stage = await openStage(t, { pace: SLOW });
  // Any time will do for this X, or the wrong Date would be found out before the post.
  await stage.control("settings", { duplicateRule: false, toleranceSeconds: 10 ** 11 });
  const wrong = { headers: { date: "Thu, 01 Jan 2099 00:00:00 GMT" } };
  await stage.control("faults", { match: { path: "/2/users/me" }, times: 0, fault: wrong });
  await stage.register();
  await stage.fault({ drop: true });
  const id = await send(stage, "E-mail is down");
  t.match(await stage.reaches(id, "in-doubt"), { acceptedAt: /^2099/ });
  await stand(t, stage, [await goesOn(stage, id, "delivered")]);
  t.equal(await postsSeen(stage), 1);
});

t.test("a post in doubt", async (t) => play(t, await open(t, { requestTimeoutSeconds: 1 }), PLAIN));
t.test("a thread in doubt", async (t) => play(t, await open(t, { text: { overflow: "thread" } }), THREADS));
t.test("a post in doubt that can't be looked up", async (t) => play(t, await open(t, {}, {}), HIDDEN));
