/** Whoever gives a name chooses its length. */
const MAX_LENGTH = 255;

/** A name as a stranger gave it, for logs and the audit: cut, and nothing in it that would not show. */
export const givenName = (name: string): string => name.slice(0, MAX_LENGTH).toWellFormed().replaceAll(/\p{C}/gu, "\ufffd");
