/** Creates a credentials file with random secrets, which nobody but its owner can read. */
import { randomBytes } from "node:crypto";
import { rename, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { fileTrouble } from "./read-text.ts";

export type InitOptions = {
  /** Puts a file that exists aside instead of refusing. It is never overwritten: its vault key opens the stored tokens. */
  force?: boolean;
  now?: Date;
  random?: (bytes: number) => Buffer;
};
export type InitResult = { ok: true; file: string; setAside?: string } | { ok: false; message: string };

/** `file` relative to the working folder. Its folder must exist. */
export async function initCredentials(file: string, options: InitOptions = {}): Promise<InitResult> {
  const { force = false, now = new Date(), random = randomBytes } = options;
  const path = resolve(file);
  const setAside = `${path}.${now.toISOString().replace(/[:.]/g, "-")}`;
  const text = credentialsText(now, random);
  try {
    const moved = force && (await rename(path, setAside).then(() => true, ignoreMissing));
    // "wx" creates or fails (O_EXCL), also where a link of that name stands
    await writeFile(path, text, { flag: "wx", mode: 0o600 });
    return moved ? { ok: true, file: path, setAside } : { ok: true, file: path };
  } catch (error) {
    return { ok: false, message: refusal(path, error) };
  }
}

function ignoreMissing(error: unknown): false {
  if (fileTrouble(error).missing) return false;
  throw error;
}

function refusal(path: string, error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EEXIST") return `${path} exists and is left as it is. With --force it is put aside and a new one is written.`;
  const trouble = fileTrouble(error);
  return trouble.missing ? `${path} can't be created: its folder does not exist.` : `${path} can't be created: it ${trouble.message}.`;
}

function credentialsText(now: Date, random: (bytes: number) => Buffer): string {
  // 24 bytes are 32 characters and 192 bits: not to be guessed, so no hash is needed for its strength
  const password = (): string => random(24).toString("base64url");
  return `# yaml-language-server: $schema=./credentials.schema.json
# Secrets of Perch. Never check this file in; nobody but the host's user may read it (mode 0600).

vault:
  keys: # the first seals, all open; to rotate, add a new one and then put it first
    - id: "${now.toISOString().slice(0, 7)}"
      key: "${random(32).toString("base64")}"

clients: # who may call; \`perch credentials hash\` makes a hash that may stand here instead of a password
  - name: ar-server
    role: workflow
    password: "${password()}"
  - name: ops
    role: operator
    password: "${password()}"
  - name: admin
    role: admin
    password: "${password()}"

# store: # for a store in PostgreSQL: the password of its user
#   password: "..."

plugins:
  twitter: # from the X developer portal: Keys and tokens of an app with Read and write permission
    # consumerKey: "..."
    # consumerSecret: "..."
    # accounts: # optional: tokens of your own; they win over those that a PIN brought
    #   ITSM_Notify:
    #     accessToken: "..."
    #     accessTokenSecret: "..."
`;
}
