import { Ajv2020 } from "ajv/dist/2020.js";
import t from "tap";
import { AuditEntry, Delivery, HostStatus, Lane, NotifyResult, PluginReport, Preview, Registration } from "../../src/shapes.ts";
import * as recorded from "./recorded.ts";

const ajv = new Ajv2020({ strict: false });
const PAIRS: readonly (readonly [object, unknown])[] = [
  [Delivery, recorded.delivered],
  [Delivery, recorded.failed],
  [Delivery, recorded.waiting],
  [Registration, recorded.registration],
  [Registration, recorded.enabled],
  [Registration, recorded.unauthorized],
  [Lane, recorded.lane],
  [PluginReport, recorded.plugin],
  [HostStatus, recorded.hostStatus],
  ...recorded.acts.map((act) => [AuditEntry, act] as const),
  [Preview, recorded.preview],
  [NotifyResult, recorded.notified],
];

t.test("the recorded answers are such as a host gives", async (t) => {
  for (const [schema, answer] of PAIRS) {
    const fits = ajv.compile(schema);
    t.ok(fits(answer), JSON.stringify(fits.errors));
  }
});
