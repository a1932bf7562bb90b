import t from "tap";
import { reloadUnderLoad } from "./under-load.ts";

t.test("reloads of every kind under load lose nothing, post nothing twice, and fail no call", async (t) => {
  const { calls, failed, delivered, wrong } = await reloadUnderLoad(50, 20);
  t.same(failed, []);
  t.same(wrong, []);
  t.equal(delivered, calls);
  t.ok(calls > 100, `${calls} calls`);
});
