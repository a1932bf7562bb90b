import type { StoredRegistration } from "./store.ts";

/** The five names that make a registration unique, without case. Databases fold ASCII only or by their locale, and user names keep to neither. */
export const uniqueNames = (registration: StoredRegistration): string =>
  JSON.stringify(
    [registration.company, registration.content, registration.functionalUser, registration.mechanism, registration.accountName].map(
      (name) => name.normalize("NFC").toLowerCase(),
    ),
  );
