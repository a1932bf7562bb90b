/** The accounts that benches post for, and what they post. */

export const accountNames = (count: number): string[] => Array.from({ length: count }, (_, index) => `Account_${index + 1}`);
/** The token that `test/child-host.ts` writes into the credentials file for an account. */
export const tokenOf = (account: string): string => `${account}-token`;
/** Of the usual length of a broadcast. */
export const textOf = (index: number): string => `Notice ${index}: e-mail is down in Paris, we are on it. The next news is at noon.`;
