/** AR values through `filterApiCall`: to the alert filter, the registration filter, and through a worker and back. */
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { DATA_TYPES } from "../../src/ar.ts";
import { anyJson, anyString } from "./from-schema.ts";
import { ECHO_FILTER, openFuzzStage } from "./fuzz-stage.ts";
import { fieldsOf, succeeded } from "./json-rpc-answer.ts";
import type { Suite } from "./suite.ts";

const scalar = fc.oneof(anyString, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer(), fc.constant(null));
const tagged = fc.record({ type: fc.constantFrom(...DATA_TYPES), value: fc.oneof(scalar, fc.boolean()) });
const arValue = fc.oneof({ weight: 6, arbitrary: scalar }, { weight: 3, arbitrary: tagged }, { weight: 1, arbitrary: anyJson });
/** User, Entry ID, Alert Text, Plug-in values, Encrypted plug-in values. */
const alert = fc.tuple(fc.oneof(fc.constant("ServiceDesk"), arValue), arValue, fc.oneof(anyString, arValue), arValue, arValue);
const inValues = fc.oneof(
  fc.array(arValue, { maxLength: 8 }),
  alert,
  fc.tuple(alert, fc.nat(5)).map(([values, length]) => values.slice(0, length)),
);
const filter = fc.constantFrom(
  "ARSYS.ALRT.TWITTER",
  "ARSYS.ALRT.TWITTER",
  "TWITTER",
  "ARSYS.ARF.TWITTER",
  ECHO_FILTER,
  ECHO_FILTER,
  "NO.SUCH",
);

export const values: Suite = {
  name: "values",
  statement: "AR values of any kind reach a filter as they are, or are refused and leave nothing behind",
  share: 0.08,
  async open(t) {
    const { sendChecked, tidy, bugs } = await openFuzzStage(t);
    return {
      property: fc.asyncProperty(filter, inValues, async (plugin, given) => {
        const request = { jsonrpc: "2.0", id: 1, method: "filterApiCall", params: { plugin, inValues: given } };
        const text = JSON.stringify(request);
        const [response] = await sendChecked(Buffer.from(text), false);
        if (!succeeded(response)) return;
        const { outValues } = fieldsOf(fieldsOf(response).result);
        if (!Array.isArray(outValues)) throw new Error("no outValues");
        // As JSON has it: it knows no -0.
        const sent: unknown = JSON.parse(text).params.inValues;
        if (plugin === ECHO_FILTER && !isDeepStrictEqual(outValues, sent))
          throw new Error(`${JSON.stringify(sent)} came back as ${JSON.stringify(outValues)}`);
      }),
      tidy,
      verdict: async () => bugs(),
    };
  },
};
