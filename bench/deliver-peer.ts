/** A program of the bench `deliver`: posts to X for several accounts at once, for each of them one post after the other. */
import { Agent } from "node:http";
import { createRequire } from "node:module";
import { Pool } from "undici";
import { accountNames, textOf, tokenOf } from "./accounts.ts";
import { serve } from "./child.ts";

export type DeliverPeer = { post: [{ name: "twitter-api-v2" | "pool"; url: string; accounts: number; posts: number }, null] };

type Post = (account: string, text: string) => Promise<void>;
/** What is used of twitter-api-v2, whose own types are there only when it is installed. */
type TwitterApi = new (
  tokens: Record<"appKey" | "appSecret" | "accessToken" | "accessSecret", string>,
  settings: { httpAgent: Agent },
) => { v2: { setPrefix(prefix: string): void; tweet(text: string): Promise<{ data: { id: string } }> } };

function clientPost(url: string): Post {
  const library: { TwitterApi: TwitterApi } = createRequire(new URL("./peers/package.json", import.meta.url))("twitter-api-v2");
  const httpAgent = new Agent({ keepAlive: true });
  const clients = new Map<string, InstanceType<TwitterApi>>();
  const clientOf = (account: string) => {
    const secrets = { appKey: "sandbox-consumer-key", appSecret: "sandbox-consumer-secret" };
    const client = new library.TwitterApi(
      { ...secrets, accessToken: tokenOf(account), accessSecret: `${account}-token-secret` },
      { httpAgent },
    );
    client.v2.setPrefix(`${url}/2/`);
    clients.set(account, client);
    return client;
  };
  return async (account, text) => {
    const { data } = await (clients.get(account) ?? clientOf(account)).v2.tweet(text);
    if (!data.id) throw new Error("twitter-api-v2 answered without an id");
  };
}

function poolPost(url: string): Post {
  const pool = new Pool(url, { connections: 256 });
  return async (account, text) => {
    const headers = { authorization: `OAuth oauth_token="${tokenOf(account)}"`, "content-type": "application/json" };
    const { statusCode, body } = await pool.request({ method: "POST", path: "/2/tweets", headers, body: JSON.stringify({ text }) });
    const { data } = (await body.json()) as { data: { id?: string } };
    if (statusCode !== 201 || !data.id) throw new Error(`the pool was answered ${statusCode}`);
  };
}

const MAKERS = { "twitter-api-v2": clientPost, pool: poolPost } as const;
const made = new Map<string, Post>();

serve<DeliverPeer>({
  async post({ name, url, accounts, posts }) {
    const post = made.get(name) ?? MAKERS[name](url);
    made.set(name, post);
    const postAll = async (account: string) => {
      for (let index = 0; index < posts; index += 1) await post(account, textOf(index));
    };
    await Promise.all(accountNames(accounts).map(postAll));
    return null;
  },
});
