import { type Fault, type FaultReport, type FaultTable, hostFault, MAX_APPENDED_BYTES, reportFault, statusLine } from "../ar.ts";
import { cutBytes } from "../cut-bytes.ts";
import { writeEnvelope } from "./envelope.ts";
import { PERCH } from "./namespaces.ts";
import type { RefusalCode } from "./soap-refusal.ts";
import { escapeXml, writeFields, xmlText } from "./write-xml.ts";

/**
 * SOAP 1.1, section 4.4.1: Client is for a message that fails as long as it stays as it is. Everything else, also what
 * a plug-in or its service says, is Server: the same message may succeed once somebody has acted.
 */
const CLIENT_REASONS: readonly string[] = [
  "bad-input",
  "bad-password",
  "not-allowed",
  "not-found",
  "not-registered",
  "no-such-plugin",
  "conflict",
];

export const faultOf = (fault: Fault, faults: FaultTable): string =>
  writeFault(CLIENT_REASONS.includes(fault.reason) ? "Client" : "Server", reportFault(fault, faults));

/** A message that is wrong. */
export const refusalFault = (code: RefusalCode, sentence: string, faults: FaultTable): string =>
  writeFault(code, reportFault(hostFault("bad-input", sentence, sentence), faults));

/** A fault with the status list in its detail. */
export function writeFault(code: RefusalCode | "Server", { statusList, reason, retryable, advice }: Omit<FaultReport, "message">): string {
  const entries = statusList.map(
    ({ messageType, messageNum, messageText, appendedText }) =>
      `<Status>${writeFields([
        ["MessageType", messageType],
        ["MessageNum", String(messageNum)],
        ["MessageText", messageText],
        ["AppendedText", appendedText],
      ])}</Status>`,
  );
  const facts = writeFields([
    ["Reason", reason],
    ["Retryable", String(retryable)],
    ["Advice", advice],
  ]);
  const detail = `<detail><StatusList xmlns="${PERCH}">${entries.join("")}${facts}</StatusList></detail>`;
  const line = statusList[0] ? shortLine(statusList[0]) : "";
  return writeEnvelope(
    `<soapenv:Fault><faultcode>soapenv:${code}</faultcode><faultstring>${escapeXml(line)}</faultstring>${detail}</soapenv:Fault>`,
  );
}

/**
 * The line that people see, in what AR System keeps of it: 255 bytes. The appended text is cut, so that the number at
 * the end, which workflow looks for, stays.
 */
export function shortLine(entry: FaultReport["statusList"][number]): string {
  const appendedText = xmlText(entry.appendedText);
  const whole = statusLine({ ...entry, appendedText });
  const tooLong = Buffer.byteLength(whole) - MAX_APPENDED_BYTES;
  if (tooLong <= 0) return whole;
  return statusLine({ ...entry, appendedText: cutBytes(appendedText, Math.max(0, Buffer.byteLength(appendedText) - tooLong)) });
}
