/** Passwords of clients: plain in the credentials file, or hashed as `scrypt$N$r$p$salt$hash` (RFC 7914; base64url). */
import { createHmac, randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from "node:crypto";

/** 32 MiB and some 80 ms: dear for who guesses, bearable for the host, which remembers a verified pair. */
const COST = { N: 2 ** 15, r: 8, p: 1 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** A hash that asks for more memory than this is not one of ours. */
const MAX_MEMORY = 256 * 1024 * 1024;
const FORM = /^scrypt\$(\d{1,7})\$(\d{1,2})\$(\d{1,2})\$([A-Za-z0-9_-]{22})\$([A-Za-z0-9_-]{43})$/;

/** Known to this process only, so that what is compared can't be computed outside. */
const processKey = randomBytes(32);

/** Whether `verifyPassword` takes it for a hash. Anything else is a plain password. */
export const isHashed = (stored: string): boolean => FORM.test(stored);

/** What may stand as `password` in the credentials file instead of the password. */
export async function hashPassword(password: string, salt: Buffer = randomBytes(SALT_BYTES)): Promise<string> {
  const hash = await derive(password, salt, COST);
  return `scrypt$${COST.N}$${COST.r}$${COST.p}$${salt.toString("base64url")}$${hash.toString("base64url")}`;
}

/** Compares in constant time. A damaged hash fits no password. */
export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const [, n, r, p, salt, hash] = FORM.exec(stored) ?? [];
  if (salt === undefined || hash === undefined) return timingSafeEqual(digest(password), digest(stored));
  const cost = { N: Number(n), r: Number(r), p: Number(p) };
  // scrypt throws on a cost that is not a power of two or too large; who may not come in is all that the caller asks
  const derived = await derive(password, Buffer.from(salt, "base64url"), cost).catch(() => undefined);
  return derived !== undefined && timingSafeEqual(derived, Buffer.from(hash, "base64url"));
}

const digest = (text: string): Buffer => createHmac("sha256", processKey).update(text, "utf8").digest();

function derive(password: string, salt: Buffer, cost: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const settle = (error: Error | null, key: Buffer): void => (error ? reject(error) : resolve(key));
    try {
      scrypt(password, salt, HASH_BYTES, { ...cost, maxmem: MAX_MEMORY }, settle);
    } catch (error) {
      reject(error);
    }
  });
}
