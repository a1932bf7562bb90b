/** The posts of a delivery, made by its plug-in; and what becomes of a text that its worker does not survive. */
import { type Fault, hostFault } from "../ar.ts";
import type { Account } from "../contract.ts";
import type { StoredDelivery } from "../store/store.ts";
import type { Plugin } from "./plugin.ts";
import { CRASH_LOOP } from "./restarts.ts";
import type { Time } from "./time.ts";
import { compositionFrom } from "./verdict-check.ts";

export type Composed =
  | { posts: { text: string; reply: boolean }[] }
  /** For good. `attempts`: how many to count. */
  | { failed: Fault; attempts: 0 | 1 }
  /** `tries`: how often it has ended its worker, or its time; 0 when it could not be tried. */
  | { later: Fault; tries: number };

/** Then the delivery fails, so that its lane goes on; fewer than the deaths that stop the plug-in for every account. */
const MOST_TRIES = CRASH_LOOP.deaths - 2;
const OF_THE_TEXT: readonly string[] = ["worker-ended", "time-out"];

type Suspect = { tries: number; fault: Fault; at: number };
/**
 * Texts that were being composed when a worker ended. They are composed one at a time from then on, so that one which
 * only stood beside the culprit is cleared; what a text has done counts for each account that it is for.
 */
type Suspects = { texts: Map<string, Suspect>; turn: Promise<unknown> };

/** As long as the plug-in runs: a restart may have mended it. */
const SUSPECTS = new WeakMap<Plugin, Suspects>();

function suspectsOf(plugin: Plugin): Suspects {
  const suspects = SUSPECTS.get(plugin) ?? { texts: new Map(), turn: Promise.resolve() };
  SUSPECTS.set(plugin, suspects);
  return suspects;
}

/** A worker has ended while this text was composed. */
export const isSuspect = (plugin: Plugin, text: string): boolean => SUSPECTS.get(plugin)?.texts.has(text) ?? false;

/** Nothing of the delivery can have been sent by it. Never rejects for a plug-in's sake. */
export async function compose(
  plugin: Plugin,
  { monotonic }: Pick<Time, "monotonic">,
  head: StoredDelivery,
  account: Account,
): Promise<Composed> {
  const suspects = suspectsOf(plugin);
  // A death that no longer counts for the plug-in counts no longer for the text: whoever retries it gets a try.
  for (const [text, { at }] of suspects.texts) if (monotonic() - at > CRASH_LOOP.withinMs) suspects.texts.delete(text);
  const tryIt = () => tryOnce(plugin, suspects, monotonic, head, account);
  if (head.attempts === 0 && !suspects.texts.has(head.text)) return tryIt();
  const mine = suspects.turn.then(tryIt);
  suspects.turn = mine.catch(() => undefined);
  return mine;
}

async function tryOnce(
  plugin: Plugin,
  { texts }: Suspects,
  monotonic: Time["monotonic"],
  head: StoredDelivery,
  account: Account,
): Promise<Composed> {
  const { text, content, entryId, accountName, attempts } = head;
  const known = texts.get(text);
  if (known && known.tries >= MOST_TRIES) return { failed: known.fault, attempts: 0 };
  const called = await plugin.call("compose", { text, content, entryId, accountName }, { account });
  if (called.ok || called.fault.reason === "plugin-error") {
    texts.delete(text);
    const answer = compositionFrom(called);
    if (!answer.ok) return { failed: answer.fault, attempts: 0 };
    return { posts: answer.value.posts.map((post) => ({ text: post.text, reply: post.reply ?? false })) };
  }
  if (called.unsent || !OF_THE_TEXT.includes(called.fault.reason)) return { later: called.fault, tries: 0 };
  const tries = Math.max(known?.tries ?? 0, attempts) + 1;
  const fault = hostFault("plugin-error", `${called.fault.cause} (${tries} times while this text was composed)`);
  // Another one may have counted on meanwhile, where both were under way before the first worker ended.
  if (tries > (texts.get(text)?.tries ?? 0)) texts.set(text, { tries, fault, at: monotonic() });
  return tries >= MOST_TRIES ? { failed: fault, attempts: 1 } : { later: called.fault, tries };
}
