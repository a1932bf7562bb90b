import t from "tap";
import { crashGroup, MOMENTS, TROUBLES } from "./group.ts";

t.test("three hosts, one trouble of each kind: nothing lost, nothing twice, nothing out of order", async (t) => {
  const plan = TROUBLES.map((trouble, index) => ({ trouble, moment: MOMENTS[(index + 1) % MOMENTS.length] ?? "random" }));
  const result = await crashGroup({ hosts: 3, accounts: 4, random: Math.random, plan });
  t.same(result.wrong, []);
  t.ok(result.accepted > 0);
  t.ok(result.posts >= result.accepted, `${result.posts} posts of ${result.accepted} accepted calls`);
});
