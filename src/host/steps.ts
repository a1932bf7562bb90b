/** How a lane stores its steps: until they are stored, since what happened at the service has happened. */
import { type Advanced, type Lease, type Settlement, type Store, type StoredDelivery, StoreUnavailable } from "../store/store.ts";
import type { LevelLog } from "./log.ts";
import type { SteadyClock } from "./steady-clock.ts";
import type { Time } from "./time.ts";

export type StepsOptions = {
  lane: string;
  readonly plugin: { clock: SteadyClock };
  store: Store;
  time: Time;
  log: LevelLog;
  stopping(): boolean;
  onChange(delivery: StoredDelivery, sentence?: string): void;
};
/** What the lane knows besides: its lease, and when its head is due. */
export type StepsLane = { lease(): Lease | undefined; follow(step: Settlement): void };

export const STORE_RETRY_MS = 1_000;

export type Steps = {
  settle(step: Settlement, sentence?: string): Promise<StoredDelivery>;
  /** Also begins what is ready, and says what is to follow. Where the store can't be written at once, `begin` is left to its own turn. */
  advance(step: Settlement, begin?: Settlement): Promise<Advanced>;
};

export function openSteps(options: StepsOptions, { lease, follow }: StepsLane): Steps {
  const { store, time, log, lane, stopping, onChange } = options;

  async function stored<T>(step: Settlement, write: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await write();
      } catch (cause) {
        if (stopping() || !(cause instanceof StoreUnavailable && cause.mayPass)) throw cause;
        log.error({ lane, delivery: step.deliveryId, err: cause }, "store cannot be written");
        await new Promise<void>((resolve) => time.after(STORE_RETRY_MS, resolve));
      }
    }
  }

  return {
    async settle(step, sentence) {
      const settled = await stored(step, () => store.settle(step, lease()));
      follow(step);
      onChange(settled, sentence);
      return settled;
    },
    async advance(step, begin) {
      let first = begin;
      const advanced = await stored(step, () => {
        const { clock } = options.plugin;
        const ahead = { now: clock.now(), judge: clock.judge(), ...(first && { begin: first }) };
        first = undefined;
        return store.advance(step, ahead, lease());
      });
      follow(step);
      onChange(advanced.settled);
      if (advanced.begun) onChange(advanced.begun);
      return advanced;
    },
  };
}
