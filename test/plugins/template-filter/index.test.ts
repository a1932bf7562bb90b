import t from "tap";
import { openKit } from "../../../src/kit/kit.ts";

const module = new URL("../../../plugins/template-filter/index.ts", import.meta.url);

t.test("it greets", async (t) => {
  const kit = await openKit(t, { module, settings: { greeting: "Good morning" } });
  const { outValues } = await kit.filter("EXAMPLE.TEMPLATE_FILTER", ["Allen"]);
  t.strictSame(outValues, ["Good morning, Allen"]);
});

t.test("what is no name is refused, with the input that is wrong", async (t) => {
  const kit = await openKit(t, { module });
  await t.rejects(kit.filter("EXAMPLE.TEMPLATE_FILTER", [7]), { code: 8753, message: /input 1/, data: { reason: "bad-input" } });
});
