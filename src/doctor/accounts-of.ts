/** The accounts that a host would use: stored tokens opened with the vault, and those of the credentials file, which win. */
import type { Credentials } from "../config/schema.ts";
import type { Account, DiagnosisLine, Token } from "../contract.ts";
import type { StoredAccount } from "../store/store.ts";
import { openVault, type Vault } from "../vault.ts";

export type FoundAccounts = {
  accounts: Account[];
  /** One for each stored token that can't be opened. */
  lines: DiagnosisLine[];
};

export function accountsOf(plugin: string, credentials: Credentials, stored: readonly StoredAccount[]): FoundAccounts {
  const own = configuredAccounts(credentials.plugins[plugin]);
  const isOwn = ({ accountName }: StoredAccount) => own.some(({ name }) => name.toLowerCase() === accountName.toLowerCase());
  const vault = openVault(credentials.vault.keys);
  const opened = stored.filter((account) => account.plugin === plugin && !isOwn(account)).flatMap((account) => openOne(vault, account));
  return {
    accounts: [...own, ...opened.flatMap((one) => ("account" in one ? [one.account] : []))],
    lines: opened.flatMap((one) => ("line" in one ? [one.line] : [])),
  };
}

/** `accounts` among a plug-in's secrets: account name → token. */
export function configuredAccounts(secrets: unknown): Account[] {
  if (typeof secrets !== "object" || secrets === null || !("accounts" in secrets)) return [];
  return Object.entries((secrets.accounts ?? {}) as Record<string, Token>).map(([name, token]) => ({ id: "", name, token }));
}

function openOne(vault: Vault, { accountId, accountName, token }: StoredAccount): ({ account: Account } | { line: DiagnosisLine })[] {
  if (token === null) return [];
  try {
    return [{ account: { id: accountId, name: accountName, token: JSON.parse(vault.open(token, accountId)) as Token } }];
  } catch (cause) {
    const remedy = `Put that key back into vault.keys, or authorise the account again: perch registrations authorize ${accountName}`;
    const found = cause instanceof Error ? cause.message : String(cause);
    return [{ line: { check: `token of ${accountName}`, state: "fail", found, remedy } }];
  }
}
