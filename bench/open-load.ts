/**
 * An open load: calls leave when they are due, whether or not earlier ones have been answered, and each is timed from
 * the moment when it was due. A server that stalls is charged with every call that fell into the stall (no coordinated
 * omission).
 */
import { setTimeout as sleep } from "node:timers/promises";

export type Loaded = { latenciesMs: number[]; failures: string[] };

/** `call` is told when it was due, by `performance.now()`. */
export async function openLoad(rate: number, seconds: number, call: (index: number, due: number) => Promise<void>): Promise<Loaded> {
  const latenciesMs: number[] = [];
  const failures: string[] = [];
  const calls: Promise<void>[] = [];
  const start = performance.now();
  for (let index = 0; index < rate * seconds; index += 1) {
    const due = start + (index * 1000) / rate;
    const early = due - performance.now();
    if (early > 0) await sleep(early);
    calls.push(
      call(index, due).then(
        () => void latenciesMs.push(performance.now() - due),
        (cause: unknown) => void failures.push(cause instanceof Error ? cause.message : String(cause)),
      ),
    );
  }
  await Promise.all(calls);
  return { latenciesMs, failures };
}
