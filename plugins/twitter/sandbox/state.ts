/** All that the sandbox knows, in memory, and the few ways to change it. */
import { randomInt } from "node:crypto";
import type { ActiveFault } from "./faults.ts";
import { ACCESS_LEVELS, type AccessLevel, DEFAULT_SETTINGS, mergeSettings, type Settings, type SettingsChange } from "./settings.ts";

export type App = { name: string; consumerKey: string; consumerSecret: string };
export type SandboxAccount = { id: string; name: string; protected: boolean; locked: boolean; createdAt: string };
/** `consumerKey`: of the app that it was made for. */
export type AccessToken = { token: string; secret: string; accountId: string; level: AccessLevel; consumerKey: string };
/** `createdMs` on the machine's clock. The PIN and the account are there once somebody has clicked "Authorize app". */
export type RequestToken = {
  token: string;
  secret: string;
  createdMs: number;
  level: AccessLevel;
  consumerKey: string;
  pin?: string;
  accountId?: string;
};
/** One accepted post. `at` is ISO 8601 on the sandbox clock, `acceptedMs` the machine's clock. */
export type SandboxPost = {
  id: string;
  accountId: string;
  accountName: string;
  text: string;
  at: string;
  inReplyTo?: string;
  deleted: boolean;
  acceptedMs: number;
};
/** What came in; `status` is null while, or when, nothing was answered. */
export type RequestRecord = {
  at: string;
  method: string;
  path: string;
  status: number | null;
  accountName: string | null;
  oauthTimestamp: number | null;
  faultId: string | null;
};
/** The token is made for the first app, unless another is named. */
export type AccountDraft = { name: string; protected?: boolean; token?: string; tokenSecret?: string; consumerKey?: string };

/** What happens to a request to post, in this order. */
export type PostMoment = "arrived" | "accepted" | "answered";

/** What a start may say beyond the port: time, chance, the app, more accounts, and any setting. */
export type SandboxSettings = {
  /** The machine's clock in milliseconds; the sandbox clock is this plus `clockOffsetSeconds`. */
  now?: () => number;
  /** An integer from 0 up to, not including, `below`. */
  chance?: (below: number) => number;
  /** Told of each request to post: that it came, that the post stands, that the answer has left. */
  watch?: (moment: PostMoment) => void;
  app?: Partial<App>;
  /** Made besides the default account. */
  accounts?: AccountDraft[];
} & SettingsChange;

export type State = {
  now: () => number;
  /** The sandbox clock, in milliseconds. */
  clock: () => number;
  chance: (below: number) => number;
  watch: (moment: PostMoment) => void;
  app: App;
  /** All that X knows, by key; `app` is the first. */
  apps: Map<string, App>;
  settings: Settings;
  initial: Settings;
  accounts: Map<string, SandboxAccount>;
  tokens: Map<string, AccessToken>;
  requestTokens: Map<string, RequestToken>;
  posts: SandboxPost[];
  postsById: Map<string, SandboxPost>;
  /** Each account's, oldest first, so that a look at one account costs nothing for the others' posts. */
  postsByAccount: Map<string, SandboxPost[]>;
  requests: RequestRecord[];
  /** timestamp, token and nonce → timestamp. */
  nonces: Map<string, number>;
  windows: Map<string, { startedMs: number; used: number }>;
  faults: ActiveFault[];
  lastId: bigint;
};

const DEFAULT_APP: App = { name: "Perch", consumerKey: "sandbox-consumer-key", consumerSecret: "sandbox-consumer-secret" };
const DEFAULT_ACCOUNT: AccountDraft = {
  name: "ITSM_Notify",
  protected: true,
  token: "sandbox-access-token",
  tokenSecret: "sandbox-access-token-secret",
};
const FIRST_ACCOUNT_ID = 1_500_000_000_000_000_001n;
const RING = 1000;

export function createState(options: SandboxSettings): State {
  const { now = Date.now, chance = (below) => randomInt(below), watch = () => {}, app, accounts = [], ...change } = options;
  const settings = mergeSettings(DEFAULT_SETTINGS, change);
  const first = { ...DEFAULT_APP, ...app };
  const state: State = {
    now,
    clock: () => now() + state.settings.clockOffsetSeconds * 1000,
    chance,
    watch,
    app: first,
    apps: new Map([[first.consumerKey, first]]),
    settings,
    initial: settings,
    accounts: new Map(),
    tokens: new Map(),
    requestTokens: new Map(),
    posts: [],
    postsById: new Map(),
    postsByAccount: new Map(),
    requests: [],
    nonces: new Map(),
    windows: new Map(),
    faults: [],
    lastId: 0n,
  };
  for (const draft of [DEFAULT_ACCOUNT, ...accounts]) addAccount(state, draft);
  protect(state, change.protected ?? {});
  return state;
}

