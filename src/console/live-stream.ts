/** Parts of a page that replace what was there: sent when they have changed. */
import type { Page } from "./page.ts";
import type { Look, Stream } from "./stream-route.ts";

const LOOK_MS = 2_000;

export const liveStream = ({ path, parts }: NonNullable<Page["live"]>): Stream => ({ path, everyMs: LOOK_MS, begin: () => lookAt(parts) });

function lookAt(parts: NonNullable<Page["live"]>["parts"]): Look {
  let sent: Readonly<Record<string, string>> = {};
  return async (asked, say) => {
    const looked = await parts(asked);
    if (!looked.ok) return;
    const now = Object.fromEntries(Object.entries(looked.value).map(([id, part]) => [id, String(part)]));
    const changed = Object.fromEntries(Object.entries(now).filter(([id, text]) => sent[id] !== text));
    sent = now;
    if (Object.keys(changed).length > 0) say("parts", changed);
  };
}
