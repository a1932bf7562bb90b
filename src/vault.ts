/** Seals secrets with AES-256-GCM (NIST SP 800-38D) under keys that can be rotated. */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

export type VaultKey = {
  /** Without a dot. */
  id: string;
  /** 32 bytes, base64. */
  key: string;
};

export type Vault = {
  /** Seals with the first key. What is `associated` (the account's id) is bound to it: it opens with the same only. */
  seal(plain: string, associated: string): string;
  /** Throws {@link VaultError}; its text holds no secret. */
  open(sealed: string, associated: string): string;
  /** Which key sealed it: another than `currentKeyId` is a reason to seal it again. */
  keyIdOf(sealed: string): string;
  readonly currentKeyId: string;
  /** For another purpose than sealing: 32 bytes from each key (HKDF, RFC 5869), those of the key that seals first. */
  derive(purpose: string): readonly Buffer[];
};

export class VaultError extends Error {
  override name = "VaultError";
}

const VERSION = "v1";
const KEY_BYTES = 32;
/** 96 bits, drawn anew for each sealing (SP 800-38D, 8.2.2: good for 2^32 sealings under one key). */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** `v1.<keyId>.<nonce>.<ciphertext and tag>`, the last two base64url. */
const FORM = /^v1\.([^.]+)\.([A-Za-z0-9_-]{16})\.([A-Za-z0-9_-]{22,})$/;

/** The first key seals, all open. Throws {@link VaultError} when there is none, or one is no key. */
export function openVault(keys: readonly VaultKey[], random: (bytes: number) => Buffer = randomBytes): Vault {
  const opened = keys.map(({ id, key }) => ({ id, bytes: keyBytes(id, key) }));
  const [current] = opened;
  if (!current) throw new VaultError("The vault has no key: add one to vault.keys of the credentials file.");
  const byId = new Map(opened.map(({ id, bytes }) => [id, bytes]));
  if (byId.size < opened.length) throw new VaultError("Two keys of the vault have the same id.");
  const derived = new Map<string, readonly Buffer[]>();
  return {
    currentKeyId: current.id,
    derive(purpose) {
      const found =
        derived.get(purpose) ?? opened.map(({ bytes }) => Buffer.from(hkdfSync("sha256", bytes, "", `perch ${purpose}`, KEY_BYTES)));
      derived.set(purpose, found);
      return found;
    },
    seal: (plain, associated) => seal(plain, associated, current, random(NONCE_BYTES)),
    open: (sealed, associated) => open(split(sealed), associated, byId),
    keyIdOf: (sealed) => split(sealed).id,
  };
}

function keyBytes(id: string, key: string): Buffer {
  const bytes = Buffer.from(key, "base64");
  if (bytes.length !== KEY_BYTES) throw new VaultError(`The vault's key ${id} must be ${KEY_BYTES} bytes in base64.`);
  if (id === "" || id.includes(".")) throw new VaultError("The id of a vault's key must be a text without a dot.");
  return bytes;
}

/** The key's id is bound too, so that a sealed value can't be relabelled. */
const header = (id: string, associated: string): Buffer => Buffer.from(`${VERSION}.${id}\0${associated}`, "utf8");

function seal(plain: string, associated: string, key: { id: string; bytes: Buffer }, nonce: Buffer): string {
  const cipher = createCipheriv("aes-256-gcm", key.bytes, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(header(key.id, associated));
  const sealed = Buffer.concat([cipher.update(plain, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return `${VERSION}.${key.id}.${nonce.toString("base64url")}.${sealed.toString("base64url")}`;
}

type Parts = { id: string; nonce: Buffer; body: Buffer };

function split(sealed: string): Parts {
  const [, id, nonce, body] = FORM.exec(sealed) ?? [];
  if (id === undefined || nonce === undefined || body === undefined) throw new VaultError("This is not a value that the vault sealed.");
  return { id, nonce: Buffer.from(nonce, "base64url"), body: Buffer.from(body, "base64url") };
}

function open({ id, nonce, body }: Parts, associated: string, byId: ReadonlyMap<string, Buffer>): string {
  const key = byId.get(id);
  if (!key) throw new VaultError(`The value was sealed with the key ${id}, which vault.keys of the credentials file lacks.`);
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(header(id, associated));
  decipher.setAuthTag(body.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(body.subarray(0, -TAG_BYTES)), decipher.final()]).toString("utf8");
  } catch {
    // GCM says only that something does not fit; which of these it is can't be known
    throw new VaultError(`The sealed value does not open with the key ${id}: it was changed, or it belongs to another account.`);
  }
}
