/** The template-filter plug-in: a filter that workflow calls with AR values, and that answers AR values. */
import Type, { type Static } from "typebox";
import { hostFault, refused } from "../../src/ar.ts";
import { definePlugin } from "../../src/contract.ts";

/** `userDefined` in config/perch.yaml. A description is what an editor and `perch check` show. */
const Settings = Type.Object(
  { greeting: Type.Optional(Type.String({ default: "Hello", description: "What stands before the name" })) },
  { additionalProperties: false },
);

export default definePlugin<Static<typeof Settings>, unknown>({
  apiVersion: 1,
  settingsSchema: Settings,
  filters: {
    "EXAMPLE.TEMPLATE_FILTER": ([name], { settings, log }) => {
      // A refusal is a value: a row of the host's table, or of a table `faults` of your own.
      if (typeof name !== "string") return refused(hostFault("bad-input", "input 1 (name) is no text"));
      log.debug({ length: name.length }, "greeted");
      return [`${settings.greeting}, ${name}`];
    },
  },
});
