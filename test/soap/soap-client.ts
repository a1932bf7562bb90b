/** A caller by hand: envelopes as text, and answers read by the parser that refuses what is not well-formed. */
import { createHash, randomBytes } from "node:crypto";
import type { Test } from "tap";
import { PERCH, SOAP_ENVELOPE, WSSE, WSU } from "../../src/soap/namespaces.ts";
import { parseXml, type XmlElement } from "../../src/soap/parse-xml.ts";

export const envelope = (body: string, header = ""): string =>
  `<e:Envelope xmlns:e="${SOAP_ENVELOPE}" xmlns:p="${PERCH}"><e:Header>${header}</e:Header><e:Body>${body}</e:Body></e:Envelope>`;

/** An operation with its elements; what the fields hold is XML already. */
export const element = (name: string, fields: Record<string, string>): string =>
  `<p:${name}>${Object.entries(fields)
    .map(([field, text]) => `<p:${field}>${text}</p:${field}>`)
    .join("")}</p:${name}>`;

export const authenticationInfo = (name: string, password: string): string =>
  `<AuthenticationInfo xmlns="urn:SomeForm"><userName>${name}</userName><password>${password}</password><authentication/><locale/><timeZone/></AuthenticationInfo>`;

const TYPES = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#";
export const security = (content: string, attributes = ""): string =>
  `<w:Security xmlns:w="${WSSE}" xmlns:u="${WSU}" ${attributes}>${content}</w:Security>`;
export const usernameToken = (content: string): string => security(`<w:UsernameToken>${content}</w:UsernameToken>`);
export const textToken = (name: string, password: string): string =>
  usernameToken(`<w:Username>${name}</w:Username><w:Password Type="${TYPES}PasswordText">${password}</w:Password>`);

/** `stamp`: what is written as Created, where it is not what was digested. */
export type DigestOptions = { nonce?: Buffer; created?: string; stamp?: string };
export function digestToken(name: string, password: string, options: DigestOptions = {}): string {
  const { nonce = randomBytes(16), created = new Date().toISOString(), stamp = created } = options;
  const digest = createHash("sha1").update(nonce).update(created).update(password).digest("base64");
  const proof = `<w:Password Type="${TYPES}PasswordDigest">${digest}</w:Password><w:Nonce>${nonce.toString("base64")}</w:Nonce>`;
  return usernameToken(`<w:Username>${name}</w:Username>${proof}<u:Created>${stamp}</u:Created>`);
}

export type SoapAnswer = {
  status: number;
  headers: Headers;
  body: string;
  /** What stands in the Body: a response or a Fault. */
  content: XmlElement;
  /** Of the response, by element. */
  fields: Record<string, string>;
  fault?: { code: string; line: string; reason: string; numbers: string[] };
};

const XML = { "content-type": "text/xml; charset=utf-8" };

export async function post(url: string, message: string | Buffer, headers: Record<string, string> = {}): Promise<SoapAnswer> {
  const bytes = typeof message === "string" ? message : new Uint8Array(message);
  const answer = await fetch(`${url}/soap`, { method: "POST", headers: { ...XML, ...headers }, body: bytes });
  const body = await answer.text();
  const content = parseXml(body).children[0]?.children[0];
  if (!content) throw new Error(`no answer in ${body}`);
  const fault = content.local === "Fault" ? { fault: faultIn(content) } : {};
  const fields = Object.fromEntries(content.children.map(({ local, text }) => [local, text]));
  return { status: answer.status, headers: answer.headers, body, content, fields, ...fault };
}

function faultIn(content: XmlElement): NonNullable<SoapAnswer["fault"]> {
  const list = find(content, "detail", "StatusList");
  const entries = (list?.children ?? []).filter(({ local }) => local === "Status");
  return {
    code: find(content, "faultcode")?.text ?? "",
    line: find(content, "faultstring")?.text ?? "",
    reason: find(list, "Reason")?.text ?? "",
    numbers: entries.map((entry) => find(entry, "MessageNum")?.text ?? ""),
  };
}

const find = (from: XmlElement | undefined, ...path: string[]): XmlElement | undefined =>
  path.reduce<XmlElement | undefined>((at, name) => at?.children.find(({ local }) => local === name), from);

/** That it was refused, as which code, and in words that say why. */
export function isFault(t: Test, answer: SoapAnswer, code: string, words: RegExp): void {
  t.match({ status: answer.status, ...answer.fault }, { status: 500, code: `soapenv:${code}`, line: words }, String(words));
  t.ok(Buffer.byteLength(answer.fault?.line ?? "") <= 255, "AR System keeps 255 bytes");
}
