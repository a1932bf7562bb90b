/** Rows of the table of faults at X: each is caused, read, mended and counted, one after the other on one real host. */
import type { Test } from "tap";
import type { Pace } from "../../src/host/back-off.ts";
import type { Delivery } from "../../src/shapes.ts";
import { openStage, type SandboxPost, type Stage } from "../stage.ts";

export type FaultRow = {
  name: string;
  /** Settings of the plug-in while the row is played; given back before the end of the trouble. */
  userDefined?: Record<string, unknown>;
  text?: string;
  /** Brings the trouble about. */
  cause(stage: Stage): Promise<unknown>;
  /** Ends it; left out: the sandbox forgets its orders, which is enough for most. */
  mend?(stage: Stage): Promise<unknown>;
  /** The first state that lasts. */
  state: "waiting" | "in-doubt" | "failed" | "delivered";
  /** Its reason and NOTE; both left out where nothing is wrong for the delivery. */
  reason?: string;
  note?: number;
  /** How the line that people see goes on after `Error in plugin : `. */
  says?: RegExp;
  /** How often X has seen the post until then, and in the end. */
  seen: number;
  sends: number;
  /** Whether somebody has to send it again. Left out: it ends delivered. */
  end?: "failed";
  /** What the delivery waits for, in seconds: at least, at most. */
  waits?: [number, number];
  /** X − host, where the fault tells it; within 5 s. */
  offsetSeconds?: number;
  /** More of the delivery, in the first state that lasts. */
  more?: object;
};

/**
 * So slow that what is awaited lasts: nothing is tried again before the row says so. But whoever asks X whether a lane may
 * go on asks often, and a second look proves a post absent at once.
 */
const SLOW: Pace = { backOffBaseMs: 600_000, backOffCapMs: 600_000, slowMs: 600_000, probeMs: 50, firstLookMs: 600_000, lastLookMs: 1 };

/** Rows may double a post only where X lets it through, so X's own rule against it is off. */
const PERMISSIVE = { duplicateRule: false, limits: { postsPerUser: 10_000, me: 10_000, timeline: 10_000 } };

export const forever = (stage: Stage, fault: Record<string, unknown>) => stage.fault(fault, { times: 0 });
/** For every request, or those under a path, and not only for posts. */
export const everywhere = (stage: Stage, fault: Record<string, unknown>, path = "/") =>
  stage.control("faults", { match: { path }, times: 0, fault });
export const forgetFaults = (stage: Stage) => fetch(`${stage.sandboxUrl}/sandbox/faults`, { method: "DELETE" });

type Request = { method: string; path: string; status: number | null };
export async function postsSeen(stage: Stage): Promise<number> {
  const requests = await stage.control<Request[]>("requests");
  return requests.filter(({ method, path }) => method === "POST" && path === "/2/tweets").length;
}

/** Plays the rows on one host and one account, and at the end looks whether anything was ever posted twice. */
export async function playRows(t: Test, rows: readonly FaultRow[]): Promise<Stage> {
  const stage = await openStage(t, { pace: SLOW });
  await stage.register();
  const everPosted: SandboxPost[] = [];
  for (const row of rows)
    await t.test(row.name, async (t) => {
      await stage.control("reset", {});
      await stage.control("settings", PERMISSIVE);
      if (row.userDefined) t.match(await stage.configure({ userDefined: row.userDefined }), { result: {} });
      try {
        await play(t, stage, row);
      } finally {
        await stage.configure({});
        await mend(stage, row);
        everPosted.push(...(await stage.posts()));
      }
    });
  const texts = everPosted.map((post) => post.text);
  t.strictSame(texts.toSorted(), [...new Set(texts)].toSorted(), "nothing is twice in X's record");
  return stage;
}

