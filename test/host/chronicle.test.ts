import t from "tap";
import { HOST_FAULTS } from "../../src/ar.ts";
import { chronicle } from "../../src/host/chronicle.ts";
import { DELIVERY_STATES } from "../../src/shapes.ts";
import type { StoredDelivery } from "../../src/store/store.ts";
import { NOW, storedDelivery, storedPost } from "./stored.ts";

const FAULTS = { ...HOST_FAULTS, busy: { note: 20_900, text: "Busy.", advice: "Wait.", retryable: true } };
const BUSY = { reason: "busy", cause: "503:busy", detail: "2 of 3" };

function told(delivery: Partial<StoredDelivery>, sentence?: string) {
  const lines: { level: string; fields: Record<string, unknown>; sentence: string }[] = [];
  const line = (level: string) => (fields: Record<string, unknown>, said: string) => void lines.push({ level, fields, sentence: said });
  const log = { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
  chronicle(log, storedDelivery(delivery), FAULTS, sentence);
  t.equal(lines.length, 1, "one line for each change");
  return lines[0];
}

t.test("each state has its sentence and level", (t) => {
  t.strictSame(
    DELIVERY_STATES.map((state) => {
      const line = told({ state });
      return `${state}: ${line?.level} ${line?.sentence}`;
    }),
    [
      "queued: info delivery accepted",
      "sending: info post begun",
      "waiting: warn delivery waits",
      "in-doubt: warn delivery in doubt",
      "delivered: info delivery delivered",
      "failed: error delivery failed",
      "expired: error delivery expired",
      "cancelled: warn delivery cancelled",
    ],
  );
  t.match(told({}, "delivery put back"), { level: "info", sentence: "delivery put back" });
  t.end();
});

t.test("a line says which delivery, how far it is, and never what it says", (t) => {
  const posts = [storedPost({ state: "posted", id: "99" }), storedPost({ index: 1 })];
  t.strictSame(told({ state: "sending", posts, attempts: 2, entryId: "INC1", text: "the secret plan" })?.fields, {
    delivery: "d1",
    account: "ITSM_Notify",
    functionalUser: "ServiceDesk",
    entryId: "INC1",
    state: "sending",
    attempts: 2,
    posts: "1/2",
    postIds: ["99"],
  });
  t.end();
});

t.test("where the last fault explains the state, the line has AR's number, the note, and when it goes on", (t) => {
  t.match(told({ state: "waiting", lastFault: BUSY, nextAttemptAt: NOW + 60_000 })?.fields, {
    arerr: 8753,
    note: 20_900,
    reason: "busy",
    error: "Error in plugin : 503:busy (ARERR 8753)",
    detail: "2 of 3",
    nextAttemptAt: "2026-11-24T08:01:00.000Z",
  });
  t.match(told({ state: "expired", lastFault: BUSY })?.fields, { note: 20_031, reason: "expired", error: /it waited for: 503:busy/ });
  for (const state of ["queued", "sending", "delivered"] as const)
    t.notOk("reason" in (told({ state, lastFault: BUSY })?.fields ?? {}), `${state}: what went wrong before is over`);
  t.end();
});
