/** How fast Perch posts what it has accepted, against clients of X that keep nothing of it. */
import { accountNames, textOf, tokenOf } from "./accounts.ts";
import type { BareX, Got } from "./bare-x.ts";
import type { Bench, Figure, Rig } from "./bench.ts";
import { type Child, openChild } from "./child.ts";
import type { DeliverPeer } from "./deliver-peer.ts";
import { installPeers } from "./peers.ts";
import { contentFor, openPerch, type PerchHost } from "./perch-host.ts";

/** Accounts, and posts for each of them in a turn. */
const POSTS = { 1: 200, 16: 120, 64: 75 } as const;
type Accounts = keyof typeof POSTS;
const LEVELS = Object.keys(POSTS).map(Number) as Accounts[];
const MOST = Math.max(...LEVELS);
/** What comes last comes from fewer and fewer accounts, so that the last tenth is not timed. */
const TIMED = 0.9;
const PEERS = ["twitter-api-v2", "pool"] as const;

const named = (accounts: number) => (accounts === 1 ? "1 account" : `${accounts} accounts`);
const figure = (accounts: Accounts, side: (typeof PEERS)[number], goal?: Figure["goal"]): Figure => {
  const value = named(accounts);
  return { name: `${value} ÷ ${side}`, unit: "a second", of: { side: "perch", value }, against: { side, value }, ...(goal && { goal }) };
};

export const deliver: Bench = {
  name: "deliver",
  summary: "posts a second, begun, posted and settled durably ÷ those of clients that store nothing",
  conditions: {
    load: `one post in flight for each of ${LEVELS.join(", ")} accounts, all begun at one moment; X times the first ${TIMED * 100} % of them`,
    beside: "X is a process that answers at once; each side is a process too, and signs nothing (pool) or each post (the others)",
    durability: "SQLite, WAL, synchronous=FULL: a post is begun on the disk before it leaves, and settled there before the next",
  },
  sides: ["perch", ...PEERS],
  figures: [
    figure(64, "pool", { atLeast: 0.5 }),
    figure(64, "twitter-api-v2", { atLeast: 1 }),
    ...([16, 1] as const).flatMap((accounts) => PEERS.toReversed().map((side) => figure(accounts, side))),
  ],
  open: openRig,
};

async function openRig(progress: (line: string) => void): Promise<Rig> {
  await installPeers(progress);
  const x = openChild<BareX>(new URL("./bare-x.ts", import.meta.url));
  const url = await x.ask("listen", null);
  const peer = openChild<DeliverPeer>(new URL("./deliver-peer.ts", import.meta.url));
  const perch = await openPerch(url, MOST, LEVELS);
  const record: Record<string, Got[]> = {};
  const wrong: string[] = [];
  let told = 0;
  const letPerchPost = async (accounts: Accounts) => {
    await x.ask("hold", null);
    await tell(perch, accounts);
    told += accounts * POSTS[accounts];
    const rate = await letGo(x, accounts);
    await perch.drained();
    for (const [token, posts] of Object.entries(await x.ask("take", null))) record[token] = [...(record[token] ?? []), ...posts];
    return rate;
  };
  const letPeerPost = async (name: (typeof PEERS)[number], accounts: Accounts) => {
    await x.ask("hold", null);
    const posting = peer.ask("post", { name, url, accounts, posts: POSTS[accounts] });
    const rate = await letGo(x, accounts);
    await posting;
    wrong.push(...judgePeer(name, accounts, await x.ask("take", null)));
    return rate;
  };
  return {
    async turn(side) {
      const name = PEERS.find((one) => one === side);
      const figures: Record<string, number> = {};
      for (const accounts of LEVELS) figures[named(accounts)] = name ? await letPeerPost(name, accounts) : await letPerchPost(accounts);
      return figures;
    },
    async verify() {
      const got = Object.fromEntries(accountNames(MOST).map((account) => [account, record[tokenOf(account)] ?? []]));
      return [...wrong, ...perch.judge(told, got)];
    },
    async close() {
      await perch.close();
      await peer.close();
      await x.close();
    },
  };
}

/** One call is a delivery for each of the accounts. */
async function tell(perch: PerchHost, accounts: Accounts): Promise<void> {
  const content = contentFor(accounts);
  for (let index = 0; index < POSTS[accounts]; index += 1) await perch.call("notify", { text: textOf(index), content });
}

/** Posts a second. What X held back before it was let go is not counted. */
async function letGo(x: Child<BareX>, accounts: Accounts): Promise<number> {
  const posts = Math.floor((POSTS[accounts] - 1) * accounts * TIMED);
  const { seconds } = await x.ask("go", { posts });
  return posts / seconds;
}

function judgePeer(name: string, accounts: Accounts, got: Record<string, Got[]>): string[] {
  return accountNames(accounts).flatMap((account) => {
    const posts = got[tokenOf(account)]?.length ?? 0;
    return posts === POSTS[accounts] ? [] : [`${name}, ${account}: X got ${posts} posts in place of ${POSTS[accounts]}`];
  });
}
