/**
 * XML 1.0 with namespaces, for messages of strangers. saxes is strict (it passes the XML conformance suite), never
 * fetches anything and knows no entity but the five; what SOAP forbids besides is refused here as soon as it is read.
 */
import { SaxesParser, type SaxesTagNS } from "saxes";
import { isUtf8 } from "./decode-xml.ts";
import { SoapRefusal } from "./soap-refusal.ts";

export type XmlAttribute = { uri: string; local: string; value: string };
/** `text`: all of its own, in the order of the document; comments leave no gap. */
export type XmlElement = { uri: string; local: string; attributes: readonly XmlAttribute[]; children: XmlElement[]; text: string };

/** A UsernameToken's password is the fifth; headers of gateways (WS-Addressing) go a little deeper. */
const MAX_DEPTH = 16;
const MAX_ELEMENTS = 1_000;
const MAX_ATTRIBUTES = 64;

/** What may stand before the Body. Characters. */
const MAX_OPENING = 65_536;

/** Throws a {@link SoapRefusal} for what is not well-formed, has a DOCTYPE or a processing instruction, or is too much. */
export function parseXml(text: string): XmlElement {
  const builder = openBuilder();
  openParser(builder).write(text).close();
  return builder.root();
}

/** Thrown by a handler, the only way to make the parser stop. */
const REACHED_BODY = new Error("the Body has been reached");

/**
 * The root with what stands before its Body, which is not read: a stranger's whole message would cost a tenth of a
 * second, and who sent it stands in the Header.
 */
export function parseOpening(text: string): XmlElement {
  const builder = openBuilder((element, depth) => {
    if (depth === 1 && element.local === "Body") throw REACHED_BODY;
  });
  try {
    const parser = openParser(builder).write(text.slice(0, MAX_OPENING));
    if (text.length > MAX_OPENING) refuse(`the Header is longer than ${MAX_OPENING} characters`);
    parser.close();
  } catch (error) {
    if (error !== REACHED_BODY) throw error;
  }
  return builder.root();
}

type Builder = ReturnType<typeof openBuilder>;

function openParser(builder: Builder) {
  const parser = new SaxesParser({ xmlns: true });
  let attributes = 0;
  parser.on("xmldecl", ({ version, encoding }) => {
    if (version !== "1.0") refuse("the XML declaration must say version 1.0");
    if (encoding !== undefined && !isUtf8(encoding)) refuse(`the XML declaration says ${encoding.slice(0, 40)}; only UTF-8 is taken`);
  });
  // SOAP 1.1, section 3: a message must hold neither.
  parser.on("doctype", () => refuse("a SOAP message must not have a DOCTYPE"));
  parser.on("processinginstruction", () => refuse("a SOAP message must not have processing instructions"));
  parser.on("opentagstart", () => {
    attributes = 0;
    builder.count();
  });
  parser.on("attribute", () => {
    attributes += 1;
    if (attributes > MAX_ATTRIBUTES) refuse(`an element has more than ${MAX_ATTRIBUTES} attributes`);
  });
  parser.on("opentag", (tag) => builder.open(elementOf(tag)));
  parser.on("closetag", () => builder.close());
  parser.on("text", builder.text);
  parser.on("cdata", builder.text);
  // Its own message begins with line:column.
  parser.on("error", ({ message }) => refuse(`the message is not well-formed XML: ${message.toWellFormed().slice(0, 160)}`));
  return parser;
}

function refuse(sentence: string): never {
  throw new SoapRefusal(sentence);
}

function elementOf({ uri, local, attributes }: SaxesTagNS): XmlElement {
  const own = Object.values(attributes).map(({ uri, local, value }) => ({ uri, local, value }));
  return { uri, local, attributes: own, children: [], text: "" };
}

/** `onOpen` is told of each element before it is kept, and of how many are open around it. */
function openBuilder(onOpen?: (element: XmlElement, depth: number) => void) {
  const open: XmlElement[] = [];
  let first: XmlElement | undefined;
  let elements = 0;
  return {
    /** Before the attributes are read. */
    count() {
      elements += 1;
      if (elements > MAX_ELEMENTS) refuse(`the message has more than ${MAX_ELEMENTS} elements`);
      if (open.length >= MAX_DEPTH) refuse(`the message is nested deeper than ${MAX_DEPTH} levels`);
    },
    open(element: XmlElement) {
      onOpen?.(element, open.length);
      open.at(-1)?.children.push(element);
      first ??= element;
      open.push(element);
    },
    close: () => void open.pop(),
    text(piece: string) {
      const element = open.at(-1);
      if (element) element.text += piece;
    },
    root: (): XmlElement => first ?? refuse("the message has no element"),
  };
}
