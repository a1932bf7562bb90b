/** What is added to a page at its end. */
import type { Page } from "./page.ts";
import type { Look, Stream } from "./stream-route.ts";

const LOOK_MS = 1_000;

export const feedStream = ({ path, next }: NonNullable<Page["feed"]>): Stream => ({
  path,
  everyMs: LOOK_MS,
  begin: (lastId) => lookFrom(next, lastId),
});

/** Where the browser had no stream before, the address says where the page ends. */
function lookFrom(next: NonNullable<Page["feed"]>["next"], lastId: string | undefined): Look {
  let cursor = lastId;
  return async (asked, say) => {
    const from = cursor ?? asked.query.get("cursor") ?? "";
    const found = await next(asked, from);
    if (!found.ok || found.value.cursor === from) return;
    cursor = found.value.cursor;
    const html = String(found.value.html);
    if (html !== "") say("lines", html, cursor);
  };
}
