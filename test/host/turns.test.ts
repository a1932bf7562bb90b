import t from "tap";
import { Turns } from "../../src/host/turns.ts";

t.test("one thing is done after the other", async (t) => {
  const did: string[] = [];
  const turns = new Turns(() => {});
  const slow = Promise.withResolvers<void>();
  turns.ask("first", async () => {
    await slow.promise;
    did.push("first");
  });
  turns.ask("second", () => void did.push("second"));
  slow.resolve();
  await turns.done();
  t.same(did, ["first", "second"]);
});

t.test("what is asked for a hundred times before its turn is done once, and once more when it has begun", async (t) => {
  const turns = new Turns(() => {});
  const begun = Promise.withResolvers<void>();
  const slow = Promise.withResolvers<void>();
  let times = 0;
  const read = async () => {
    times += 1;
    begun.resolve();
    await slow.promise;
  };
  for (let asked = 0; asked < 100; asked += 1) turns.ask("accounts", read);
  await begun.promise;
  for (let asked = 0; asked < 100; asked += 1) turns.ask("accounts", read);
  slow.resolve();
  await turns.done();
  t.equal(times, 2);
});

t.test("one that fails is told, and the next has its turn", async (t) => {
  const causes: unknown[] = [];
  const turns = new Turns((cause) => causes.push(cause));
  const failure = new Error("the database went away");
  let next = false;
  turns.ask("first", () => Promise.reject(failure));
  turns.ask("second", () => {
    next = true;
  });
  await turns.done();
  t.same(causes, [failure]);
  t.ok(next);
});
