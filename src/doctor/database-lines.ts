/** The lines about the way to a database, and its clock. */
import type { DiagnosisLine } from "../contract.ts";
import type { StoreInspection } from "../store/inspect.ts";

/** Beyond this hosts of one group date what they accept so differently that people notice. */
const CLOCKS_MAY_DIFFER_MS = 2_000;

export function* databaseLines(store: StoreInspection): Generator<DiagnosisLine> {
  if (store.state !== "served") return;
  yield wayLine(store);
  yield clockLine(store.aheadMs);
}

type Served = Extract<StoreInspection, { state: "served" }>;

function wayLine({ local, tls }: Pick<Served, "local" | "tls">): DiagnosisLine {
  const check = "database way";
  if (tls) return { check, state: "ok", found: "encrypted (TLS)" };
  if (local) return { check, state: "ok", found: "does not leave this machine" };
  const remedy = "Add ?sslmode=verify-full&sslrootcert=FILE to store, unless nobody else can listen on that network.";
  return { check, state: "warn", found: "crosses the network in the clear: texts, sealed tokens, who did what", remedy };
}

function clockLine(aheadMs: number): DiagnosisLine {
  const check = "database clock";
  const seconds = Math.round(Math.abs(aheadMs) / 100) / 10;
  if (Math.abs(aheadMs) <= CLOCKS_MAY_DIFFER_MS) return { check, state: "ok", found: "agrees with this machine's" };
  const found = `this machine is ${seconds} s ${aheadMs > 0 ? "ahead of" : "behind"} the database`;
  return { check, state: "warn", found, remedy: "Synchronise both (NTP): leases run by the database's clock, deliveries by the hosts'." };
}
