/** HTTP Basic (RFC 7617), or an access token (RFC 6750), to a caller. */
import { hash, randomBytes } from "node:crypto";
import type { Role } from "../contract.ts";
import type { Caller } from "../host/verbs.ts";
import { networkOf } from "./network-of.ts";
import { openThrottle, type Throttle } from "./throttle.ts";
import type { TokenReading, Tokens } from "./tokens.ts";
import { openTurnstile } from "./turnstile.ts";

/** A client of the credentials file; the password plain or as `scrypt$N$r$p$salt$hash`. */
export type Client = { name: string; role: Role; password: string };

export type Admission =
  | { ok: true; caller: Caller }
  /** 401: missing or wrong; `challenges` are for WWW-Authenticate. 429: too many tries; come back after so many seconds. */
  | { ok: false; status: 401; cause: string; challenges: readonly string[] }
  | { ok: false; status: 429; cause: string; retryAfterSeconds: number };

/** Somebody guesses: from now on he has to wait between tries. `name` is what he gave, a client's or not. */
export type LockOut = { name: string; address: string };
/** Since the start of the host. */
export type GateCounters = { missing: number; wrong: number; throttled: number; lockOuts: number };

export type GateOptions = {
  clients: () => readonly Client[];
  verify: (password: string, stored: string) => Promise<boolean>;
  /** Monotonic milliseconds. */
  now: () => number;
  tokens: Tokens;
  /** Called once for each name and network, until it is forgotten that they failed. */
  onLockOut?: (lockOut: LockOut) => void;
};

export type Grant = { ok: true; caller: Caller; token: string } | Refused;

/** What a client proves itself with. */
export type Pair = { name: string; password: string };

/** That a client knows its password, without the password. */
export type Proof = {
  name: string;
  /** Undefined where it proves that. Without a password there is no such client, or only a hash is kept. */
  refuse(password: string | undefined): ProofRefusal | undefined;
};
/** `isGuess`: not where only the right password could have got so far, as with a wrong clock. */
export type ProofRefusal = { cause: string; isGuess: boolean };

export type Gate = {
  /** At once, unless a password has to be verified first. */
  admit(authorization: string | undefined, address: string): Admission | Promise<Admission>;
  /** The same for a name and password that came elsewhere than in the header `Authorization`; undefined: none came. */
  admitPair(pair: Pair | undefined, address: string): Admission | Promise<Admission>;
  /** An access token for whoever has the password. */
  grant(pair: Pair | undefined, address: string): Promise<Grant>;
  /** The same for a proof. It is checked each time: no two are alike. */
  admitProof(proof: Proof, address: string): Promise<Admission>;
  /** These names have come, gone or changed their passwords: nothing that was verified before counts for them, and nobody has failed yet. */
  forget(names: readonly string[]): void;
  counters(): GateCounters;
};

/** scrypt takes 50 ms of a core and 16 MB or more; two leave room for the calls. */
const VERIFICATIONS_AT_ONCE = 2;
/** So one address can't fill the queue for the others. */
const MAX_PENDING_OF_ONE = 8;

export const BASIC_CHALLENGE = 'Basic realm="perch", charset="UTF-8"';
const BEARER_CHALLENGE = 'Bearer realm="perch"';

type Refused = Exclude<Admission, { ok: true }>;
const MISSING: Refused = {
  ok: false,
  status: 401,
  cause: "HTTP Basic credentials or an access token are missing or malformed",
  challenges: [BASIC_CHALLENGE, BEARER_CHALLENGE],
};
const WRONG: Refused = { ok: false, status: 401, cause: "no client has this name and password", challenges: [BASIC_CHALLENGE] };
const throttled = (cause: string, retryAfterSeconds: number): Refused => ({ ok: false, status: 429, cause, retryAfterSeconds });
/** RFC 6750, section 3.1. */
const wrongToken = (cause: string): Refused => ({
  ok: false,
  status: 401,
  cause,
  challenges: [`${BEARER_CHALLENGE}, error="invalid_token", error_description="${cause}"`],
});

