import { setImmediate as turn } from "node:timers/promises";
import t, { type Test } from "tap";
import type { Verdict } from "../../src/contract.ts";
import type { Store } from "../../src/store/store.ts";
import { openLaneStage, type Script } from "./lane-stage.ts";
import { storedRegistration } from "./stored.ts";

type Stage = Awaited<ReturnType<typeof openLaneStage>>;

/** `a` is under way, and `b` is ready to follow it, when `meanwhile` happens; then X answers. */
async function follow(
  t: Test,
  meanwhile: (stage: Stage) => unknown,
  { verdict = { verdict: "delivered", id: "1" }, ...script }: Script & { verdict?: Verdict } = {},
) {
  const answer = Promise.withResolvers<Verdict>();
  const asked = { claim: 0, advance: 0 };
  const together: string[] = [];
  const watching = (store: Store): Store =>
    new Proxy(store, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (name !== "advance" && name !== "claim") return typeof value === "function" ? value.bind(target) : value;
        asked[name] += 1;
        if (name === "claim") return target.claim.bind(target);
        return async (...args: Parameters<Store["advance"]>) => {
          const advanced = await target.advance(...args);
          if (advanced.begun) together.push(advanced.begun.id);
          return advanced;
        };
      },
    });
  const stage = await openLaneStage(t, { deliver: [answer.promise], ...script }, watching);
  stage.clock.confirm();
  for (const text of ["a", "b"]) await stage.put(text, { ttlMs: 60_000 });
  stage.lanes.poke("example:7");
  while (stage.count("compose") < 2) await turn();
  await meanwhile(stage);
  answer.resolve(verdict);
  await stage.settled();
  return { stage, asked, together };
}

t.test("what follows begins in the commit that settles what was before it", async (t) => {
  const { stage, asked, together } = await follow(t, () => {});
  t.strictSame([stage.sent(), together], [["a", "b"], ["d2"]]);
  t.strictSame(asked, { claim: 2, advance: 3 }, "one commit more than there are posts; the lane asks at its beginning and its end");
  t.match(await stage.state("d2"), { state: "delivered", attempts: 1, posts: [{ id: "102" }] });
});

t.test("each of many follows the one before it", async (t) => {
  const more = async (stage: Stage) => {
    for (const text of ["c", "d|e", "f"]) await stage.put(text);
  };
  const { stage, asked, together } = await follow(t, more);
  t.strictSame(
    [stage.sent(), together],
    [
      ["a", "b", "c", "d", "e", "f"],
      ["d2", "d3", "d4", "d5"],
    ],
  );
  t.strictSame(asked, { claim: 2, advance: 7 });
});

t.test("a more urgent one that came meanwhile goes first", async (t) => {
  const { stage, together } = await follow(t, (stage) => stage.put("urgent", { priority: 0 }));
  t.strictSame([stage.sent(), together], [["a", "urgent", "b"], ["d2"]]);
});

t.test("one that failed is followed, too; one that must wait is not", async (t) => {
  const fault = { reason: "busy", cause: "503" };
  const failed = await follow(t, () => {}, { verdict: { verdict: "failed", fault } });
  t.strictSame([failed.stage.sent(), failed.together], [["a", "b"], ["d2"]]);
  const waits = await follow(t, () => {}, { verdict: { verdict: "retry", fault } });
  t.strictSame([waits.stage.sent(), waits.together], [["a"], []]);
  const doubt = await follow(t, () => {}, { verdict: { verdict: "in-doubt", fault } });
  t.strictSame([doubt.stage.sent(), doubt.together], [["a"], []]);
});

const REGISTRATION = storedRegistration({ id: "r7", lane: "example:7", accountName: "Account7" });
/** What may happen while `a` is under way, and keeps `b` from being sent. */
const OBSTACLES: Record<string, (stage: Stage) => unknown> = {
  "it is cancelled": (stage) => stage.store.cancel(["d2"], stage.clock.now()),
  "its lane is paused": (stage) => stage.lanes.setPaused("Account7", true),
  "its registration is disabled": ({ store }) => store.saveRegistration({ ...REGISTRATION, enabled: false }, REGISTRATION),
  "it expires": (stage) => stage.time.pass(60_000),
};
for (const [name, happen] of Object.entries(OBSTACLES))
  t.test(`what follows is not begun where meanwhile ${name}`, async (t) => {
    const { stage, together } = await follow(t, happen);
    t.strictSame([stage.sent(), together], [["a"], []]);
    t.match(await stage.state("d2"), { begun: false, attempts: 0 });
  });

t.test("a limit that the answer tells of holds what follows", async (t) => {
  const pause = { holds: "lane", waitMs: 900_000, fault: { reason: "limit", cause: "429" } } as const;
  const { stage, together } = await follow(t, () => {}, { verdict: { verdict: "delivered", id: "1", pause } });
  t.strictSame([stage.sent(), together], [["a"], []]);
  t.match(await stage.state("d2"), { state: "queued" });
  t.strictSame(stage.time.timers(), [900_000]);
});

t.test("a text that can't be composed is left for its turn", async (t) => {
  const { stage, together } = await follow(t, () => {}, { uncomposed: { b: { reason: "time-out", cause: "9940" } } });
  t.strictSame([stage.sent(), together], [["a"], []]);
  t.match(await stage.state("d2"), { state: "waiting", begun: false, posts: [] });
});

t.test("what a clock dated that nothing has confirmed is put right before it begins", async (t) => {
  const { stage, together } = await follow(t, async (stage) => {
    await stage.store.cancel(["d2"], stage.clock.now());
    await stage.put("undated", { datedBy: "another clock" });
  });
  t.strictSame([stage.sent(), together], [["a", "undated"], []]);
  t.match(await stage.state("d3"), { state: "delivered", datedBy: null });
});
