/** The operations as one table: what the WSDL says, what is read and what is answered all follow from it. */
import type { ARValue } from "../ar.ts";
import { deliveriesGet } from "../rpc/methods/deliveries-get.ts";
import { filterApiCall } from "../rpc/methods/filter-api-call.ts";
import { notify } from "../rpc/methods/notify.ts";
import type { Delivery, NotifyResult } from "../shapes.ts";
import { shortLine } from "./soap-fault.ts";
import type { XmlField } from "./write-xml.ts";

/** How a text becomes a param: as it is, or read strictly as a number. */
type Kind = "text" | "integer" | "number";
export type Input = { element: string; param: string; kind?: Kind; required?: true };

export type Operation = {
  name: string;
  /** The method of the table that it is; its schema validates. */
  method: string;
  inputs: readonly Input[];
  outputs: readonly string[];
  /** Where params are not simply the inputs by their names. */
  gather?(given: ReadonlyMap<string, string | number>): object;
  /** What the method answered, as texts; null leaves an element out. */
  answer(value: unknown): XmlField[];
};

const WAIT: Input = { element: "WaitSeconds", param: "waitSeconds", kind: "number" };

const notifyOperation: Operation = {
  name: "Notify",
  method: notify.name,
  inputs: [
    { element: "Text", param: "text", required: true },
    { element: "Content", param: "content" },
    { element: "FunctionalUser", param: "functionalUser" },
    { element: "EntryId", param: "entryId" },
    { element: "Priority", param: "priority", kind: "integer" },
    { element: "TtlSeconds", param: "ttlSeconds", kind: "integer" },
    { element: "IdempotencyKey", param: "idempotencyKey" },
    WAIT,
  ],
  outputs: ["DeliveryId", "State", "PostUrl", "AccountName", "DeliveryIds", "Duplicate"],
  answer: ({ deliveries, duplicate }: NotifyResult) => [
    ...(deliveries[0] ? firstFields(deliveries[0]) : []),
    ["DeliveryIds", deliveries.map(({ id }) => id).join(" ")],
    ["Duplicate", String(duplicate === true)],
  ],
};

const getDelivery: Operation = {
  name: "GetDelivery",
  method: deliveriesGet.name,
  inputs: [{ element: "DeliveryId", param: "id", required: true }, WAIT],
  outputs: ["DeliveryId", "State", "PostUrl", "AccountName", "Error"],
  answer: (delivery: Delivery) => {
    const [entry] = delivery.lastError?.statusList ?? [];
    return [...firstFields(delivery), ["Error", entry ? shortLine(entry) : null]];
  },
};

function firstFields({ id, state, posts, accountName }: Delivery): XmlField[] {
  return [
    ["DeliveryId", id],
    ["State", state],
    ["PostUrl", posts[0]?.url ?? null],
    ["AccountName", accountName],
  ];
}

const SLOTS = Array.from({ length: 10 }, (_, index) => index + 1);

/** Values of AR System travel as texts here. A slot that is left out or empty is NULL, as AR System sends its NULLs. */
const filterCall: Operation = {
  name: "FilterApiCall",
  method: filterApiCall.name,
  inputs: [{ element: "Plugin", param: "plugin", required: true }, ...SLOTS.map((slot) => ({ element: `In${slot}`, param: `in${slot}` }))],
  outputs: SLOTS.map((slot) => `Out${slot}`),
  gather(given) {
    const values = SLOTS.map((slot) => given.get(`in${slot}`) ?? null);
    const inValues = values.slice(0, values.findLastIndex((value) => value !== null) + 1);
    const plugin = given.get("plugin");
    return plugin === undefined ? { inValues } : { plugin, inValues };
  },
  answer: ({ outValues }: { outValues: ARValue[] }) => SLOTS.map((slot) => [`Out${slot}`, textOfValue(outValues[slot - 1] ?? null)]),
};

function textOfValue(value: ARValue): string | null {
  const plain = typeof value === "object" && value !== null ? value.value : value;
  return plain === null ? null : String(plain);
}

export const OPERATIONS: readonly Operation[] = [notifyOperation, getDelivery, filterCall];
