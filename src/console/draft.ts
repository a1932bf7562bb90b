/** A notification that somebody is writing: what its form holds, and what is asked of the host with it. */
import { randomUUID } from "node:crypto";
import type { NotifyRequest } from "../shapes.ts";

/** As typed. */
export type Draft = Record<"text" | "content" | "user" | "entry" | "priority" | "ttl" | "key", string>;

/** `key`: one form sends once, however often it is sent off. */
export const newDraft = (): Draft => ({ text: "", content: "Broadcast", user: "", entry: "", priority: "5", ttl: "", key: randomUUID() });

export function readDraft(form: URLSearchParams): Draft {
  const typed = (name: keyof Draft) => form.get(name) ?? "";
  // A browser ends the lines of a form with CR LF (HTML, section 4.10.22.4), and a text would be counted longer than it was seen.
  const text = typed("text").replaceAll("\r\n", "\n");
  const [content, user, entry] = [typed("content"), typed("user"), typed("entry").trim()];
  return { text, content, user, entry, priority: typed("priority"), ttl: typed("ttl"), key: typed("key") };
}

/** Params of `notify`; what is empty is left out. What is no number is refused there. */
export function requestOf({ text, content, user, entry, priority, ttl, key }: Draft): NotifyRequest {
  return {
    ...addresseeOf({ text, content, user }),
    ...(entry !== "" && { entryId: entry }),
    ...(priority !== "" && { priority: Number(priority) }),
    ...(ttl !== "" && { ttlSeconds: Number(ttl) }),
    ...(key !== "" && { idempotencyKey: key }),
  };
}

/** What `preview` needs of it. */
export const addresseeOf = ({ text, content, user }: Pick<Draft, "text" | "content" | "user">) => ({
  text,
  ...(content !== "" && { content }),
  ...(user !== "" && { functionalUser: user }),
});
