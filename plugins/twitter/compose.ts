/** From a notification's text to the posts of X. */
import { type Answer, done, refused } from "../../src/ar.ts";
import type { ComposedPost, Composition, Notification } from "../../src/contract.ts";
import { defuse, defuseAtSigns, defuseCashtags, defuseDollarSigns } from "./text/defuse.ts";
import { split } from "./text/split.ts";
import { truncate } from "./text/truncate.ts";
import { POST_LIMIT, weigh } from "./text/weigh.ts";

/** `text` of the plug-in's settings. */
export type TextSettings = { overflow: "split" | "thread" | "truncate" | "reject"; mentions: "defuse" | "keep" };

/** What is done with a text: a thread is numbered too, since X may refuse its replies and they are then posted alone. */
const LAY_OUT: Readonly<Record<TextSettings["overflow"], (text: string) => string[]>> = {
  split: (text) => split(text),
  thread: (text) => split(text),
  truncate: (text) => [truncate(text)],
  reject: (text) => [text],
};

/** How far the signs of a text are defused: where they have an effect, and where a cut might give them one. */
const DEFUSE: Readonly<Record<TextSettings["mentions"], { here: (text: string) => string; anywhere: (text: string) => string }>> = {
  defuse: { here: defuse, anywhere: (text) => defuseDollarSigns(defuseAtSigns(text)) },
  keep: { here: defuseCashtags, anywhere: defuseDollarSigns },
};

/** Faults: `bad-input` for a text without anything to read, `too-long` where the settings say reject. */
export function compose({ text }: Pick<Notification, "text">, { overflow, mentions }: TextSettings): Answer<Composition> {
  const plain = normalise(text);
  if (isBlank(plain)) {
    return refused({
      reason: "bad-input",
      cause: "The text of the notification is empty: it holds nothing but white space or characters that cannot be seen",
      detail: "Alert Text",
    });
  }
  const posts = layOutDefused(plain, LAY_OUT[overflow], DEFUSE[mentions]);
  const composed = posts.map((post, index) => composedPost(post, overflow === "thread" && index > 0));
  const [tooLong] = composed.filter((post) => !post.valid);
  if (tooLong !== undefined) {
    return refused({
      reason: "too-long",
      cause: `The text is too long for one post: ${tooLong.weightedLength} weighted characters, and X allows ${POST_LIMIT}`,
      detail: `${tooLong.weightedLength} of ${POST_LIMIT} weighted characters; text.overflow is ${overflow}`,
    });
  }
  return done({ posts: composed, overflow, limit: POST_LIMIT });
}

function composedPost(text: string, reply: boolean): ComposedPost {
  const weightedLength = weigh(text);
  return { text, weightedLength, valid: weightedLength <= POST_LIMIT, ...(reply && { reply }) };
}

/** A cut inside a very long word can uncover a mention (`root@host` becomes `@host`) or a cashtag. */
function layOutDefused(plain: string, layOut: (text: string) => string[], { here, anywhere }: (typeof DEFUSE)["keep"]): string[] {
  const posts = layOut(here(plain));
  return posts.every((post) => here(post) === post) ? posts : layOut(anywhere(plain));
}

/**
 * NFC, as X stores it; one kind of line end; a tab as a blank; no control characters, no code points that X refuses
 * (twitter-text `invalidCharsGroup`: U+FFFE, U+FEFF, U+FFFF), and U+FFFD for half a character.
 */
function normalise(text: string): string {
  return text
    .toWellFormed()
    .replace(/\r\n?|[\u0085\u2028\u2029\v\f]/g, "\n")
    .replaceAll("\t", " ")
    .replace(/(?!\n)\p{Cc}|[\ufffe\ufeff\uffff]/gu, "")
    .normalize("NFC")
    .trim();
}

function isBlank(text: string): boolean {
  return text.replace(/[\s\p{Default_Ignorable_Code_Point}]/gu, "") === "";
}
