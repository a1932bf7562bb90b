import t from "tap";
import { judgeOrder } from "../judge.ts";
import { hasFaketime } from "./faked-clock.ts";
import { openTimeStage } from "./stage.ts";

const DAY = 86_400;
const HOUR = 3600;

for (const offsetSeconds of [-DAY, DAY, -20 * 60, HOUR]) {
  t.test(`a host whose clock is ${offsetSeconds} s off at its start posts all in order, for one refused request`, async (t) => {
    const { yard, refused, knownOffset } = await openTimeStage(t, { offsetSeconds });
    for (let index = 0; index < 12; index += 1) await yard.notify({ text: `Notice ${index}`, functionalUser: "ITSM_Notify" });
    const deliveries = await yard.drained();
    t.same(judgeOrder(deliveries, await yard.posts()), []);
    t.equal(deliveries.length, 12);
    t.equal(await refused(), 1, "X refused the first request and no other");
    const known = (await knownOffset()) ?? Number.NaN;
    t.ok(Math.abs(known + offsetSeconds) <= 2, `the host knows that X is ${known} s ahead of it`);
  });
}

t.test("a host whose clock is a day off says when things were accepted by X's clock", async (t) => {
  const { yard } = await openTimeStage(t, { offsetSeconds: DAY });
  const before = Date.now();
  const [delivery] = await yard.notify({ text: "Notice", functionalUser: "ITSM_Notify" });
  const acceptedAt = Date.parse(delivery?.acceptedAt ?? "");
  t.ok(Math.abs(acceptedAt - before) < 5_000, `${acceptedAt - before} ms apart`);
});

t.test("a machine without libfaketime is recognised", async (t) => {
  t.ok(hasFaketime());
  t.notOk(hasFaketime(t.testdir({ "x86_64-linux-gnu": {} })));
});
