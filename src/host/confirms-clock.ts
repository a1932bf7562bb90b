/** Which answers of a plug-in show that its service can be reached, so that its clock would have been corrected. */
import type { Answer } from "../ar.ts";
import type { Verb, Verbs } from "./protocol.ts";
import { findingFrom, isRecord, verdictFrom } from "./verdict-check.ts";

/**
 * A plug-in that knows the service's time has reported it by then; one that reports none has no better clock than the
 * machine's, and without this nothing of it would ever be taken for old. What the plug-in can answer by itself, as a
 * refusal, shows nothing.
 */
const SHOWN: { readonly [V in Verb]?: (called: Answer<Verbs[V][1]>) => boolean } = {
  deliver: (called) => verdictFrom(called).verdict === "delivered",
  lookUp: (called) => findingFrom(called).finding !== "unknown",
  probe: (called) => called.ok && isRecord(called.value) && called.value.ok === true,
};

export const confirmsClock = <V extends Verb>(verb: V, called: Answer<Verbs[V][1]>): boolean => SHOWN[verb]?.(called) ?? false;
