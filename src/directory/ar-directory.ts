/** The users of AR System itself, asked by its REST API. */
import { LRUCache } from "lru-cache";
import { type Answer, done, refused } from "../ar.ts";
import type { User } from "../shapes.ts";
import { type ArServer, notAr } from "./ar-http.ts";
import { ALL_USERS, byFullName, byLoginName, NAMES_ONLY, searchPath, usersOf } from "./ar-query.ts";
import { type LogIn, openSession } from "./ar-session.ts";
import { findUsers, indexUsers } from "./user-index.ts";

export type ArSource = { arServer: ArServer & { cacheSeconds: number }; logIn: LogIn };

export type ArDirectory = {
  find(prefix: string): Promise<Answer<User[]>>;
  /** How many users the log-in can see; `more` than were counted where there are. */
  count(): Promise<Answer<{ users: number; more: boolean }>>;
  close(): Promise<void>;
};

/** Some more than are shown, since a wildcard may find some that don't begin so. */
const LIMIT = 100;
const MAX_COUNTED = 1000;
/** What several people type within the time that answers are kept. */
const MAX_CACHED = 500;

export function openArDirectory({ arServer, logIn }: ArSource, now: () => number): ArDirectory {
  const session = openSession(arServer, logIn, now);
  const read = async (path: string): Promise<Answer<User[]>> => {
    const answer = await session.read(path);
    if (!answer.ok) return answer;
    const users = usersOf(answer.value);
    return users ? done(users) : refused(notAr(arServer, "answered a search with something else than entries"));
  };
  const search = async (prefix: string): Promise<Answer<User[]>> => {
    const questions = prefix === "" ? [ALL_USERS] : [byLoginName(prefix), byFullName(prefix)];
    const answers = await Promise.all(questions.map((question) => read(searchPath(question, LIMIT))));
    const failure = answers.find((answer) => !answer.ok);
    if (failure) return failure;
    const users = new Map(answers.flatMap((answer) => (answer.ok ? answer.value.map((user) => [user.name, user] as const) : [])));
    return done(findUsers(indexUsers([...users.values()]), prefix));
  };
  const { find, settle } = shared(search, arServer.cacheSeconds, now);
  return {
    find: (prefix) => find(prefix.trim()),
    async count() {
      const answer = await read(searchPath(ALL_USERS, MAX_COUNTED, NAMES_ONLY));
      return answer.ok ? done({ users: answer.value.length, more: answer.value.length >= MAX_COUNTED }) : answer;
    },
    async close() {
      await settle();
      await session.end();
    },
  };
}

type Search = (prefix: string) => Promise<Answer<User[]>>;

/** The same search is made once for all who ask at the same time or soon after; a failure is not kept. */
function shared(search: Search, keepSeconds: number, now: () => number): { find: Search; settle(): Promise<unknown> } {
  const kept = new LRUCache<string, Promise<Answer<User[]>>>({ max: MAX_CACHED, ttl: keepSeconds * 1000, ttlResolution: 0, perf: { now } });
  const find: Search = (prefix) => {
    const known = kept.get(prefix);
    if (known) return known;
    const mine = search(prefix);
    kept.set(prefix, mine);
    void mine.then((answer) => {
      if (!answer.ok && kept.peek(prefix) === mine) kept.delete(prefix);
    });
    return mine;
  };
  // Who still waits when the configuration changes gets his answer.
  return { find, settle: () => Promise.all(kept.values()) };
}
