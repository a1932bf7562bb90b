/** Rotates the vault's key in the credentials file, which is replaced whole or not at all. */
import { randomBytes } from "node:crypto";
import { chown, open, readFile, realpath, rename, stat, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import type { KeyChange, KeyStep } from "../shapes.ts";
import { editKeys, keyIdsIn, type NewKey, referencesIn, type Wanted } from "./edit-keys.ts";
import { fileTrouble } from "./read-text.ts";

export type KeyResult = { ok: true; value: KeyChange } | { ok: false; problems: string[] };

export type InUse = { ok: true; sealed: Readonly<Record<string, string[]>> } | { ok: false; message: string };
export type KeyOptions = {
  now: Date;
  random?: (bytes: number) => Buffer;
  /** What still seals something, by key id → what; asked before keys are dropped. */
  inUse?: () => InUse | Promise<InUse>;
};

/** As many as the schema of the file allows. */
const MAX_KEYS = 100;
const ID = /^[A-Za-z0-9_-]{1,64}$/;

/** `file` must be a valid credentials file. No key is ever part of the answer. */
export async function rotateKey(file: string, step: KeyStep, options: KeyOptions): Promise<KeyResult> {
  const text = await readFile(file, "utf8");
  const ids = keyIdsIn(text);
  const plan = await planOf(step, ids, text, options);
  if ("problem" in plan) return no(`${file}: ${plan.problem}`);
  const edited = editKeys(text, plan.wanted);
  if (!edited.ok) return no(`${file}: ${edited.message}`);
  const trouble = edited.text === text ? undefined : await replaceFile(file, text, edited.text);
  if (trouble !== undefined) return no(trouble);
  const keys = keyIdsIn(edited.text);
  const dropped = ids.filter((id) => !keys.includes(id));
  return { ok: true, value: { file, keys, dropped, ...(plan.id !== undefined && { id: plan.id }) } };
}

const no = (problem: string): KeyResult => ({ ok: false, problems: [problem] });

type Plan = { wanted: Wanted; id?: string } | { problem: string };

async function planOf(step: KeyStep, ids: readonly string[], text: string, options: KeyOptions): Promise<Plan> {
  const all = ids.map((_id, index) => index);
  if (step.do === "drop-old") return dropPlan(ids, options);
  if (step.do === "promote") {
    const at = ids.indexOf(step.id);
    if (at < 0) return { problem: `vault.keys has no key ${step.id}; it has ${ids.join(", ")}` };
    return { wanted: [at, ...all.filter((index) => index !== at)], id: step.id };
  }
  const [reference] = referencesIn(text);
  if (reference !== undefined) return { problem: elsewhere(reference) };
  if (ids.length >= MAX_KEYS)
    return { problem: `vault.keys is full (${MAX_KEYS} keys); drop the old ones first: perch credentials rotate-key --drop-old` };
  const id = step.id ?? freeId(ids, options.now);
  if (!ID.test(id)) return { problem: `a key's id has letters, digits, "-" and "_" only, 64 at most` };
  if (ids.includes(id)) return { problem: `vault.keys has a key ${id} already; name the new one otherwise with --id` };
  const made: NewKey = { id, key: (options.random ?? randomBytes)(32).toString("base64") };
  return { wanted: step.do === "rotate" ? [made, ...all] : [...all, made], id };
}

/** What stands in the reference names a place, not the key. */
const elsewhere = (reference: string): string =>
  `vault.keys holds ${reference}: the keys are kept outside this file and can't be changed here. Make a new one where they are kept (openssl rand -base64 32), and put { id, key } with its reference first into vault.keys; leave the others behind it`;

/** The day; a second one of the same day gets a number. */
function freeId(ids: readonly string[], now: Date): string {
  const day = now.toISOString().slice(0, 10);
  const names = [day, ...Array.from({ length: MAX_KEYS }, (_, index) => `${day}-${index + 2}`)];
  return names.find((name) => !ids.includes(name)) ?? day;
}

async function dropPlan(ids: readonly string[], { inUse }: KeyOptions): Promise<Plan> {
  const [current = "", ...old] = ids;
  const looked = (await inUse?.()) ?? { ok: true, sealed: {} };
  if (!looked.ok) return { problem: `no key is dropped, since it can't be seen what they seal: ${looked.message}` };
  const needed = old.filter((id) => (looked.sealed[id] ?? []).length > 0);
  if (needed.length === 0) return { wanted: [0] };
  const what = needed.map((id) => `${id} seals ${looked.sealed[id]?.join(", ")}`).join("; ");
  return {
    problem: `no key is dropped, since ${what}. The host seals them with ${current} when it takes the file up: perch reload; then try again`,
  };
}

/** Answers what is in the way; undefined when the file is replaced. A reader finds the old or the new, never a part. */
async function replaceFile(file: string, before: string, after: string): Promise<string | undefined> {
  try {
    // A link stays a link.
    const path = await realpath(file);
    const fresh = `${path}.${randomBytes(6).toString("hex")}`;
    try {
      await writeLike(path, fresh, after);
      if ((await readFile(path, "utf8")) !== before)
        return `${file} was changed by somebody else meanwhile; nothing was written. Run it again.`;
      await rename(fresh, path);
      await sync(dirname(path), "r");
      return undefined;
    } finally {
      await unlink(fresh).catch(() => {});
    }
  } catch (error) {
    return `${file} can't be replaced: ${troubleOf(error)}. Nothing was changed.`;
  }
}

/** With mode and owner of the file that it is to replace; on the disk before it takes its place. */
async function writeLike(path: string, fresh: string, text: string): Promise<void> {
  const { mode, uid, gid } = await stat(path);
  const handle = await open(fresh, "wx", mode & 0o777);
  try {
    await handle.writeFile(text);
    await handle.chmod(mode & 0o777);
    const own = await handle.stat();
    if (own.uid !== uid || own.gid !== gid) await chown(fresh, uid, gid);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function sync(path: string, flags: string): Promise<void> {
  const handle = await open(path, flags);
  await handle.sync().finally(() => handle.close());
}

const CAUSES: Readonly<Record<string, string>> = {
  EROFS: "it stands on a file system that can only be read (a mounted secret?): change it where it comes from",
  EBUSY: "it is mounted into this place by itself: change it where it comes from",
  EACCES: "this user may not write its folder; run this as its owner",
  EPERM: "it belongs to another user; run this as its owner",
  ENOSPC: "there is no room on its disk",
};

function troubleOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return CAUSES[code] ?? `it ${fileTrouble(error).message}`;
}
