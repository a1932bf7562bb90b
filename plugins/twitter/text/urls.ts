/** Where the addresses are that X turns into t.co links. */
import twitterText from "./twitter-text.ts";

/** UTF-16 indices. `sure` is false where twitter-text itself was not asked about the whole run of characters. */
export type UrlSpan = { start: number; end: number; sure: boolean };

/** X's own list of white space (twitter-text `spacesGroup`): no address can hold any of it. */
const RUN = /[^\t-\r \u0085\u00a0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/g;

/**
 * twitter-text tries an address at every character and looks to the end of the run each time, so a run of 100,000
 * characters without white space (Chinese prose, base64) costs minutes. Up to this length it is asked directly.
 */
const LONGEST_RUN = 500;

/** twitter-text `MAX_URL_LENGTH`, and as much again for a path that does not belong to the address. */
const LONGEST_URL = 4096;

/** RFC 1035, section 2.3.4, less the root's dot. */
const LONGEST_HOST = 253;

/** An address can only begin at one of these: a scheme, or a run of letters that could be a bare host. */
const ANCHOR = /https?:\/\/|(?:(?!https?:\/\/)[A-Za-z0-9\u00c0-\u024f._-])+/gi;

/** twitter-text `validUrlPrecedingChars`: what must not stand before an address. */
const GLUED = /[A-Za-z0-9@＠$#＃\ufffe\ufeff\uffff]$/;
/**
 * The same, with `invalidUrlWithoutProtocolPrecedingChars`, before a host without a scheme. The full-width signs are
 * none of them: for twitter-text they may belong to a host, and it then leaves them out of the address.
 */
const GLUED_BARE = /[A-Za-z0-9@$#\ufffe\ufeff\uffff_./-]$/;

/** Nothing, or a sign that ends a host's name for twitter-text (`punct`): what stands beyond can't belong to the host. */
const APART = /^[\s!'#%&()*+,/:;<=>?[\]^{|}~]?$/;

const AT_ONCE = new RegExp(twitterText.regexen.extractUrl.source, "iy");

/** The addresses of an NFC text, in order, without overlap. */
export function findUrls(text: string): UrlSpan[] {
  const found: UrlSpan[] = [];
  for (const { 0: run, index } of text.matchAll(RUN)) {
    if (!run.includes(".")) continue;
    // What stands before counts: at the very beginning of a text, twitter-text leaves `é` out of `éa.com`.
    const before = text.slice(Math.max(0, index - 1), index);
    const spans = run.length <= LONGEST_RUN ? ask(before + run) : scan(before + run);
    for (const span of spans) found.push({ ...span, start: span.start + index - before.length, end: span.end + index - before.length });
  }
  return found;
}

function ask(run: string): UrlSpan[] {
  return twitterText.extractUrlsWithIndices(run).map(({ indices: [start, end] }) => ({ start, end, sure: true }));
}

/** A long run: twitter-text is asked only where an address can begin, so that the cost stays linear. */
function scan(run: string): UrlSpan[] {
  const found: UrlSpan[] = [];
  let done = 0;
  for (const { 0: anchor, index } of run.matchAll(ANCHOR)) {
    const schemed = anchor.endsWith("://");
    const before = run.charAt(index - 1);
    const after = run.charAt(index + anchor.length);
    const glued = (schemed ? GLUED : GLUED_BARE).test(before);
    if (index < done || glued || !(schemed || isHost(anchor))) continue;
    // A bare host ends where its letters end: only these signs carry an address on.
    const whole = schemed || "/?:".includes(after);
    const first = askAt(run, index, whole ? LONGEST_URL : anchor.length);
    if (first === undefined) continue;
    done = first.end;
    found.push({ ...first, sure: schemed || (APART.test(before) && APART.test(after)) });
  }
  return found;
}

function isHost(anchor: string): boolean {
  return anchor.length <= LONGEST_HOST && /[^.]\.[^.]/.test(anchor);
}

/** The address that begins at an index, in at most so many characters. */
function askAt(run: string, index: number, length: number): UrlSpan | undefined {
  const from = Math.max(0, index - 1);
  AT_ONCE.lastIndex = 0;
  const match = AT_ONCE.exec(run.slice(from, index + length));
  const [first] = match === null ? [] : ask(match[0]);
  return first && { ...first, start: first.start + from, end: first.end + from };
}
