/** What a TLS handshake says: whose certificate it is, who signed it, how long it is good, and what is wrong with it. */
import type { Socket } from "node:net";
import type { DiagnosisLine } from "../../../src/contract.ts";
import { type Handshake, handshake } from "./reach.ts";

/** X renews long before; what comes closer is a box in between that somebody has to renew. */
const SOON_DAYS = 14;
const DAY_MS = 86_400_000;

const REMEDIES: readonly (readonly [problem: RegExp, remedy: string])[] = [
  [/^CERT_HAS_EXPIRED/, "If it is a proxy's that inspects TLS, renew it there. Else look at this machine's clock: it may be ahead."],
  [/^CERT_NOT_YET_VALID/, "Look at this machine's clock: it seems to be slow. Synchronise it (NTP)."],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID/,
    "Something else answers in X's place: compare the addresses of DNS with another machine's, and look for a proxy, a filter or a log-in page of the network.",
  ],
];
const UNTRUSTED =
  "If a proxy of yours inspects TLS, name its authority's PEM file in caFile of the plug-in's settings, or in NODE_EXTRA_CA_CERTS of the host's environment. If none does, somebody stands in between: ask the network's people.";

export type TlsEnd = { socket: Socket; host: string; ca: readonly string[] | undefined };

/** `now`: what the machine's clock says, by which the handshake judges too. */
export async function tlsLine({ socket, host, ca }: TlsEnd, now: number, signal: AbortSignal): Promise<DiagnosisLine> {
  const check = "TLS";
  const shaken = await handshake(socket, host, ca, signal);
  if (!shaken.ok) {
    const remedy = "What answers there does not speak TLS 1.2 or later: check apiBaseUrl, and whether a firewall or proxy cuts it off.";
    return { check, state: "fail", found: `no TLS with ${host} (${shaken.code})`, remedy };
  }
  const { problem } = shaken.handshake;
  const days = daysLeft(shaken.handshake, now);
  const found = describe(shaken.handshake, days);
  if (problem !== undefined) {
    const remedy = REMEDIES.find(([pattern]) => pattern.test(problem))?.[1] ?? UNTRUSTED;
    return { check, state: "fail", found: `the certificate is not trusted (${problem}): ${found}`, remedy };
  }
  if (days >= SOON_DAYS) return { check, state: "ok", found };
  const remedy = "Whoever runs what answers there must renew the certificate before it ends.";
  return { check, state: "warn", found, remedy };
}

const daysLeft = ({ certificate }: Handshake, now: number): number => Math.floor((Date.parse(certificate.valid_to) - now) / DAY_MS);

function describe({ certificate, protocol }: Handshake, days: number): string {
  const end = days < 0 ? `ended ${-days} days ago` : `good for ${days} days`;
  return `${protocol}, ${nameOf(certificate.subject)} signed by ${nameOf(certificate.issuer)}, ${end}`;
}

/** A name may come several times in a certificate. */
function nameOf(subject: { CN?: string | string[]; O?: string | string[] }): string {
  return [subject.CN ?? subject.O ?? "somebody without a name"].flat().join(", ");
}