/** X compares screen names without case. */
export function accountByName(state: State, name: string): SandboxAccount | undefined {
  return [...state.accounts.values()].find((account) => account.name.toLowerCase() === name.toLowerCase());
}

/** Makes the account, or changes the one of that name, and gives it one more token that works at once. */
export function addAccount(state: State, draft: AccountDraft): { account: SandboxAccount; token: AccessToken } {
  const account = accountByName(state, draft.name) ?? createAccount(state, draft.name);
  account.protected = draft.protected ?? account.protected;
  const token = issueToken(state, account, state.settings.appPermission, draft.consumerKey);
  if (draft.token !== undefined) {
    state.tokens.delete(token.token);
    token.token = draft.token;
    token.secret = draft.tokenSecret ?? `${draft.token}-secret`;
    state.tokens.set(token.token, token);
  }
  return { account, token };
}

/** An account without a token yet, as somebody who logs in for the first time has. */
export function createAccount(state: State, name: string): SandboxAccount {
  const id = String(FIRST_ACCOUNT_ID + BigInt(state.accounts.size));
  const account = { id, name, protected: true, locked: false, createdAt: new Date(state.clock()).toISOString() };
  state.accounts.set(id, account);
  return account;
}

/** One more app, or a new secret of one that is there: the old one is dead at once, the app's tokens are not. */
export function addApp(state: State, { consumerKey, consumerSecret }: Pick<App, "consumerKey" | "consumerSecret">): void {
  const known = state.apps.get(consumerKey);
  if (known) known.consumerSecret = consumerSecret;
  else state.apps.set(consumerKey, { name: consumerKey, consumerKey, consumerSecret });
}

export function issueToken(
  state: State,
  account: SandboxAccount,
  level: AccessLevel,
  consumerKey: string = state.app.consumerKey,
): AccessToken {
  const words = { token: `${account.id}-${randomWord(state, 40)}`, secret: randomWord(state, 45) };
  const token = { ...words, accountId: account.id, level, consumerKey };
  state.tokens.set(token.token, token);
  return token;
}

/** What a token may do now: no more than it was given, and no more than the app has. */
export function effectiveLevel(state: State, token: AccessToken): AccessLevel {
  const index = Math.min(ACCESS_LEVELS.indexOf(token.level), ACCESS_LEVELS.indexOf(state.settings.appPermission));
  return ACCESS_LEVELS[index] ?? "read";
}

export function revokeTokens(state: State, account: SandboxAccount): number {
  const dead = [...state.tokens.values()].filter((token) => token.accountId === account.id);
  for (const { token } of dead) state.tokens.delete(token);
  return dead.length;
}

/** Sets who is protected; answers the names that nobody has. */
export function protect(state: State, byName: Record<string, boolean>): string[] {
  return Object.entries(byName).flatMap(([name, value]) => {
    const account = accountByName(state, name);
    if (account) account.protected = value;
    return account ? [] : [name];
  });
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
export const randomWord = (state: State, length: number): string =>
  Array.from({ length }, () => LETTERS[state.chance(LETTERS.length)]).join("");

/** Milliseconds of X's epoch, 4 November 2010 (Twitter's snowflake). */
const SNOWFLAKE_EPOCH = 1_288_834_974_657;

/** Ids rise also when the sandbox clock is set back. */
export function nextId(state: State): string {
  const fromClock = BigInt(Math.max(0, Math.floor(state.clock()) - SNOWFLAKE_EPOCH)) << 22n;
  state.lastId = fromClock > state.lastId ? fromClock : state.lastId + 1n;
  return String(state.lastId);
}

export function addPost(state: State, account: SandboxAccount, text: string, inReplyTo?: string): SandboxPost {
  const post: SandboxPost = {
    id: nextId(state),
    accountId: account.id,
    accountName: account.name,
    text,
    at: new Date(state.clock()).toISOString(),
    ...(inReplyTo !== undefined && { inReplyTo }),
    deleted: false,
    acceptedMs: state.now(),
  };
  state.posts.push(post);
  state.postsById.set(post.id, post);
  const own = state.postsByAccount.get(account.id);
  if (own) own.push(post);
  else state.postsByAccount.set(account.id, [post]);
  state.watch("accepted");
  return post;
}

export function recordRequest(state: State, record: RequestRecord): void {
  state.requests.push(record);
  if (state.requests.length > RING) state.requests.shift();
}

/** Forgets posts, requests, faults, limits and settings; accounts and tokens stay, so that a host can go on. */
export function resetState(state: State): void {
  state.posts.length = 0;
  state.postsById.clear();
  state.postsByAccount.clear();
  state.requests.length = 0;
  state.windows.clear();
  state.faults.length = 0;
  state.settings = state.initial;
  for (const account of state.accounts.values()) account.locked = false;
}
