import t from "tap";
import { SqliteThread } from "../../src/store/sqlite-thread.ts";
import { StoreUnavailable } from "../../src/store/store.ts";

type Operations = { echo(value: unknown): unknown; silence(): void; die(): void; throw(): void };
const start = () => new SqliteThread<Operations>(new URL("./sqlite-thread-child.ts", import.meta.url), undefined);

for (const end of ["die", "throw"] as const) {
  t.test(`a thread that ends by '${end}' rejects all that is under way and is broken`, async (t) => {
    const thread = start();
    await thread.ready;
    t.strictSame(await thread.call("echo", { a: 1 }), { a: 1 });
    const results = await Promise.allSettled([thread.call("silence"), thread.call("silence"), thread.call(end)]);
    for (const result of results) t.match(result, { status: "rejected", reason: { name: "StoreUnavailable" } });
    const cause = await thread.broken;
    t.match(cause.message, end === "die" ? /ended with 7/ : /a bug in the thread/);
    await t.rejects(thread.call("echo", 1), StoreUnavailable);
    await thread.close();
  });
}

t.test("what is not plain data is refused, and the thread goes on", async (t) => {
  const thread = start();
  await thread.ready;
  await t.rejects(
    thread.call("echo", () => {}),
    StoreUnavailable,
  );
  t.equal(await thread.call("echo", 1), 1);
  await thread.close();
});

t.test("a thread that is closed is not broken", async (t) => {
  const thread = start();
  await thread.ready;
  await thread.close();
  const first = await Promise.race([thread.broken, "still whole"]);
  t.equal(first, "still whole");
  await t.rejects(thread.call("echo", 1), { message: /closed/ });
});
