/** How long a text is in X's eyes. */
import twitterText from "./twitter-text.ts";
import { findUrls } from "./urls.ts";

/** A post of an account without Premium (docs.x.com, changelog of August 2024; twitter-text `config/v3.json`). */
export const POST_LIMIT = 280;

/** Every address is replaced by a t.co link of this length (twitter-text `config/v3.json`, `transformedURLLength`). */
const URL_WEIGHT = 23;

/** Code points of weight 1 in `config/v3.json`, without the full stop (an address may hold it) and the signs © ®. */
const LIGHT = /^[\0-\x2d\x2f-\xa8\xaa-\xad\xaf-\u10ff\u2000-\u200d\u2010-\u201f\u2032-\u2037]*$/;

/** Kana, Chinese characters, Hangul and full-width signs: weight 2, never part of an emoji or an address without a full stop. */
const HEAVY = /[\u3001\u3002\u3041-\u3096\u30a1-\u30fe\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uff01-\uff60]/g;

/** The two pictographs whose code points weigh 1; an emoji presentation selector makes twitter-text count them as 2. */
const LIGHT_PICTOGRAPH = /[©®](?!\ufe0f)/g;

/**
 * The weighted length, as `parseTweet` of twitter-text has it: NFC, 23 for an address, 2 for an emoji, 1 or 2 for
 * other characters.
 *
 * It may be more than X counts, never less, since X refuses a post that is one too long and a broadcast would be lost
 * for it. twitter-text's emoji are those of 2018 to 2021: a sequence that it does not know (a phoenix, a family of
 * a later Unicode) is counted by its parts. The signs © and ® are pictographs, so they count as emoji even alone. A
 * lone surrogate counts 2, as any character of the upper planes.
 */
export function weigh(text: string): number {
  const normal = text.normalize("NFC");
  const light = normal.replace(HEAVY, "");
  if (LIGHT.test(light)) return light.length + 2 * (normal.length - light.length);
  let weight = 0;
  let at = 0;
  for (const { start, end, sure } of findUrls(normal)) {
    const least = sure ? 0 : weighWords(normal.slice(start, end));
    weight += weighWords(normal.slice(at, start)) + Math.max(URL_WEIGHT, least);
    at = end;
  }
  return weight + weighWords(normal.slice(at));
}

/** Without addresses: a text without a full stop has none, and a comma weighs as much. */
function weighWords(text: string): number {
  if (text === "") return 0;
  const pictographs = text.match(LIGHT_PICTOGRAPH)?.length ?? 0;
  return twitterText.parseTweet(text.replaceAll(".", ",")).weightedLength + pictographs;
}
