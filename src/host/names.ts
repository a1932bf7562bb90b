/** How names of accounts and mechanisms are compared: without case; that of an account may come with its @. */

export const sameName = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

export const withoutAt = (accountName: string): string => accountName.replace(/^@/, "");
