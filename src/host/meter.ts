/** What happens in the host, told to whoever counts it. Nothing here holds a text of a notification, or a secret. */
import type { FaultTable } from "../ar.ts";
import type { Finding, LimitState, Verdict } from "../contract.ts";
import type { DeliveryState } from "../shapes.ts";

/** `accountName` is as people know it. */
export type Meter = {
  accepted(plugin: string): void;
  /** `latencySeconds` from acceptance to the end. */
  ended(plugin: string, state: DeliveryState, latencySeconds: number): void;
  /** `reason` names the fault; undefined where there is none. */
  attempted(plugin: string, verdict: Verdict["verdict"], reason: string | undefined): void;
  lookedUp(plugin: string, finding: Finding["finding"]): void;
  /** What the service said of its limits. */
  limited(plugin: string, accountName: string, limits: readonly LimitState[]): void;
};

/** For a host whose figures nobody wants. */
export const NO_METER: Meter = { accepted() {}, ended() {}, attempted() {}, lookedUp() {}, limited() {} };

/** A plug-in may make reasons up as it likes; what no table names is counted as `other`, so that the counters stay few. */
export const boundReasons = (meter: Meter, faults: () => FaultTable): Meter => ({
  ...meter,
  attempted(plugin, verdict, reason) {
    meter.attempted(plugin, verdict, reason === undefined || Object.hasOwn(faults(), reason) ? reason : "other");
  },
});
