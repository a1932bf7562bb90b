/** Perch as benches measure it: a process of its own, as an administrator would set it up, that posts to a bare X. */
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import Database from "better-sqlite3";
import type { Registration } from "../src/shapes.ts";
import { callerOf, openFolder, registerAccount, startChild, type Yard } from "../test/child-host.ts";
import { accountNames } from "./accounts.ts";
import type { Got } from "./bare-x.ts";

export type PerchHost = {
  folder: string;
  call: Yard["call"];
  /** Resolves when no delivery is open. */
  drained(): Promise<void>;
  /** What of all that it was told does not stand at X as the store says; `got` by account. */
  judge(told: number, got: Readonly<Record<string, readonly Got[]>>): string[];
  close(): Promise<void>;
};

/** The content that so many accounts are registered for. */
export const contentFor = (accounts: number): string => `For ${accounts}`;

/** `groups`: so many of the accounts, from the first on, are registered for {@link contentFor} that number. */
export async function openPerch(xUrl: string, accounts: number, groups: readonly number[] = []): Promise<PerchHost> {
  const names = accountNames(accounts);
  const { folder, configFile } = await openFolder(xUrl, names, { config: { log: { file: "./perch.log" } } });
  const { call, reconnect } = callerOf(join(folder, "perch.sock"));
  const host = startChild(configFile, { keepLog: false });
  await answering(call, once(host.child, "exit"));
  for (const name of names) await registerAccount(call, name);
  for (const group of groups)
    for (const accountName of names.slice(0, group)) {
      const draft = { functionalUser: accountName, accountName, content: contentFor(group), status: "Enabled" };
      await call<Registration>("registrations.create", draft);
    }
  return {
    folder,
    call,
    drained: () => drainedBy(call),
    judge: (told, got) => judgeStore(join(folder, "perch.db"), told, got),
    async close() {
      await host.stop();
      await reconnect();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Its log goes to a file, so that it is asked until it answers. */
async function answering(call: Yard["call"], exited: Promise<unknown>): Promise<void> {
  let ended = false;
  void exited.then(() => {
    ended = true;
  });
  while (!ended) {
    const status = await call<{ ready: boolean }>("server.status").catch(() => undefined);
    if (status?.ready) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("the host ended before it was ready");
}

async function drainedBy(call: Yard["call"]): Promise<void> {
  const states = ["queued", "sending", "waiting", "in-doubt"];
  for (;;) {
    const { deliveries } = await call<{ deliveries: { id: string }[] }>("deliveries.list", { states, limit: 1 });
    const [open] = deliveries;
    if (!open) return;
    await call("deliveries.get", { id: open.id, waitSeconds: 1 });
  }
}

type Row = { account: string; state: string; text: string; id: string | null };

/** Each delivery of the store must be delivered, and stand at X once, with the id that the store knows, in the order of acceptance. */
function judgeStore(file: string, told: number, got: Readonly<Record<string, readonly Got[]>>): string[] {
  const db = new Database(file, { readonly: true });
  const rows = db
    .prepare<[], Row>(`SELECT deliveries.account_name AS account, deliveries.state, posts.text, posts.id
      FROM deliveries LEFT JOIN posts ON delivery_seq = seq ORDER BY seq, idx`)
    .all();
  db.close();
  const wrong: string[] = [];
  if (rows.length !== told) wrong.push(`${told} deliveries were accepted, ${rows.length} are kept`);
  const places = new Map<string, number>();
  for (const { account, state, text, id } of rows) {
    const place = places.get(account) ?? 0;
    places.set(account, place + 1);
    const there = got[account]?.[place];
    if (state !== "delivered" || there?.text !== text || there.id !== id)
      wrong.push(`${account}: ${place + 1}th is ${state} as ${id} (${text}), and X got ${there?.id} (${there?.text})`);
  }
  for (const [account, posts] of Object.entries(got)) {
    const more = posts.length - (places.get(account) ?? 0);
    if (more !== 0) wrong.push(`${account}: X got ${more} posts more than the store knows of`);
  }
  return wrong;
}
