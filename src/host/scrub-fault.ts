import { type Answer, done, type Fault, refused } from "../ar.ts";
import { isFault, isRecord } from "./verdict-check.ts";

/**
 * A plug-in's fault without secrets, and without what does not belong into a fault: it is stored, logged and shown. A
 * service may well send back what it was sent, and a plug-in may put anything into an error.
 */
export function scrubFault(fault: Fault, scrub: (text: string) => string): Fault {
  const { reason, cause, detail, x, clock, advice } = fault;
  const text = (value: unknown): string => (typeof value === "string" ? scrub(value) : "");
  return {
    reason: text(reason),
    cause: text(cause),
    ...(detail !== undefined && { detail: text(detail) }),
    ...(typeof advice === "string" && { advice: text(advice) }),
    ...(typeof x?.status === "number" && {
      x: {
        status: x.status,
        ...(typeof x.code === "number" && { code: x.code }),
        ...(x.title !== undefined && { title: text(x.title) }),
        ...(x.detail !== undefined && { detail: text(x.detail) }),
      },
    }),
    ...(typeof clock?.offsetSeconds === "number" && {
      clock: { offsetSeconds: clock.offsetSeconds, serverDate: text(clock.serverDate) },
    }),
  };
}

/** What a plug-in says of a failure is shown to people, so the secrets that it was given are taken out first. */
export function scrubAnswer<T>(answer: Answer<T>, scrub: (text: string) => string): Answer<T> {
  if (!answer.ok) return refused(scrubFault(answer.fault, scrub));
  const value: unknown = answer.value;
  if (!isRecord(value) || !isFault(value.fault)) return answer;
  return done({ ...value, fault: scrubFault(value.fault, scrub) } as T);
}
