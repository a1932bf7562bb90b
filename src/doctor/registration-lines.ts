/** Enabled registrations of a plug-in that can post nothing, since their account is not authorised. */
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