export function openGate({ clients, verify, now, tokens, onLockOut = () => {} }: GateOptions): Gate {
  const counted: GateCounters = { missing: 0, wrong: 0, throttled: 0, lockOuts: 0 };
  const key = randomBytes(32).toString("hex");
  const throttle = openThrottle(now);
  const oneAtATime = openTurnstile(VERIFICATIONS_AT_ONCE);
  /** Seals of pairs that were verified, with the name. Only right passwords get in, so it is as small as the list of clients. */
  let verified = new Map<string, string>();
  /** By seal: many connections that begin with the same pair cost one verification. */
  let pending = new Map<string, Promise<boolean>>();
  const pendingOf = new Map<string, number>();

  /**
   * Nobody without the key can choose a seal, so looking it up in a table tells nothing by its time. A seal never leaves
   * this memory, so that a hash with the key in front is enough; an HMAC costs ten times as much, for every call.
   */
  const sealOf = ({ name, password }: Pair): string => hash("sha256", `${key}${Buffer.byteLength(name)}:${name}:${password}`, "base64");

  function verifyOnce(pair: Pair, seal: string, network: string): Promise<boolean> {
    const mine = pending;
    const remembered = verified;
    pendingOf.set(network, (pendingOf.get(network) ?? 0) + 1);
    const verification = oneAtATime(() => isRight(pair, clients(), verify)).finally(() => {
      mine.delete(seal);
      const left = (pendingOf.get(network) ?? 1) - 1;
      if (left === 0) pendingOf.delete(network);
      else pendingOf.set(network, left);
    });
    mine.set(seal, verification);
    return verification.then((right) => {
      // Into the memory of its time: what was verified against the old credentials is lost with them.
      if (right) remembered.set(seal, pair.name);
      return right;
    });
  }

  const count = (admission: Admission): Admission => {
    if (admission === MISSING) counted.missing += 1;
    else if (!admission.ok) counted[admission.status === 429 ? "throttled" : "wrong"] += 1;
    return admission;
  };
  const admitPair: Gate["admitPair"] = (pair, address) => (pair ? decide(pair, address) : count(MISSING));
  const admitProof: Gate["admitProof"] = async (proof, address) =>
    count(checkProof(proof, address, { clients: clients(), throttle, lockOut }));

  function admit(authorization: string | undefined, address: string): Admission | Promise<Admission> {
    const token = readBearer(authorization);
    return token === undefined ? admitPair(readBasic(authorization), address) : count(admitToken(tokens.read(token, clients()), address));
  }

  function decide(pair: Pair, address: string): Admission | Promise<Admission> {
    const network = networkOf(address);
    // Before the memory of verified pairs: else guessing against it would be free.
    const wait = throttle.waitSeconds(network, pair.name);
    if (wait > 0) return count(throttled(`too many wrong passwords; wait ${wait} s`, wait));
    const seal = sealOf(pair);
    // Without a promise: nearly every call comes this way.
    return verified.has(seal) ? count(admitNamed(pair.name, address, clients())) : decideVerified(pair, seal, network, address).then(count);
  }

  async function decideVerified(pair: Pair, seal: string, network: string, address: string): Promise<Admission> {
    const running = pending.get(seal);
    if (!running && (pendingOf.get(network) ?? 0) >= MAX_PENDING_OF_ONE) return throttled("too many log-ins at once; wait 1 s", 1);
    const isLast = !running && throttle.charge(network, pair.name);
    if (!(await (running ?? verifyOnce(pair, seal, network)))) {
      if (isLast) lockOut({ name: pair.name, address });
      return WRONG;
    }
    throttle.clear(network, pair.name);
    return admitNamed(pair.name, address, clients());
  }

  async function grant(pair: Pair | undefined, address: string): Promise<Grant> {
    const admission = await admitPair(pair, address);
    if (!admission.ok) return admission;
    const client = clients().find(({ name }) => name === admission.caller.name);
    return client ? { ...admission, token: tokens.issue(client) } : WRONG;
  }

  function lockOut(event: LockOut): void {
    counted.lockOuts += 1;
    onLockOut(event);
  }

  function forget(names: readonly string[]): void {
    verified = new Map([...verified].filter(([, name]) => !names.includes(name)));
    pending = new Map();
    throttle.forget(names);
  }

  return { admit, admitPair, admitProof, grant, forget, counters: () => ({ ...counted }) };
}

function admitNamed(name: string, address: string, clients: readonly Client[]): Admission {
  const client = clients.find((candidate) => candidate.name === name);
  return client ? { ok: true, caller: { name, role: client.role, address } } : WRONG;
}

/** Not throttled: nobody guesses 256 bits, and a client whose token has aged must not be locked out by it. */
function admitToken(read: TokenReading<Client>, address: string): Admission {
  return read.ok ? { ok: true, caller: { name: read.client.name, role: read.client.role, address } } : wrongToken(read.cause);
}

type ProofCheck = { clients: readonly Client[]; throttle: Throttle; lockOut: (event: LockOut) => void };

/** Not remembered: no two proofs are alike. Nothing else can be tried while it runs, so it is charged only if it is wrong. */
function checkProof({ name, refuse }: Proof, address: string, { clients, throttle, lockOut }: ProofCheck): Admission {
  const network = networkOf(address);
  const wait = throttle.waitSeconds(network, name);
  if (wait > 0) return throttled(`too many wrong passwords; wait ${wait} s`, wait);
  const client = clients.find((candidate) => candidate.name === name);
  const { cause, isGuess } = refuse(plainPasswordOf(client)) ?? {};
  if (isGuess && throttle.charge(network, name)) lockOut({ name, address });
  if (cause !== undefined || !client) return { ...WRONG, ...(cause !== undefined && { cause }) };
  throttle.clear(network, name);
  return { ok: true, caller: { name, role: client.role, address } };
}

/** A hash must never stand in for its password: whoever has read it in a file could then log in with it. */
const plainPasswordOf = (client: Client | undefined): string | undefined =>
  client === undefined || isHashed(client.password) ? undefined : client.password;

async function isRight(pair: Pair, clients: readonly Client[], verify: GateOptions["verify"]): Promise<boolean> {
  const client = clients.find(({ name }) => name === pair.name);
  const right = client !== undefined && (await verify(pair.password, client.password));
  // A name that nobody has, and a client whose password is kept plain, must cost as much as a wrong hashed one.
  const standIn = clients.find(({ password }) => isHashed(password));
  if (!right && standIn && !(client && isHashed(client.password))) await verify(pair.password, standIn.password);
  return right;
}

const isHashed = (stored: string): boolean => stored.startsWith("scrypt$");

const readBearer = (authorization: string | undefined): string | undefined => /^bearer +(.*)$/i.exec(authorization ?? "")?.[1]?.trim();

/** RFC 7617 section 2: the name ends at the first colon, UTF-8 as our challenge asks for. */
export function readBasic(authorization: string | undefined): Pair | undefined {
  const encoded = /^basic +([a-z0-9+/]+=*) *$/i.exec(authorization ?? "")?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 1 ? undefined : { name: text.slice(0, colon), password: text.slice(colon + 1) };
}
