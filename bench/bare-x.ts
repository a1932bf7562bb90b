/**
 * A program of benches: an X that checks nothing and answers at once, so that it is never what limits a figure. Each
 * post is kept under the token that it came with, in the order in which it came. It can hold its answers back, so that
 * everything that posts to it begins at one moment.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { serve } from "./child.ts";
import { machineMs } from "./machine-ms.ts";

/** `at`: when its request had come, by `machineMs`. */
export type Got = { id: string; text: string; at: number };
export type BareX = {
  /** Answers its address. */
  listen: [null, string];
  hold: [null, null];
  /** Answers what is held back, and from then on at once; `posts` after this moment are then timed. */
  go: [{ posts: number }, { seconds: number }];
  /** What came since it was last asked, by token. */
  take: [null, Record<string, Got[]>];
};

/** X counts in windows of 15 minutes; none of them is ever used up here. */
const LIMITS = { "x-rate-limit-limit": "1000000", "x-rate-limit-remaining": "999999", "x-rate-limit-reset": "4102444800" };
const HEADERS = { "content-type": "application/json; charset=utf-8", "x-access-level": "read-write", ...LIMITS };
const FIRST_ID = 2_000_000_000_000_000_000n;

let got: Record<string, Got[]> = {};
let ids = FIRST_ID;
let held: (() => void)[] | undefined;
let counting: { left: number; done(): void } | undefined;

const tokenOf = ({ headers }: IncomingMessage): string => /oauth_token="([^"]*)"/.exec(headers.authorization ?? "")?.[1] ?? "";

function answer(response: ServerResponse, status: number, data: object): void {
  response.writeHead(status, HEADERS).end(JSON.stringify({ data }));
}

function post(token: string, body: string, response: ServerResponse): void {
  const at = machineMs();
  const { text } = JSON.parse(body) as { text: string };
  ids += 1n;
  const id = String(ids);
  got[token] ??= [];
  got[token].push({ id, text, at });
  const say = () => answer(response, 201, { edit_history_tweet_ids: [id], id, text });
  if (held) held.push(say);
  else say();
  if (!counting) return;
  counting.left -= 1;
  if (counting.left === 0) counting.done();
}

const server = createServer((request, response) => {
  const token = tokenOf(request);
  if (request.method === "GET") {
    answer(response, 200, { id: idOf(token), username: token.replace(/-token$/, ""), protected: true });
    return;
  }
  let body = "";
  request.setEncoding("utf8");
  request.on("data", (chunk: string) => {
    body += chunk;
  });
  request.on("end", () => post(token, body, response));
});

/** Of an account: the digits of its token, which are a number of its own. */
const idOf = (token: string): string => `9${token.replace(/\D/g, "")}`;

serve<BareX>({
  listen: () =>
    new Promise((resolve) => {
      server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        resolve(`http://127.0.0.1:${typeof address === "object" ? address?.port : address}`);
      });
    }),
  hold: () => {
    held = [];
    return null;
  },
  async go({ posts }) {
    const { promise, resolve } = Promise.withResolvers<void>();
    counting = { left: posts, done: resolve };
    const start = performance.now();
    const say = held ?? [];
    held = undefined;
    for (const one of say) one();
    await promise;
    counting = undefined;
    return { seconds: (performance.now() - start) / 1000 };
  },
  take: () => {
    const taken = got;
    got = {};
    return taken;
  },
});
