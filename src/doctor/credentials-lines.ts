/** The lines about the credentials file itself. */
import { statSync } from "node:fs";
import type { LoadedConfig } from "../config/load.ts";
import { isHashed } from "../config/password.ts";
import type { DiagnosisLine } from "../contract.ts";

/** It was read, so it is there, right and closed to others: anything else is a problem of the configuration. */
export function credentialsLine({ sources, credentials }: LoadedConfig): DiagnosisLine {
  const { file } = sources.credentials;
  const { uid, mode } = statSync(file);
  const found = `${file}, mode ${(mode & 0o777).toString(8)}, ${count(credentials.clients.length, "client")}, ${count(credentials.vault.keys.length, "vault key")}`;
  const me = process.getuid?.();
  if (me === undefined || uid === me || me === 0) return { check: "credentials", state: "ok", found };
  const remedy = "Let the file belong to the host's user (chown), and run this as that user.";
  return { check: "credentials", state: "warn", found: `${found}, belongs to user ${uid}`, remedy };
}

export function vaultLine({ credentials }: LoadedConfig): DiagnosisLine {
  const [current, ...older] = credentials.vault.keys.map(({ id }) => id);
  const found = `${current} seals${older.length > 0 ? `; ${older.join(", ")} only open what they sealed` : ""}`;
  return { check: "vault", state: "ok", found };
}

/** A plain password is allowed, and needed by some callers, so it is no failure. */
export function passwordsLine({ credentials }: LoadedConfig): DiagnosisLine {
  const check = "passwords";
  const plain = credentials.clients.filter(({ password }) => !isHashed(password)).map(({ name }) => name);
  if (plain.length === 0) return { check, state: "ok", found: "all are hashed" };
  return {
    check,
    state: "warn",
    found: `plain: ${plain.join(", ")}`,
    remedy:
      "Put what `perch credentials hash` prints in place of each; leave it plain only for a caller that sends a password digest (WS-Security).",
  };
}

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? "" : "s"}`;
