/** Who sends a message, as its headers say. */
import type { Pair, Proof } from "../rpc/who.ts";
import { childrenOf, shown, textOf } from "./envelope.ts";
import { WSSE, WSU } from "./namespaces.ts";
import type { XmlElement } from "./parse-xml.ts";
import { SoapRefusal } from "./soap-refusal.ts";
import { readUsernameToken, type TokenOptions } from "./username-token.ts";

/**
 * AR System sends `AuthenticationInfo` in the namespace of the service it calls, and its published services take it in
 * theirs; the name alone is reserved (BMC's documentation, "Web service authentication"). So any namespace will do.
 */
const isInfo = ({ local }: XmlElement): boolean => local === "AuthenticationInfo";
const isSecurity = ({ uri, local }: XmlElement): boolean => uri === WSSE && local === "Security";

/** Those of AuthenticationInfo first. */
export function readCredentials(headers: readonly XmlElement[], options: TokenOptions): (Pair | Proof)[] {
  const info = single(headers.filter(isInfo));
  const security = single(headers.filter(isSecurity));
  const token = security && single(childrenOf(security).filter(isUsernameToken));
  const given = [info && readInfo(info), token && readUsernameToken(token, options)];
  return given.filter((credentials) => credentials !== undefined);
}

function single(elements: readonly XmlElement[]): XmlElement | undefined {
  const [element, ...more] = elements;
  if (more.length > 0) throw new SoapRefusal(`the message has more than one ${shown(element)}`);
  return element;
}

/** `authentication`, `locale` and `timeZone` say how to log in at an AR System server, and nothing here. Empty: none was meant. */
function readInfo(info: XmlElement): Pair | undefined {
  const parts = childrenOf(info);
  const value = (name: string) => {
    const element = single(parts.filter(({ local }) => local === name));
    return element && textOf(element);
  };
  const [name, password] = [value("userName"), value("password")];
  return name === undefined && password === undefined ? undefined : { name: name ?? "", password: password ?? "" };
}

const isUsernameToken = ({ uri, local }: XmlElement): boolean => uri === WSSE && local === "UsernameToken";
/** A time stamp that nobody signed protects nothing, so nothing depends on it. */
const isTimestamp = ({ uri, local }: XmlElement): boolean => uri === WSU && local === "Timestamp";

/** Whether this door does what a header asks for; of a signature it would only look as if it did. */
export const isUnderstood = (header: XmlElement): boolean =>
  isInfo(header) || (isSecurity(header) && header.children.every((part) => isUsernameToken(part) || isTimestamp(part)));
