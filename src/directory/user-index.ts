/** Finds users by how their login name or a word of their full name begins. */
import { MAX_SUGGESTIONS, type User } from "../shapes.ts";

/** Users with what they are found by, in the order in which they are suggested. */
export type UserIndex = readonly { user: User; name: string; words: string }[];

/** Small letters without accents (Unicode's decomposition, UAX #15). */
const fold = (text: string): string => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

/** With a blank before each word, so that a prefix with one in front is found at the beginning of words only. */
const wordsOf = (folded: string): string =>
  folded
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "")
    .map((word) => ` ${word}`)
    .join("");

const inOrder = (one: string, other: string): number => (one === other ? 0 : one < other ? -1 : 1);

export const indexUsers = (users: readonly User[]): UserIndex =>
  users
    .map((user) => ({ user, name: fold(user.name), words: wordsOf(fold(user.fullName ?? "")) }))
    .sort((one, other) => inOrder(one.name, other.name) || inOrder(one.user.name, other.user.name));

/** Those whose login name begins so first, then those of whose full name a word does; each by login name. */
export function findUsers(index: UserIndex, prefix: string): User[] {
  const start = fold(prefix.trim());
  const words = wordsOf(start);
  const byName = index.filter(({ name }) => name.startsWith(start));
  const byWord = words === "" ? [] : index.filter((one) => !one.name.startsWith(start) && one.words.includes(words));
  return [...byName, ...byWord].slice(0, MAX_SUGGESTIONS).map(({ user }) => user);
}
