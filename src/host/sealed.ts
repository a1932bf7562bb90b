/** What the vault sealed and the store keeps. */
import { type Answer, done, hostFault, refused } from "../ar.ts";
import type { Token } from "../contract.ts";

/** Seals what must not be read in the store, bound to what it belongs to. */
export type Vault = { seal(plain: string, associated: string): string; open(sealed: string, associated: string): string };

export type Sealed = {
  /** For people: `the token of ITSM_Notify`. */
  what: string;
  text: string;
  boundTo: string;
  /** Keeps it sealed anew; false where something else has taken its place meanwhile. */
  replace(text: string): Promise<boolean>;
};

/** A key that is gone from the credentials file costs one account its token, and the host nothing. */
export function openToken(vault: Vault, sealed: string, boundTo: string, name: string): Answer<Token> {
  try {
    return done(JSON.parse(vault.open(sealed, boundTo)) as Token);
  } catch (cause) {
    return refused(hostFault("not-authorized", `${name}: ${cause instanceof Error ? cause.message : "its token can't be opened"}`));
  }
}
