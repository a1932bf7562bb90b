/** Accepting a notification: which accounts it goes to, what is kept, how a repeat is recognised. All pure. */
import { hash } from "node:crypto";
import { type Answer, done, type Fault, hostFault, refused } from "../ar.ts";
import { MAX_NAME, MAX_TEXT, type NotifyRequest } from "../shapes.ts";
import type { NewDelivery, RepeatKey, StoredAccount, StoredRegistration } from "../store/store.ts";
import { sameName, withoutAt } from "./names.ts";
import { notAuthorized, type ObstacleOf } from "./obstacle.ts";
import type { Caller } from "./verbs.ts";

export const DEFAULT_CONTENT = "Broadcast";
export const DEFAULT_PRIORITY = 5;
const HOUR_MS = 3_600_000;

/** A notify call, or an alert call that also names the account (BMC's Plug-in values). */
export type Notice = NotifyRequest & { accountName?: string };
export type Target = { registration: StoredRegistration; account: StoredAccount };

/**
 * The registrations that a notice goes to: one for each account, so that a broadcast is posted there once. None that
 * matches is `not-registered`, `not-authorized` or `disabled`, in the order in which an administrator mends it.
 */
export function targetsOf(
  notice: Notice,
  registrations: readonly StoredRegistration[],
  accountOf: (lane: string) => StoredAccount | undefined,
  obstacleOf: ObstacleOf,
): Answer<Target[]> {
  const content = notice.content ?? DEFAULT_CONTENT;
  const { functionalUser, accountName } = notice;
  const matching = registrations.filter(
    (one) =>
      one.content === content &&
      (functionalUser === undefined || one.functionalUser === functionalUser) &&
      (accountName === undefined || sameName(one.accountName, accountName)),
  );
  if (matching.length === 0) {
    const who = [content, functionalUser, accountName].filter((part) => part !== undefined).join(", ");
    return refused(hostFault("not-registered", `nobody is registered for ${who}`));
  }
  const authorized = matching.flatMap((registration) => {
    const account = registration.lane === null ? undefined : accountOf(registration.lane);
    return account ? [{ registration, account }] : [];
  });
  if (authorized.length === 0)
    return refused(notAuthorized(`not authorised: ${namesOf(matching.map((registration) => ({ registration })))}`, matching, obstacleOf));
  const enabled = authorized.filter(({ registration }) => registration.enabled);
  if (enabled.length === 0) return refused(hostFault("disabled", `disabled: ${namesOf(authorized)}`));
  return done([...new Map(enabled.toReversed().map((target) => [target.account.lane, target])).values()].toReversed());
}

const namesOf = (found: readonly { registration: StoredRegistration }[]): string =>
  found.map(({ registration: { functionalUser, accountName } }) => `${functionalUser} on ${accountName}`).join(", ");

/** What no service can post and no store should keep. */
export function textFault(text: string): Fault | undefined {
  if (text.trim() === "") return hostFault("bad-input", "the text is empty");
  if (!text.isWellFormed()) return hostFault("bad-input", "the text holds half of a character (a lone surrogate)");
  if (text.includes("\0")) return hostFault("bad-input", "the text holds a NUL character");
  if (text.length > MAX_TEXT) return hostFault("bad-input", `the text has ${text.length} characters; at most ${MAX_TEXT} are taken`);
  return undefined;
}

export type Acceptance = { id: string; now: number; datedBy: string | null; maxAgeHours: number; caller: Caller };

export function newDelivery(notice: Notice, target: Target, { id, now, datedBy, maxAgeHours, caller }: Acceptance): NewDelivery {
  const { registration, account } = target;
  return {
    id,
    plugin: account.plugin,
    lane: account.lane,
    registrationId: registration.id,
    functionalUser: registration.functionalUser,
    accountName: account.accountName,
    content: registration.content,
    entryId: notice.entryId ?? null,
    text: notice.text,
    priority: notice.priority ?? DEFAULT_PRIORITY,
    client: caller.name,
    acceptedAt: now,
    expiresAt: now + (notice.ttlSeconds === undefined ? maxAgeHours * HOUR_MS : notice.ttlSeconds * 1000),
    datedBy,
  };
}

/** With an idempotency key, that; else by content when it has an entry ID; else a call is never a repeat. */
export function repeatKeyOf(notice: Notice, caller: Caller): RepeatKey | undefined {
  const { idempotencyKey, waitSeconds: _, accountName: named, ...rest } = notice;
  // What is left out means its default, and an account is found without regard to case.
  const accountName = named?.toLowerCase() ?? null;
  const meaning = { content: DEFAULT_CONTENT, priority: DEFAULT_PRIORITY, ...rest, accountName };
  if (idempotencyKey !== undefined)
    return { kind: "key", scope: caller.name, key: idempotencyKey, digest: digestOf(Object.entries(meaning).sort()) };
  const { content, functionalUser = null, entryId, text } = meaning;
  if (entryId === undefined) return undefined;
  // AR counts entry IDs up: with the entry in front, keys of one time stand together in the store's index.
  return { kind: "content", digest: `${entryId} ${digestOf([content, functionalUser, accountName, entryId, text])}` };
}

const digestOf = (value: unknown): string => hash("sha256", JSON.stringify(value), "base64url");

/** The inputs that are read, and how many characters each may have: as many as `notify` takes. A longer entry ID fits no index. */
const ALERT_INPUTS = { User: MAX_NAME, "Entry ID": MAX_NAME, "Alert Text": MAX_TEXT, "Plug-in values": MAX_NAME };

/** BMC's five inputs of an alert plug-in: User, Entry ID, Alert Text, Plug-in values, Encrypted plug-in values. */
export function noticeFromAlert(inValues: readonly unknown[], waitSeconds: number | undefined): Answer<Notice> {
  if (inValues.length < 3 || inValues.length > 5)
    return refused(
      hostFault("bad-input", `${inValues.length} inputs were given; User, Entry ID, Alert Text and at most two more are expected`),
    );
  const [user, entryId, text, values] = Object.entries(ALERT_INPUTS).map(([name, most], index) => alertInput(name, most, inValues[index]));
  for (const input of [user, entryId, text, values]) if (input && typeof input === "object") return refused(input);
  if (!user) return refused(hostFault("bad-input", "input 1 (User) is empty"));
  if (!text) return refused(hostFault("bad-input", "input 3 (Alert Text) is empty"));
  const account = withoutAt((values as string).trim());
  return done({
    text: text as string,
    functionalUser: user as string,
    ...(entryId ? { entryId: entryId as string } : {}),
    ...(account ? { accountName: account } : {}),
    ...(waitSeconds !== undefined && { waitSeconds }),
  });
}

/** CHAR, or an INTEGER as AR converts it, plain or with its type's name; NULL and a missing input are empty. */
function alertInput(name: string, most: number, input: unknown): string | Fault {
  const tagged = typeof input === "object" && input !== null && "type" in input && "value" in input ? input : undefined;
  const value = tagged && ["NULL", "CHAR", "INTEGER"].includes(String(tagged.type)) ? tagged.value : input;
  if (value === undefined || value === null) return "";
  if (typeof value === "string" && value.length > most)
    return hostFault("bad-input", `input ${name} has ${value.length} characters; at most ${most} are taken`);
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  return hostFault("bad-input", `input ${name} must be a CHAR value`);
}
