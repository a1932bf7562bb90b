/** Parts of a page that replace what was there: sent when they have changed. */
import type { Asked, Called } from "./asked.ts";
import type { Page } from "./page.ts";
import type { Look, Stream } from "./stream-route.ts";

const LOOK_MS = 2_000;
/** A look that is younger will do for others, too: less than the time between two, so that nothing is shown late by more. */
const FRESH_MS = 1_500;

type Live = NonNullable<Page["live"]>;
type Texts = Readonly<Record<string, string>>;
type LookOnce = (asked: Asked) => Promise<Called<Texts>>;

/** `monotonic`: milliseconds. */
export function liveStream({ path, parts }: Live, monotonic: () => number): Stream {
  const lookOnce = shareLooks(parts, monotonic);
  return { path, everyMs: LOOK_MS, begin: () => sayChanges(lookOnce) };
}

/**
 * Pages that are open to the same role with the same filter share one look: a wall of screens costs what one costs. What
 * is shared can hold nothing of a session, since `parts` is given nothing of it.
 */
function shareLooks(parts: Live["parts"], monotonic: () => number): LookOnce {
  const looks = new Map<string, { staleAt: number; looked: Promise<Called<Texts>> }>();
  return ({ caller, query, call, now, limits }) => {
    for (const [key, { staleAt }] of looks) if (staleAt <= monotonic()) looks.delete(key);
    const key = `${caller.role}?${String(query)}`;
    const known = looks.get(key);
    if (known) return known.looked;
    // Not stale while it is under way: a store that is slow is asked once.
    const look = { staleAt: Number.POSITIVE_INFINITY, looked: parts({ query, call, now, limits }).then(textsOf) };
    const settle = () => {
      look.staleAt = monotonic() + FRESH_MS;
    };
    void look.looked.then(settle, settle);
    looks.set(key, look);
    return look.looked;
  };
}

const textsOf = (looked: Awaited<ReturnType<Live["parts"]>>): Called<Texts> =>
  looked.ok ? { ok: true, value: Object.fromEntries(Object.entries(looked.value).map(([id, part]) => [id, String(part)])) } : looked;

function sayChanges(lookOnce: LookOnce): Look {
  let sent: Texts = {};
  return async (asked, say) => {
    const looked = await lookOnce(asked);
    if (!looked.ok) return;
    const changed = Object.fromEntries(Object.entries(looked.value).filter(([id, text]) => sent[id] !== text));
    sent = looked.value;
    if (Object.keys(changed).length > 0) say("parts", changed);
  };
}
