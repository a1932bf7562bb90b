/** What a registration is at first, and what a change makes of it. */
import { type Fault, hostFault } from "../ar.ts";
import type { RegistrationChange, RegistrationDraft } from "../shapes.ts";
import type { StoredAccount, StoredRegistration } from "../store/store.ts";
import { DEFAULT_CONTENT } from "./accept.ts";
import { withoutAt } from "./names.ts";

const DEFAULT_COMPANY = "Global";

export type ChangeContext = {
  /** As the plug-in writes it. */
  mechanism: string;
  now: number;
  /** The lane of an account of this mechanism, null where nobody has authorised it. */
  laneOf(accountName: string): string | null;
};

export function newRegistration(id: string, draft: RegistrationDraft, { mechanism, now, laneOf }: ChangeContext): StoredRegistration {
  const accountName = withoutAt(draft.accountName);
  const lane = laneOf(accountName);
  return {
    id,
    company: draft.company ?? DEFAULT_COMPANY,
    content: draft.content ?? DEFAULT_CONTENT,
    functionalUser: draft.functionalUser,
    mechanism,
    accountName,
    enabled: draft.status === "Enabled",
    // An account that is associated already needs no second PIN.
    lane,
    authorizedAt: lane === null ? null : now,
    pending: null,
    createdAt: now,
    updatedAt: now,
  };
}

/** Of one whose plug-in is gone the rest can still be changed; above all it can be disabled, as it can be deleted. */
export const asksPlugin = ({ mechanism, accountName, status }: RegistrationChange): boolean =>
  mechanism !== undefined || accountName !== undefined || status === "Enabled";

/** Whether `ifUpdatedAt` is met, the caller has looked at. */
export function applyChange(before: StoredRegistration, change: RegistrationChange, { mechanism, now, laneOf }: ChangeContext) {
  const { id: _, status, accountName, ifUpdatedAt: _read, ...rest } = change;
  const named = accountName === undefined ? {} : { accountName: withoutAt(accountName) };
  const next: StoredRegistration = { ...before, ...defined(rest), ...named, mechanism, updatedAt: nextVersion(before, now) };
  if (next.accountName !== before.accountName || next.mechanism !== before.mechanism) {
    next.lane = laneOf(next.accountName);
    next.pending = null;
    next.authorizedAt = next.lane === null ? null : next.updatedAt;
    if (next.lane === null) next.enabled = false;
  }
  if (status !== undefined) next.enabled = status === "Enabled";
  return next;
}

/** The account that it names is authorised. */
export const tieTo = ({ lane }: StoredAccount, before: StoredRegistration, now: number): StoredRegistration => ({
  ...before,
  lane,
  authorizedAt: now,
  updatedAt: nextVersion(before, now),
});

/** `ifUpdatedAt` tells versions apart by it, also those of one millisecond, or of a host whose clock is behind. */
const nextVersion = ({ updatedAt }: StoredRegistration, now: number): number => Math.max(now, updatedAt + 1);

export const changedMeanwhile = (updatedAt?: string): Fault => ({
  ...hostFault("conflict", `the registration was changed ${updatedAt ? `at ${updatedAt}` : "meanwhile"}`),
  advice: "Read it again, then change it.",
});

function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as { [K in keyof T]: Exclude<T[K], undefined> };
}
