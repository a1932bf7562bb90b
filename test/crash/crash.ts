/** Kills a host at a point of its work, over and over, and judges what stands at X. */
import type { PostMoment } from "../../plugins/twitter/sandbox/state.ts";
import { type HostChild, openYard } from "../child-host.ts";
import { judgeOrder } from "../judge.ts";
import { Calls } from "./calls.ts";

/**
 * Where the host is killed. `arrived`, `accepted`, `answered`: what X sees of a post; `settled`: its log says that it is
 * delivered; `called`: a call has just left for it, its commit is under way; `replied`: it has just said yes.
 */
export const POINTS = ["random", "called", "replied", "begun", "arrived", "accepted", "answered", "settled"] as const;
export type Point = (typeof POINTS)[number];

export type CrashOptions = {
  kills: number;
  accounts: number;
  random: () => number;
  pointOf(kill: number): Point;
  onKill?(kill: number, point: Point): void;
};
export type CrashResult = {
  kills: number;
  byPoint: Record<string, number>;
  /** Calls that were answered with success, and calls whose answer the kill swallowed. */
  accepted: number;
  unanswered: number;
  posts: number;
  deliveries: number;
  lookedUp: number;
  wrong: string[];
};

const TRICKLE_MS = 50;
type Watch = { post: (moment: PostMoment) => void };

export async function crash(options: CrashOptions): Promise<CrashResult> {
  const names = Array.from({ length: options.accounts }, (_, index) => `Account_${index}`);
  const watch: Watch = { post: () => {} };
  const yard = await openYard({ accounts: names, sandbox: { watch: (moment) => watch.post(moment) }, keepLog: false });
  const { random } = options;
  const calls = new Calls({ accounts: names, random, notify: (request) => yard.notify(request), trickleMs: TRICKLE_MS, goesOn: false });
  let host = await yard.start();
  await yard.register();
  const byPoint: Record<string, number> = {};
  let lookedUp = 0;
  for (let kill = 1; kill <= options.kills; kill += 1) {
    const point = options.pointOf(kill);
    await killAt(point, host, watch, calls, options.random);
    byPoint[point] = (byPoint[point] ?? 0) + 1;
    options.onKill?.(kill, point);
    host = await yard.start();
    host.onLine((line) => {
      if (line.includes('"msg":"post in doubt')) lookedUp += 1;
    });
  }
  const deliveries = await yard.drained();
  const posts = await yard.posts();
  await host.stop();
  await yard.close();
  const { accepted, unanswered } = calls;
  const wrong = [...judgeOrder(deliveries, posts), ...calls.missing(deliveries)];
  return {
    kills: options.kills,
    byPoint,
    accepted: accepted.size,
    unanswered,
    posts: posts.length,
    deliveries: deliveries.length,
    lookedUp,
    wrong,
  };
}

/** Calls go on, some split in posts, until the point is reached; then SIGKILL. */
async function killAt(point: Point, host: HostChild, watch: Watch, calls: Calls, random: () => number): Promise<void> {
  const reached = Promise.withResolvers<void>();
  /** Not always the first of its kind: the third "accepted" may be the second post of a split text. */
  let skip = Math.floor(random() * 6);
  const pass = () => {
    if (skip-- <= 0) reached.resolve();
  };
  watch.post = (moment) => moment === point && pass();
  host.onLine((line) => {
    if (point === "begun" && line.includes('"msg":"post begun"')) pass();
    if (point === "settled" && line.includes('"msg":"delivery delivered"')) pass();
  });
  if (point === "random") setTimeout(reached.resolve, random() * 300);
  calls.begin({ onCalled: () => point === "called" && pass(), onReplied: () => point === "replied" && pass() });
  await reached.promise;
  await host.kill();
  watch.post = () => {};
  await calls.end();
}