async function play(t: Test, stage: Stage, row: FaultRow): Promise<void> {
  const text = row.text ?? `E-mail is down: ${row.name}`;
  await row.cause(stage);
  const before = await postsSeen(stage);
  const id = (await stage.notify({ text })).deliveries[0]!.id;
  const first = await reaches(stage, id, row.state);
  t.equal((await postsSeen(stage)) - before, row.seen, "how often X saw the post");
  judge(t, stage, row, first);
  if (row.end === "failed" || row.state === "delivered") {
    await stands(t, stage, first, row.state === "delivered" ? 1 : 0);
    return;
  }
  await stage.configure({});
  await mend(stage, row);
  const last = await goesOn(stage, id, "delivered");
  t.equal((await postsSeen(stage)) - before, row.sends, "how often X saw the post in all");
  await stands(t, stage, last, 1);
}

/** In X's record, so often, with the ids that the delivery says. */
async function stands(t: Test, stage: Stage, { posts, text }: Delivery, times: number): Promise<void> {
  const record = await stage.posts();
  if (times === 0)
    t.strictSame(
      record.filter((post) => post.text === text),
      [],
      "nothing of it is at X",
    );
  for (const post of times === 0 ? [] : posts) {
    const found = record.filter((shown) => shown.text === post.text);
    t.strictSame(
      found.map(({ id }) => id),
      [post.id],
      "it stands at X once, and the delivery knows its id",
    );
  }
}

async function mend(stage: Stage, row: FaultRow): Promise<void> {
  await forgetFaults(stage);
  await row.mend?.(stage);
}

/** Until it is in a state that lasts; any but that one is wrong. */
async function reaches(stage: Stage, id: string, state: Delivery["state"]): Promise<Delivery> {
  for (;;) {
    const delivery = await stage.call<Delivery>("deliveries.get", { id, waitSeconds: 0.02 });
    if (delivery.state === state) return delivery;
    if (delivery.state !== "queued" && delivery.state !== "sending")
      throw new Error(`it is ${delivery.state}, not ${state}: ${delivery.lastError?.message ?? ""}`);
  }
}

/** The operator resumes the lane as often as it takes: a post in doubt needs two looks. */
export async function goesOn(stage: Stage, id: string, state: Delivery["state"]): Promise<Delivery> {
  for (;;) {
    await stage.call("lanes.resume", { accountName: "ITSM_Notify" });
    const delivery = await stage.call<Delivery>("deliveries.get", { id, waitSeconds: 0.1 });
    if (delivery.state === state) return delivery;
    if (["delivered", "failed", "expired", "cancelled"].includes(delivery.state))
      throw new Error(`ended ${delivery.state}: ${delivery.lastError?.message ?? ""}`);
  }
}

function judge(t: Test, stage: Stage, row: FaultRow, delivery: Delivery): void {
  const { lastError } = delivery;
  if (row.more) t.match(delivery, row.more);
  if (row.reason === undefined) {
    t.equal(lastError, undefined, "nothing is wrong");
    return;
  }
  t.match(lastError?.message, /^Error in plugin : .+ \(ARERR 8753\)$/s);
  t.equal(lastError?.reason, row.reason);
  t.equal(lastError?.retryable, row.end !== "failed", "retryable");
  if (row.says) t.match(lastError?.statusList[0]?.appendedText, row.says);
  const numbers = lastError?.statusList.map(({ messageNum }) => messageNum);
  t.strictSame(numbers, row.note === undefined ? [8753] : [8753, row.note]);
  const logged = stage.log.map((line) => JSON.parse(line) as Record<string, unknown>);
  const told = logged.find((line) => line.delivery === delivery.id && line.reason === row.reason);
  t.match(told, { arerr: 8753, state: row.state, ...(row.note !== undefined && { note: row.note }) }, "the log has both numbers");
  if (row.offsetSeconds !== undefined) {
    const told = lastError?.clock?.offsetSeconds ?? Number.NaN;
    t.ok(Math.abs(told - row.offsetSeconds) < 5, `the offset is told as ${told} s`);
  }
  if (row.waits) {
    const seconds = (Date.parse(delivery.nextAttemptAt ?? "") - Date.now()) / 1000;
    t.ok(seconds > row.waits[0] - 2 && seconds <= row.waits[1], `it waits ${seconds} s`);
  }
}
