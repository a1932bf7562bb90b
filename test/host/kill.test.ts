/** The host is killed with SIGKILL while it works; the sandbox's own record is the judge. */
import t from "tap";
import type { Delivery } from "../../src/shapes.ts";
import { openYard } from "../child-host.ts";

const POSTING = { method: "POST", path: "/2/tweets" };

t.test("200 accepted and not yet posted: killed, started again, all posted once and in order", async (t) => {
  const yard = await openYard();
  t.teardown(() => yard.close());
  const first = await yard.start();
  await yard.register();
  // X takes the first post and hangs: one request is in flight, the rest waits behind it.
  await yard.control("faults", { match: POSTING, fault: { hang: true } });
  const texts = Array.from({ length: 200 }, (_, index) => `Broadcast number ${index}`);
  for (const text of texts) await yard.notify({ text });
  await first.kill();
  const before = (await yard.posts()).length;
  t.ok(before <= 1, `${before} posted before the kill`);

  const second = await yard.start();
  const deliveries = await yard.drained();
  t.same(
    statesOf(deliveries),
    texts.map((text) => [text, "delivered"]),
  );
  t.same(
    (await yard.posts()).map(({ text }) => text),
    texts,
    "each once and in order",
  );
  t.same(await second.stop(), [0, null], "SIGTERM stops it gently");
});

t.test("killed again and again while it posts", async (t) => {
  const yard = await openYard();
  t.teardown(() => yard.close());
  let host = await yard.start();
  await yard.register();
  await yard.control("faults", { match: POSTING, times: 0, fault: { delayMs: 20 } });
  const texts: string[] = [];
  for (let round = 0; round < 3; round += 1) {
    for (let index = 0; index < 10; index += 1) {
      // X refuses the same words twice, parts of a split text too; so every sentence is another.
      const sentences = Array.from({ length: index % 5 === 0 ? 12 : 1 }, (_, n) => `Round ${round}, number ${index}, sentence ${n}.`);
      texts.push(sentences.join(" "));
      await yard.notify({ text: sentences.join(" ") });
    }
    await host.kill();
    host = await yard.start();
  }
  const deliveries = await yard.drained();
  t.same(
    statesOf(deliveries),
    texts.map((text) => [text, "delivered"]),
  );
  const expected = deliveries.flatMap(({ posts }) => posts.map(({ text }) => text));
  t.same(
    (await yard.posts()).map(({ text }) => text),
    expected,
    "each post once and in order",
  );
  await host.kill();
});

const statesOf = (deliveries: Delivery[]): [string, string][] => deliveries.map(({ text, state }) => [text, state]);
