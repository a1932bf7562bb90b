/** Every verb answers 20032 when the store can't be used; anything else that is thrown is a bug, and the door's to catch. */
import { type Answer, hostFault, refused } from "../ar.ts";
import { StoreUnavailable } from "../store/store.ts";
import type { Host } from "./verbs.ts";

type AnyVerb = (...args: never[]) => Promise<unknown>;
type VerbName = { [K in keyof Host]: Host[K] extends AnyVerb ? K : never }[keyof Host];

/** These answer for themselves. */
type Unguarded = "readiness" | "recordRefusal" | "recordDone";

const GUARDED = [
  "filterApiCall",
  "notify",
  "preview",
  "getDelivery",
  "listDeliveries",
  "retryDeliveries",
  "cancelDeliveries",
  "listLanes",
  "pauseLane",
  "resumeLane",
  "listRegistrations",
  "getRegistration",
  "createRegistration",
  "updateRegistration",
  "deleteRegistration",
  "authorizeRegistration",
  "confirmRegistration",
  "suggestUsers",
  "listPlugins",
  "restartPlugin",
  "status",
  "history",
  "reload",
  "setLogLevel",
  "readLog",
  "backup",
  "act",
  "listAudit",
] as const satisfies readonly Exclude<VerbName, Unguarded>[];

type Nothing<T extends never> = T;
/** Does not compile when a verb is forgotten above. */
export type Forgotten = Nothing<Exclude<VerbName, (typeof GUARDED)[number] | Unguarded>>;

export function guardHost(host: Host): Host {
  const guarded = Object.fromEntries(GUARDED.map((verb) => [verb, guard(host[verb].bind(host) as AnyVerb)]));
  return {
    ...(guarded as Pick<Host, (typeof GUARDED)[number]>),
    get faults() {
      return host.faults;
    },
    readiness: () => host.readiness(),
    recordRefusal: (act, fault) => host.recordRefusal(act, fault),
    recordDone: (act) => host.recordDone(act),
  };
}

const guard =
  (verb: AnyVerb) =>
  async (...args: never[]): Promise<unknown> => {
    try {
      return await verb(...args);
    } catch (cause) {
      if (cause instanceof StoreUnavailable) return storeUnavailable(cause);
      throw cause;
    }
  };

const storeUnavailable = (cause: StoreUnavailable): Answer<never> => refused(hostFault("store-unavailable", cause.message));
