/** What a store keeps, for tests: everything has a value, and a test names only what it is about. */
import type { NewDelivery, StoredAccount, StoredDelivery, StoredPost, StoredRegistration } from "../../src/store/store.ts";

export const NOW = Date.parse("2026-11-24T08:00:00Z");
export const DAY_MS = 86_400_000;

export const newDelivery = (more: Partial<NewDelivery> = {}): NewDelivery => ({
  id: "d1",
  plugin: "example",
  lane: "example:7",
  registrationId: "r1",
  functionalUser: "ServiceDesk",
  accountName: "ITSM_Notify",
  content: "Broadcast",
  entryId: null,
  text: "E-mail is down",
  priority: 5,
  client: "ar-server",
  acceptedAt: NOW,
  expiresAt: NOW + DAY_MS,
  datedBy: null,
  ...more,
});

export const storedDelivery = (more: Partial<StoredDelivery> = {}): StoredDelivery => ({
  ...newDelivery(),
  seq: 1,
  state: "queued",
  begun: false,
  posts: [],
  attempts: 0,
  deliveredAt: null,
  nextAttemptAt: null,
  lastFault: null,
  history: null,
  ...more,
});

export const storedPost = (more: Partial<StoredPost> = {}): StoredPost => ({
  index: 0,
  state: "queued",
  text: "E-mail is down",
  reply: false,
  id: null,
  url: null,
  begunAt: null,
  doubtAt: null,
  looks: 0,
  blind: false,
  ...more,
});

export const storedAccount = (more: Partial<StoredAccount> = {}): StoredAccount => ({
  lane: "example:7",
  plugin: "example",
  accountId: "7",
  accountName: "ITSM_Notify",
  token: null,
  protected: null,
  accessLevel: null,
  checkedAt: null,
  revoked: false,
  paused: false,
  hold: null,
  ...more,
});

export const storedRegistration = (more: Partial<StoredRegistration> = {}): StoredRegistration => ({
  id: "r1",
  company: "Global",
  content: "Broadcast",
  functionalUser: "ServiceDesk",
  mechanism: "Example",
  accountName: "ITSM_Notify",
  enabled: true,
  lane: "example:7",
  authorizedAt: NOW,
  pending: null,
  createdAt: NOW,
  updatedAt: NOW,
  ...more,
});
