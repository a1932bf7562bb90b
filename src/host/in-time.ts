import type { Time } from "./time.ts";

/** What the work answers, or undefined when it takes longer; the work itself goes on. */
export async function inTime<T>(time: Pick<Time, "after">, ms: number, work: Promise<T>): Promise<T | undefined> {
  let cancel = () => {};
  const late = new Promise<undefined>((resolve) => {
    cancel = time.after(ms, () => resolve(undefined));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    cancel();
  }
}
