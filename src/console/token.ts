import { randomBytes } from "node:crypto";

/** What nobody can guess: 256 random bits, in 43 characters. */
export const newToken = (): string => randomBytes(32).toString("base64url");
