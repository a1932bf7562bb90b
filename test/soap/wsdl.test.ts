/** The shape that contract.md's section 4 gives, word for word: who has mapped an element relies on its name. */
import t from "tap";
import { parseXml, type XmlElement } from "../../src/soap/parse-xml.ts";
import { writeWsdl } from "../../src/soap/wsdl.ts";

const all = (from: XmlElement, name: string): XmlElement[] =>
  from.children.flatMap((child) => [...(child.local === name ? [child] : []), ...all(child, name)]);
const attribute = (of: XmlElement | undefined, name: string) => of?.attributes.find(({ local }) => local === name)?.value;
const root = parseXml(writeWsdl("https://perch.example/soap"));

const SLOTS = Array.from({ length: 10 }, (_, index) => index + 1);
const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  Notify: ["Text!", "Content", "FunctionalUser", "EntryId", "Priority", "TtlSeconds", "IdempotencyKey", "WaitSeconds"],
  NotifyResponse: ["DeliveryId", "State", "PostUrl", "AccountName", "DeliveryIds", "Duplicate"],
  GetDelivery: ["DeliveryId!", "WaitSeconds"],
  GetDeliveryResponse: ["DeliveryId", "State", "PostUrl", "AccountName", "Error"],
  FilterApiCall: ["Plugin!", ...SLOTS.map((slot) => `In${slot}`)],
  FilterApiCallResponse: SLOTS.map((slot) => `Out${slot}`),
};

t.test("each operation is one element with a flat sequence of strings, optional but for what it needs", async (t) => {
  const schema = all(root, "schema");
  t.equal(schema.length, 1);
  const elements = schema[0]?.children ?? [];
  const found = elements.map((element) => {
    const fields = all(element, "element");
    t.ok(fields.every((field) => attribute(field, "type") === "xsd:string"));
    return [
      attribute(element, "name"),
      fields.map((field) => attribute(field, "name") + (attribute(field, "minOccurs") === "0" ? "" : "!")),
    ];
  });
  t.strictSame(Object.fromEntries(found), EXPECTED);
  t.equal(all(root, "import").length + all(root, "include").length, 0, "everything is in one document");
});

t.test("what refers to something refers to what is there", async (t) => {
  const names = (kind: string) => all(root, kind).map((element) => attribute(element, "name"));
  const refers = (kind: string, by: string, to: readonly (string | undefined)[]) => {
    for (const element of all(root, kind)) {
      const reference = attribute(element, by);
      if (reference !== undefined) t.ok(to.includes(reference.replace(/^tns:/, "")), reference);
    }
  };
  refers("part", "element", Object.keys(EXPECTED));
  refers("input", "message", names("message"));
  refers("output", "message", names("message"));
  refers("binding", "type", names("portType"));
  refers("port", "binding", names("binding"));
  const operations = names("operation").filter((name) => name !== undefined);
  t.strictSame(operations, ["Notify", "GetDelivery", "FilterApiCall", "Notify", "GetDelivery", "FilterApiCall"]);
  t.strictSame(
    all(root, "address").map((address) => attribute(address, "location")),
    ["https://perch.example/soap"],
  );
});
