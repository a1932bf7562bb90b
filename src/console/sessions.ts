/** Who is logged in to the console: kept in memory only, so each host of a group knows its own. */
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Role } from "../contract.ts";
import { newToken } from "./token.ts";

/** A client as the credentials file has it now. `password` as it is stored. */
export type Holder = { name: string; role: Role; password: string };
/** What an act came to, shown once on the next page. */
export type Notice = { kind: "good" | "bad"; text: string };

/** OWASP Session Management: 15–30 minutes for what is not of high value, and an end whatever happens. */
export const IDLE_MS = 30 * 60_000;
export const LONGEST_MS = 12 * 3_600_000;
/** Of one client, and of all: whoever knows a password must not fill the memory. The oldest goes. */
const MAX_OF_ONE = 50;
const MAX_SESSIONS = 1_000;

/** Of one session; the oldest goes. */
const MAX_LOG_IN_PAGES = 20;

export type Session = {
  holder: Holder;
  /** What each of its forms must carry. */
  csrf: string;
  /** Given out once. */
  takeNotice(): Notice | undefined;
  leaveNotice(notice: Notice): void;
  /** By registration, addresses that a service gave for one authorisation each: never part of an address of ours, which logs and histories keep. */
  logInPages: Pick<Map<string, string>, "get" | "delete"> & { set(registrationId: string, address: string): void };
};

export type Sessions = {
  /** Answers the id that the browser keeps; only its hash stays here. */
  begin(holder: Holder): string;
  /** Undefined where it has ended. `use`: that somebody did something; a page that is only open goes idle. */
  find(id: string, options?: { use: boolean }): Session | undefined;
  end(id: string): void;
};

type Kept = Pick<Session, "csrf" | "logInPages"> & {
  name: string;
  fingerprint: Buffer;
  begunAt: number;
  usedAt: number;
  notice?: Notice | undefined;
};
export type SessionsOptions = {
  /** Asked each time, so that a reload counts at once. */
  clients: () => readonly Holder[];
  /** Monotonic milliseconds. */
  now: () => number;
};

export function openSessions({ clients, now }: SessionsOptions): Sessions {
  const key = randomBytes(32);
  const kept = new Map<string, Kept>();
  const fingerprintOf = ({ name, role, password }: Holder) =>
    createHmac("sha256", key)
      .update(JSON.stringify([name, role, password]))
      .digest();

  function begin(holder: Holder): string {
    for (const [hash, session] of kept) if (isOver(session, now())) kept.delete(hash);
    const own = [...kept].filter(([, { name }]) => name === holder.name);
    const [oldest] = own.length >= MAX_OF_ONE ? own : kept.size >= MAX_SESSIONS ? kept : [];
    if (oldest) kept.delete(oldest[0]);
    const id = newToken();
    kept.set(hashOf(id), {
      name: holder.name,
      fingerprint: fingerprintOf(holder),
      csrf: newToken(),
      begunAt: now(),
      usedAt: now(),
      logInPages: openLogInPages(),
    });
    return id;
  }

  function find(id: string, { use } = { use: true }): Session | undefined {
    const hash = hashOf(id);
    const session = kept.get(hash);
    if (!session) return undefined;
    const holder = clients().find(({ name }) => name === session.name);
    // Another password or role: whoever logged in may be somebody who must not be in any more.
    if (isOver(session, now()) || !holder || !timingSafeEqual(fingerprintOf(holder), session.fingerprint)) {
      kept.delete(hash);
      return undefined;
    }
    if (use) session.usedAt = now();
    return {
      holder,
      csrf: session.csrf,
      takeNotice() {
        const { notice } = session;
        session.notice = undefined;
        return notice;
      },
      leaveNotice: (notice) => {
        session.notice = notice;
      },
      logInPages: session.logInPages,
    };
  }

  return { begin, find, end: (id) => void kept.delete(hashOf(id)) };
}

function openLogInPages(): Session["logInPages"] {
  const pages = new Map<string, string>();
  return {
    get: (registrationId) => pages.get(registrationId),
    delete: (registrationId) => pages.delete(registrationId),
    set(registrationId, address) {
      pages.delete(registrationId);
      const [oldest] = pages.keys();
      if (oldest !== undefined && pages.size >= MAX_LOG_IN_PAGES) pages.delete(oldest);
      pages.set(registrationId, address);
    },
  };
}

const isOver = ({ begunAt, usedAt }: Kept, now: number): boolean => now - usedAt >= IDLE_MS || now - begunAt >= LONGEST_MS;
/** Looked up by its hash: what the map's own comparison takes tells nothing of the id. */
const hashOf = (id: string): string => createHash("sha256").update(id).digest("base64url");
