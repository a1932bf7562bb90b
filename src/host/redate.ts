import type { Store } from "../store/store.ts";
import type { SteadyClock } from "./steady-clock.ts";

/**
 * Once a service has said what time it is: puts right what the plug-in's deliveries were given before it did, by this
 * host or an earlier one. Answers whether the clock has been confirmed.
 */
export async function redate(store: Pick<Store, "redate">, plugin: string, clock: SteadyClock): Promise<boolean> {
  const confirmed = clock.confirmed();
  if (!confirmed) return false;
  await store.redate(plugin, confirmed, clock.now());
  clock.settle();
  return true;
}
