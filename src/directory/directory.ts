/** The users' directory: who there is in AR System, suggested while a functional user is typed. */
import { isDeepStrictEqual } from "node:util";
import { type Answer, done } from "../ar.ts";
import type { User, UserSuggestions } from "../shapes.ts";
import { findUsers, indexUsers } from "./user-index.ts";

/** As configured: the users of a file. */
export type DirectorySource = { users: readonly User[] };

export type Directory = {
  /** `registered`: functional users of the registrations, who stand in where no directory is configured. */
  suggest(prefix: string, registered: readonly string[]): Promise<Answer<UserSuggestions>>;
};

/** Finds the users of one source. */
type Finder = (prefix: string) => Promise<Answer<User[]>>;

/** `source` is asked at each call: a changed configuration is in force from the next one on. */
export function openDirectory(source: () => DirectorySource | undefined): Directory {
  let opened: { source: DirectorySource; find: Finder } | undefined;
  const finderOf = (now: DirectorySource): Finder => {
    // A reload that changes something else brings an equal one.
    const same = opened !== undefined && (opened.source === now || isDeepStrictEqual(opened.source, now));
    opened = { source: now, find: same && opened ? opened.find : openFinder(now) };
    return opened.find;
  };
  return {
    async suggest(prefix, registered) {
      const now = source();
      const find = now ? finderOf(now) : openFinder({ users: [...new Set(registered)].map((name) => ({ name })) });
      const found = await find(prefix);
      return found.ok ? done({ users: found.value }) : found;
    },
  };
}

function openFinder({ users }: DirectorySource): Finder {
  const index = indexUsers(users);
  return async (prefix) => done(findUsers(index, prefix));
}
