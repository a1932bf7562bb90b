import t from "tap";
import { newDeliveryId } from "../../src/host/delivery-id.ts";

t.test("ids are UUIDv7 of their moment, and none comes twice", (t) => {
  const ids = Array.from({ length: 10_000 }, () => newDeliveryId(1_800_000_000_000));
  t.equal(new Set(ids).size, ids.length);
  for (const id of ids.slice(0, 300)) t.match(id, /^01a3185c-5000-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  t.ok(newDeliveryId(1_800_000_000_001) > String(ids.toSorted().at(-1)));
  t.end();
});
