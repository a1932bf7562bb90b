import fc from "fast-check";
import t from "tap";
import { HOST_FAULTS, hostFault, MESSAGES, type MessageNumber } from "../../src/ar.ts";
import { parseXml } from "../../src/soap/parse-xml.ts";
import { faultOf, shortLine } from "../../src/soap/soap-fault.ts";

const numbers = Object.keys(MESSAGES).map((number) => Number(number) as MessageNumber);
const entry = fc.tuple(fc.constantFrom(...numbers), fc.string({ unit: "binary", maxLength: 255 })).map(([messageNum, appendedText]) => ({
  messageType: "ERROR" as const,
  messageNum,
  messageText: MESSAGES[messageNum],
  appendedText,
}));

t.test("the line fits 255 bytes, begins with the message and ends with its number", async (t) => {
  fc.assert(
    fc.property(entry, (given) => {
      const line = shortLine(given);
      const ends = line.startsWith(given.messageText) && line.endsWith(` (ARERR ${given.messageNum})`);
      return Buffer.byteLength(line) <= 255 && ends && line.isWellFormed();
    }),
  );
  const short = { messageType: "ERROR" as const, messageNum: 8753, messageText: "Error in plugin", appendedText: "ü".repeat(113) };
  t.equal(Buffer.byteLength(shortLine(short)), 255, "no more is cut than must be");
});

t.test("every fault of the host is well-formed, and Client only where the message must change", async (t) => {
  const codes = Object.keys(HOST_FAULTS).map((reason) => {
    const root = parseXml(faultOf(hostFault(reason as keyof typeof HOST_FAULTS, "<cause> & \u0001"), HOST_FAULTS));
    return [reason, root.children[0]?.children[0]?.children[0]?.text];
  });
  const client = codes.filter(([, code]) => code === "soapenv:Client").map(([reason]) => reason);
  t.strictSame(client.toSorted(), [
    "bad-input",
    "bad-password",
    "conflict",
    "no-such-plugin",
    "not-allowed",
    "not-found",
    "not-registered",
  ]);
  t.strictSame(new Set(codes.map(([, code]) => code)), new Set(["soapenv:Client", "soapenv:Server"]));
});
