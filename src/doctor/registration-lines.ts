/** Enabled registrations that can post nothing. */
import type { DiagnosisLine } from "../contract.ts";
import { adviceWithoutPin } from "../host/obstacle.ts";
import type { Manifest } from "../host/protocol.ts";
import type { StoredRegistration } from "../store/store.ts";
import { configuredAccounts } from "./accounts-of.ts";

type Registered = {
  plugin: string;
  mechanism: Manifest["mechanism"];
  registrations: readonly StoredRegistration[];
  /** The plug-in's part of the credentials file: what names an account there needs no PIN. */
  secrets: unknown;
};

/** Of a plug-in: those whose account is not authorised. */
export function* registrationLines({ plugin, mechanism, registrations, secrets }: Registered): Generator<DiagnosisLine> {
  const own = configuredAccounts(secrets).map(({ name }) => name.toLowerCase());
  for (const { enabled, lane, functionalUser, accountName, mechanism: named } of registrations) {
    if (named.toLowerCase() !== mechanism?.name.toLowerCase()) continue;
    if (!enabled || lane !== null || own.includes(accountName.toLowerCase())) continue;
    yield {
      check: "registration",
      state: "warn",
      found: `${functionalUser} is enabled, and its account ${accountName} is not authorised`,
      remedy: mechanism.withoutPin ? adviceWithoutPin(plugin) : `Authorise it: perch registrations authorize ${accountName}`,
    };
  }
}

/** Those of a mechanism that no plug-in offers; `offered`: the names of those that one does, in small letters. */
export function* homelessLines(registrations: readonly StoredRegistration[], offered: ReadonlySet<string>): Generator<DiagnosisLine> {
  for (const { enabled, functionalUser, accountName, mechanism } of registrations) {
    if (!enabled || offered.has(mechanism.toLowerCase())) continue;
    yield {
      check: "registration",
      state: "warn",
      found: `${functionalUser} is enabled for ${accountName} by ${mechanism}, which no plug-in that loads offers`,
      remedy: `Name the plug-in that offers ${mechanism} in plugins, or mend it; else delete the registration: perch registrations delete ${accountName}`,
    };
  }
}
