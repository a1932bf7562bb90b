/** What all fuzz suites have in common: how many cases each tries, and how a run goes, is watched and reported. */
import fc from "fast-check";
import type { Test } from "tap";

export type OpenSuite = {
  /** One case: throws, or answers false, where something is wrong with what it generated. */
  property: fc.IAsyncProperty<[unknown, ...unknown[]]> | fc.IAsyncProperty<[unknown]>;
  /** Called now and then, so that a long run does not keep what it no longer needs. */
  tidy?(): Promise<void>;
  /** What must hold at the end, beyond every case; a sentence for each thing that is wrong. */
  verdict?(): Promise<string[]>;
};
export type Suite = {
  name: string;
  /** What holds for every case. */
  statement: string;
  /** Part of the total; slow suites have small ones. All together are 1. */
  share: number;
  /** `t` ends what was opened. */
  open(t: Test): Promise<OpenSuite>;
};

/** Cases of all suites together. A minute's worth by default; `npm run fuzz` asks for more. */
export const totalRuns = (environment: Readonly<Record<string, string | undefined>>): number => Number(environment.FUZZ_RUNS ?? 5_000);

/** Cases between two looks at progress and memory: at most so many, and twenty looks at least. */
const LARGEST_CHUNK = 500;

/**
 * The short run is the same each time: a check that fails by chance, on a change that has nothing to do with it, teaches
 * people to run it again. The long one explores.
 */
const seedOf = (done: number): { seed?: number } => (process.env.FUZZ_RUNS === undefined ? { seed: 1 + done } : {});

export type Progress = (done: number) => void;

/** Runs a suite as one test. A failure names the seed that repeats it. */
export function fuzz(t: Test, suite: Suite, total: number, onProgress: Progress = () => {}): Promise<unknown> {
  const runs = Math.max(1, Math.round(total * suite.share));
  return t.test(`${suite.name}: ${suite.statement} (${runs} cases)`, { timeout: 0 }, async (t) => {
    const strays = watchStrays(t);
    const { property, tidy, verdict } = await suite.open(t);
    const chunk = Math.min(LARGEST_CHUNK, Math.ceil(runs / 20));
    for (let done = 0; done < runs; done += chunk) {
      await fc.assert<unknown[]>(property as fc.IAsyncProperty<unknown[]>, { ...seedOf(done), numRuns: Math.min(chunk, runs - done) });
      await tidy?.();
      onProgress(Math.min(done + chunk, runs));
    }
    t.same((await verdict?.()) ?? [], []);
    t.same(strays, [], "no promise was rejected unheard");
  });
}

/** Whatever is thrown where nobody waits for it. */
function watchStrays(t: Test): string[] {
  const strays: string[] = [];
  const note = (cause: unknown) => void strays.push(cause instanceof Error ? (cause.stack ?? cause.message) : String(cause));
  process.on("unhandledRejection", note);
  process.on("uncaughtException", note);
  t.teardown(() => {
    process.off("unhandledRejection", note);
    process.off("uncaughtException", note);
  });
  return strays;
}
