/** The users' directory: who there is in AR System, suggested while a functional user is typed. */
import { isDeepStrictEqual } from "node:util";
import { type Answer, done } from "../ar.ts";
import type { User, UserSuggestions } from "../shapes.ts";
import type { ArSource } from "./ar-directory.ts";
import { findUsers, indexUsers } from "./user-index.ts";

/** As configured: the users of a file, or where AR System is. */
export type DirectorySource = { users: readonly User[] } | ArSource;

export type Directory = {
  /** `registered`: functional users of the registrations, who stand in where no directory is configured. */
  suggest(prefix: string, registered: readonly string[]): Promise<Answer<UserSuggestions>>;
  /** Never rejects. */
  close(): Promise<void>;
};

type Opened = { find(prefix: string): Promise<Answer<User[]>>; close(): Promise<void> };

/**
 * `source` is asked at each call: a changed configuration is in force from the next one on. `now`: milliseconds of a
 * clock that never jumps.
 */
export function openDirectory(source: () => DirectorySource | undefined, now: () => number): Directory {
  let last: { source: DirectorySource | undefined; opened: Opened } = { source: undefined, opened: openUsers([]) };
  const openedNow = (): Opened => {
    const wanted = source();
    if (wanted !== last.source) {
      // A reload that changes something else brings an equal one.
      const isSame = isDeepStrictEqual(wanted, last.source);
      if (!isSame) void last.opened.close();
      last = { source: wanted, opened: isSame ? last.opened : openSource(wanted, now) };
    }
    return last.opened;
  };
  return {
    async suggest(prefix, registered) {
      const opened = openedNow();
      const { find } = last.source ? opened : openUsers([...new Set(registered)].map((name) => ({ name })));
      const found = await find(prefix);
      return found.ok ? done({ users: found.value }) : found;
    },
    close: () => last.opened.close(),
  };
}

function openSource(source: DirectorySource | undefined, now: () => number): Opened {
  if (!source || "users" in source) return openUsers(source?.users ?? []);
  // What makes requests takes time and memory to load: only a host that needs it does.
  const opened = import("./ar-directory.ts").then(({ openArDirectory }) => openArDirectory(source, now));
  return { find: async (prefix) => (await opened).find(prefix), close: async () => (await opened).close() };
}

function openUsers(users: readonly User[]): Opened {
  const index = indexUsers(users);
  return { find: async (prefix) => done(findUsers(index, prefix)), close: async () => {} };
}
