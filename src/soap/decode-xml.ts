import { SoapRefusal } from "./soap-refusal.ts";

/** Fatal: a wrong byte would otherwise become U+FFFD and be posted. It takes the byte order mark of UTF-8 away. */
const UTF_8 = new TextDecoder("utf-8", { fatal: true });

/** How XML begins in two or four bytes a character, with and without a byte order mark (XML 1.0, appendix F.1). */
const WIDE_BEGINNINGS = ["feff", "fffe", "003c", "3c00", "0000"];

/** The text of a message, which must be in UTF-8. `charset`: what the Content-Type says, if it says so. */
export function decodeXml(body: Uint8Array, charset?: string): string {
  if (body.length === 0) throw new SoapRefusal("the body is empty; a SOAP 1.1 envelope is needed");
  if (charset !== undefined && !isUtf8(charset)) {
    throw new SoapRefusal(`the charset in Content-Type must be utf-8; it is ${charset.slice(0, 40)}`);
  }
  if (WIDE_BEGINNINGS.includes(Buffer.from(body.subarray(0, 2)).toString("hex"))) {
    throw new SoapRefusal("the message is in UTF-16 or UTF-32; send it in UTF-8");
  }
  try {
    return UTF_8.decode(body);
  } catch {
    throw new SoapRefusal("the message is not UTF-8; send it in UTF-8, whatever its XML declaration says");
  }
}

export const isUtf8 = (name: string): boolean => /^utf-?8$/i.test(name);
