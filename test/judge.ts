/** The sandbox's record is the judge: what was accepted stands at X once and in the order of acceptance. */
import type { Delivery } from "../src/shapes.ts";

/** Answers what is wrong, a sentence each. `deliveries` oldest first; `posts` in the order in which X took them. */
export function judgeOrder(deliveries: readonly Delivery[], posts: readonly { accountName: string; text: string }[]): string[] {
  const expected = textsByAccount(
    deliveries.flatMap(({ accountName, posts: own, state, text }) =>
      (state === "delivered" ? own : [{ text: `(${state}) ${text}` }]).map((post) => ({ accountName, text: post.text })),
    ),
  );
  const found = textsByAccount(posts);
  return [...new Set([...expected.keys(), ...found.keys()])].flatMap((account) =>
    compare(account, expected.get(account) ?? [], found.get(account) ?? []),
  );
}

function textsByAccount(posts: readonly { accountName: string; text: string }[]): Map<string, string[]> {
  const byAccount = new Map<string, string[]>();
  for (const { accountName, text } of posts) {
    const texts = byAccount.get(accountName) ?? [];
    texts.push(text);
    byAccount.set(accountName, texts);
  }
  return byAccount;
}

function compare(account: string, expected: string[], found: string[]): string[] {
  const twice = repeated(found);
  const stands = new Set(found);
  const lost = expected.filter((text) => !stands.has(text));
  const known = new Set(expected);
  const stray = found.filter((text) => !known.has(text));
  const order = lost.length + twice.length + stray.length === 0 ? expected.findIndex((text, index) => found[index] !== text) : -1;
  return [
    ...lost.map((text) => `${account}: lost: ${text}`),
    ...twice.map((text) => `${account}: twice: ${text}`),
    ...stray.map((text) => `${account}: stands at X and not in the store: ${text}`),
    ...(order >= 0 ? [`${account}: out of order at ${order}: ${found[order]} in place of ${expected[order]}`] : []),
  ];
}

function repeated(texts: readonly string[]): string[] {
  const seen = new Set<string>();
  return texts.filter((text) => seen.size === seen.add(text).size);
}
