import t from "tap";
import { crash, POINTS } from "./crash.ts";

t.test("killed at every chosen point: nothing lost, nothing twice, nothing out of order", async (t) => {
  const pointOf = (kill: number) => POINTS[kill % POINTS.length] ?? "random";
  const result = await crash({ kills: POINTS.length, accounts: 3, random: Math.random, pointOf });
  t.same(result.wrong, []);
  t.ok(result.accepted > 0);
  t.ok(result.posts >= result.accepted, `${result.posts} posts of ${result.accepted} accepted calls`);
});
