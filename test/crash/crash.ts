/** Kills a host at a point of its work, over and over, and judges what stands at X. */
import { setTimeout as sleep } from "node:timers/promises";
import type { PostMoment } from "../../plugins/twitter/sandbox/state.ts";
import type { Delivery } from "../../src/shapes.ts";
import { type HostChild, openYard, type Yard } from "../child-host.ts";
import { judgeOrder } from "../judge.ts";

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

type Watch = { post: (moment: PostMoment) => void };

export async function crash(options: CrashOptions): Promise<CrashResult> {
  const names = Array.from({ length: options.accounts }, (_, index) => `Account_${index}`);
  const watch: Watch = { post: () => {} };
  const yard = await openYard({ accounts: names, sandbox: { watch: (moment) => watch.post(moment) }, keepLog: false });
  const calls = new Calls(yard, names, options.random);
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

const BURST = 6;
const TRICKLE_MS = 50;

type Hooks = { onCalled(): void; onReplied(): void };

/** A caller for each account: one call after the other, so that the order of acceptance is known. */
class Calls {
  /** Texts that were answered with success. */
  readonly accepted = new Set<string>();
  unanswered = 0;
  readonly #yard: Yard;
  readonly #names: string[];
  readonly #random: () => number;
  #count = 0;
  #going = false;
  #callers: Promise<void>[] = [];

  constructor(yard: Yard, names: string[], random: () => number) {
    this.#yard = yard;
    this.#names = names;
    this.#random = random;
  }

  begin(hooks: Hooks): void {
    this.#going = true;
    this.#callers = this.#names.map((name) => this.#keepCalling(name, hooks));
  }

  async end(): Promise<void> {
    this.#going = false;
    await Promise.all(this.#callers);
  }

  /** Accepted, and not among the deliveries. */
  missing(deliveries: readonly Delivery[]): string[] {
    const kept = new Set(deliveries.map(({ text }) => text));
    return [...this.accepted].filter((text) => !kept.has(text)).map((text) => `answered with success and not kept: ${text}`);
  }

  async #keepCalling(functionalUser: string, { onCalled, onReplied }: Hooks): Promise<void> {
    for (let calls = 0; this.#going; calls += 1) {
      // After a burst a trickle, so that the host is killed while it posts and not only while it accepts.
      if (calls >= BURST) await sleep(TRICKLE_MS);
      const text = this.#nextText(functionalUser);
      const answer = this.#yard.notify({ text, functionalUser });
      onCalled();
      try {
        await answer;
        this.accepted.add(text);
        onReplied();
      } catch {
        // The host died before it said yes: the delivery may be kept or not, but never half.
        this.unanswered += 1;
        return;
      }
    }
  }

  #nextText(functionalUser: string): string {
    this.#count += 1;
    const sentences = this.#random() < 0.2 ? 14 : 1;
    return Array.from({ length: sentences }, (_, index) => `Notice ${this.#count} for ${functionalUser}, sentence ${index}.`).join(" ");
  }
}
