/** SOAP 1.1's frame (https://www.w3.org/TR/2000/NOTE-SOAP-20000508/); sections in comments are those of the note. */
import { PERCH, SOAP_12_ENVELOPE, SOAP_ENVELOPE, XSI } from "./namespaces.ts";
import type { XmlElement } from "./parse-xml.ts";
import { SoapRefusal } from "./soap-refusal.ts";
import type { XmlField } from "./write-xml.ts";
import { writeFields } from "./write-xml.ts";

/** Section 4.2.2: whoever gets the message first, so every host. */
const NEXT = "http://schemas.xmlsoap.org/soap/actor/next";

/** Those that are meant for this host. Of the message only the opening needs to have been read. */
export function readHeaders(root: XmlElement): readonly XmlElement[] {
  refuseVersion(root);
  const [header] = root.children;
  return header && isSoap(header, "Header") ? childrenOf(header).filter(isForUs) : [];
}

/** What the Body holds. At most one Header and exactly one Body with one element in it: what was checked is what is done. */
export function readRequest(root: XmlElement): XmlElement {
  const parts = childrenOf(root);
  if (parts[0] && isSoap(parts[0], "Header")) parts.shift();
  const [body, ...rest] = parts;
  if (!body || !isSoap(body, "Body")) throw new SoapRefusal("the Envelope must hold a Header, or none, and then a Body");
  if (rest.length > 0) throw new SoapRefusal(`the Envelope must hold nothing after its Body; there is ${shown(rest[0])}`);
  const [request, ...more] = childrenOf(body);
  if (!request || more.length > 0) throw new SoapRefusal("the Body must hold exactly one element, which names the operation");
  return request;
}

function refuseVersion({ uri, local }: XmlElement): void {
  if (local !== "Envelope") throw new SoapRefusal("the message must be a SOAP 1.1 Envelope");
  if (uri === SOAP_ENVELOPE) return;
  const given = uri === SOAP_12_ENVELOPE ? "SOAP 1.2" : "another version of SOAP";
  throw new SoapRefusal(`this is ${given}; only SOAP 1.1 is taken (namespace ${SOAP_ENVELOPE})`, "VersionMismatch");
}

const isSoap = ({ uri, local }: XmlElement, name: string): boolean => uri === SOAP_ENVELOPE && local === name;

/** Section 4.2.2: a header with another actor is somebody else's. */
function isForUs(header: XmlElement): boolean {
  const actor = attributeOf(header, SOAP_ENVELOPE, "actor") ?? "";
  return actor === "" || actor === NEXT;
}

/** Section 4.2.3: what must be understood and is not makes the whole message fail. */
export function refuseMandatory(headers: readonly XmlElement[], isUnderstood: (header: XmlElement) => boolean): void {
  const isMandatory = (header: XmlElement) => ["1", "true"].includes(attributeOf(header, SOAP_ENVELOPE, "mustUnderstand") ?? "");
  const strange = headers.find((header) => isMandatory(header) && !isUnderstood(header));
  if (strange) throw new SoapRefusal(`the header ${shown(strange)} must be understood, and it is not`, "MustUnderstand");
}

export const attributeOf = ({ attributes }: XmlElement, uri: string, local: string): string | undefined =>
  attributes.find((attribute) => attribute.uri === uri && attribute.local === local)?.value;

/** The elements in it; text between them is refused. */
export function childrenOf(element: XmlElement): XmlElement[] {
  if (/[^ \t\r\n]/.test(element.text)) throw new SoapRefusal(`${shown(element)} must hold elements only; there is text between them`);
  return [...element.children];
}

/** The text of an element that holds nothing else; undefined where it is empty or `xsi:nil`, which mean: left out. */
export function textOf(element: XmlElement): string | undefined {
  if (element.children.length > 0) throw new SoapRefusal(`${shown(element)} must hold text only; there is an element in it`);
  // Section 5.4.1: values by reference. Whoever sends them means SOAP encoding, and would be read wrongly.
  if (attributeOf(element, "", "href") !== undefined) throw new SoapRefusal(`${shown(element)} has an href; send document/literal`);
  const isNil = ["1", "true"].includes(attributeOf(element, XSI, "nil") ?? "");
  if (isNil && element.text !== "") throw new SoapRefusal(`${shown(element)} is nil and must be empty`);
  return element.text === "" ? undefined : element.text;
}

/** A name that a stranger chose, short enough to be shown. */
export const shown = (element: XmlElement | undefined): string => (element?.local ?? "").slice(0, 60).toWellFormed();

const HEAD = `<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope xmlns:soapenv="${SOAP_ENVELOPE}"><soapenv:Body>`;
const FOOT = "</soapenv:Body></soapenv:Envelope>\n";

/** `content`: XML that has been written already. */
export const writeEnvelope = (content: string): string => `${HEAD}${content}${FOOT}`;

export const writeAnswer = (operation: string, fields: readonly XmlField[]): string =>
  writeEnvelope(`<${operation}Response xmlns="${PERCH}">${writeFields(fields)}</${operation}Response>`);
