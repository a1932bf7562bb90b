/** Faults that a test or a demo orders: which requests they meet, how often, and what goes wrong. */
import Type, { type Static } from "typebox";
import type { State } from "./state.ts";

const strict = { additionalProperties: false } as const;
const True = Type.Literal(true);

/** What goes wrong. Parts can be combined (`named` with `skewDateSeconds`, `delayMs` with `drop`). */
export const FaultKind = Type.Object(
  {
    /** Answers this instead of doing anything. */
    status: Type.Optional(Type.Integer({ minimum: 200, maximum: 599 })),
    body: Type.Optional(Type.Unknown()),
    headers: Type.Optional(Type.Record(Type.String(), Type.String())),
    /** Answers one of X's own bodies, by name or by v1.1 code, in the form of the settings or this one. */
    named: Type.Optional(Type.String()),
    style: Type.Optional(Type.Enum(["v1", "v2", "plain401"])),
    redirect: Type.Optional(Type.String()),
    /** Whether the request is carried out all the same. Default: yes, but not with `status`, `named`, `redirect`. */
    accept: Type.Optional(Type.Boolean()),
    delayMs: Type.Optional(Type.Number({ minimum: 0, maximum: 600_000 })),
    /** Resets the connection: before the body is read, half-way through the answer, after it was carried out. */
    reset: Type.Optional(Type.Enum(["before", "during", "after"])),
    /** Never answers. */
    hang: Type.Optional(True),
    /** Closes without an answer. */
    drop: Type.Optional(True),
    /** Closes half-way through the answer. */
    truncate: Type.Optional(True),
    /** One byte of the answer's body each so many milliseconds. */
    slowBytesMs: Type.Optional(Type.Number({ minimum: 0, maximum: 60_000 })),
    /** A body that is no JSON, or one of 16 MiB (or so many bytes). */
    garbage: Type.Optional(True),
    huge: Type.Optional(Type.Union([True, Type.Integer({ minimum: 1, maximum: 1 << 30 })])),
    contentType: Type.Optional(Type.String()),
    /** Makes this answer's Date wrong. */
    skewDateSeconds: Type.Optional(Type.Number()),
  },
  { ...strict, minProperties: 1 },
);
export type FaultKind = Static<typeof FaultKind>;

export const FaultOrder = Type.Object(
  {
    match: Type.Optional(
      Type.Object(
        { method: Type.Optional(Type.String()), path: Type.Optional(Type.String()), accountName: Type.Optional(Type.String()) },
        strict,
      ),
    ),
    /** How many requests it meets; 0 is for ever. Default 1. */
    times: Type.Optional(Type.Integer({ minimum: 0 })),
    /** How many matching requests go by before. */
    after: Type.Optional(Type.Integer({ minimum: 0 })),
    fault: FaultKind,
  },
  strict,
);
export type FaultOrder = Static<typeof FaultOrder>;

/** `left`: how often it still strikes (Infinity for ever); `skip`: how many matching requests still go by. */
export type ActiveFault = { id: string; order: FaultOrder; left: number; skip: number };

export function addFault(state: State, order: FaultOrder): ActiveFault {
  const left = order.times === 0 ? Infinity : (order.times ?? 1);
  const fault = { id: `fault-${state.chance(2 ** 32).toString(36)}`, order, left, skip: order.after ?? 0 };
  state.faults.push(fault);
  return fault;
}

/** The fault that a request meets: the first that matches and is neither used up nor still skipping. */
export function takeFault(state: State, method: string, path: string, accountName: string | null): ActiveFault | undefined {
  for (const fault of state.faults) {
    if (fault.left === 0 || !matches(fault.order.match ?? {}, method, path, accountName)) continue;
    if (fault.skip > 0) {
      fault.skip -= 1;
      continue;
    }
    fault.left -= 1;
    return fault;
  }
  return undefined;
}

function matches(match: NonNullable<FaultOrder["match"]>, method: string, path: string, accountName: string | null): boolean {
  return (
    (match.method === undefined || match.method.toUpperCase() === method) &&
    (match.path === undefined || path.startsWith(match.path)) &&
    (match.accountName === undefined || match.accountName.toLowerCase() === accountName?.toLowerCase())
  );
}

/** Whether the request is carried out under this fault. */
export function isCarriedOut(kind: FaultKind): boolean {
  if (kind.reset === "before") return false;
  return kind.accept ?? (kind.status === undefined && kind.named === undefined && kind.redirect === undefined);
}
