/** Whether calls can be accepted: the store takes what is written. The service has no say. */
import type { Store } from "../store/store.ts";
import { cached } from "./cached.ts";
import { inTime } from "./in-time.ts";
import type { Time } from "./time.ts";

export type Readiness = { ready: boolean; reasons: string[] };

/** Asked by anybody and often, so it writes no more than once in this time. */
const PROOF_KEPT_MS = 2_000;
/** A disk that hangs answers nothing at all. */
const PROOF_TIMEOUT_MS = 2_000;

const LATE = `the store has not answered a write within ${PROOF_TIMEOUT_MS / 1000} s`;

type Options = { store: Pick<Store, "proveWritable">; time: Time; stopping(): boolean };

export function openReadiness({ store, time, stopping }: Options): () => Promise<Readiness> {
  // One that hangs is still under way for whoever asks next: a hanging disk is not given one write after the other.
  const proof = cached(time, PROOF_KEPT_MS, () => store.proveWritable().then(() => "", sayOf));
  return async () => {
    const reasons: string[] = [];
    if (stopping()) reasons.push("the host is going down");
    else {
      const trouble = (await inTime(time, PROOF_TIMEOUT_MS, proof())) ?? LATE;
      if (trouble !== "") reasons.push(trouble);
    }
    return { ready: reasons.length === 0, reasons };
  };
}

const sayOf = (cause: unknown): string =>
  `the store can't be written, so nothing is accepted (20032): ${cause instanceof Error ? cause.message : String(cause)}`;
