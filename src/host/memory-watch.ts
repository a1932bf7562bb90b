/**
 * Bounds what a worker holds: its heap and its buffers.
 *
 * V8's own limit can do neither. It does not count buffers, and when one large allocation passes it (an array, an
 * object used as a map, a text) V8 does not end the worker but aborts the whole process, since a worker at its limit is
 * granted no more than 16 MB to come to its end (Node.js, `Worker::NearHeapLimit`). So V8 is given a limit that no
 * single allocation can pass, and the bound is kept from here: `getHeapStatistics` interrupts even an endless loop.
 */
import type { Time } from "./time.ts";

const MB = 1024 * 1024;
/** V8's largest object, an array of 2^27 − 1 elements, has a gigabyte; and some room to go on while it is ended. */
const HEADROOM_MB = 1_280;
const LOOK_EVERY_MS = 250;
/** While it holds more than half of what it may. */
const LOOK_OFTEN_MS = 50;
/** Beyond this multiple there is no waiting for a collection: a loop that allocates never comes to it. */
const AT_ONCE = 2;

/** What V8 is to be told. */
export const v8LimitMb = (maxMemoryMb: number): number => maxMemoryMb + HEADROOM_MB;

/** What is asked of a worker thread. */
export type Weighed = { getHeapStatistics(): Promise<{ used_heap_size: number; external_memory: number }> };
export type MemoryWatch = { collected(): void; stop(): void };

/**
 * `collect` asks the worker to throw its garbage away, since V8 with so high a limit would let it lie; `collected` is
 * to be called when it has, and what it still holds then counts. `onOver` is called once, with what it held in MB.
 */
export function watchMemory(
  worker: Weighed,
  time: Pick<Time, "after">,
  maxMemoryMb: number,
  on: { collect(): void; over(heldMb: number): void },
): MemoryWatch {
  const max = maxMemoryMb * MB;
  let collectAt = max / 2;
  let asked = false;
  let over = false;
  let cancel = () => {};
  const held = async (): Promise<number> => {
    const { used_heap_size, external_memory } = await worker.getHeapStatistics();
    return used_heap_size + external_memory;
  };
  const end = (bytes: number) => {
    if (over) return;
    over = true;
    on.over(Math.round(bytes / MB));
  };
  const look = async () => {
    // Rejected while the thread is starting and when it has ended.
    const bytes = await held().catch(() => 0);
    if (over) return;
    if (bytes > max * AT_ONCE) return end(bytes);
    if (bytes > collectAt && !asked) {
      asked = true;
      on.collect();
    }
    cancel = time.after(bytes > max / 2 ? LOOK_OFTEN_MS : LOOK_EVERY_MS, () => void look());
  };
  cancel = time.after(LOOK_EVERY_MS, () => void look());
  return {
    async collected() {
      const bytes = await held().catch(() => 0);
      if (bytes > max) end(bytes);
      // Else a worker that rightly holds much would do nothing but collect.
      collectAt = Math.min(max, Math.max(max / 2, bytes * 1.5));
      asked = false;
    },
    stop() {
      over = true;
      cancel();
    },
  };
}
