/** Who is found by what was typed, and in which order. */
import fc from "fast-check";
import t from "tap";
import { findUsers, indexUsers } from "../../src/directory/user-index.ts";
import { MAX_SUGGESTIONS } from "../../src/shapes.ts";

const index = indexUsers([
  { name: "zoe", fullName: "Zoë Müller" },
  { name: "allen", fullName: "Allen Allbrook" },
  { name: "muller.h", fullName: "Hans Meier" },
  { name: "Émile", fullName: "Émile O'Brien-Allard" },
  { name: "svc_ops" },
]);
const found = (prefix: string) => findUsers(index, prefix).map(({ name }) => name);

t.test("login names come before words of full names, each in the order of login names", async (t) => {
  t.strictSame(found("mull"), ["muller.h", "zoe"]);
  t.strictSame(found("all"), ["allen", "Émile"]);
  t.strictSame(found(""), ["allen", "Émile", "muller.h", "svc_ops", "zoe"], "nothing typed: all");
});

t.test("case and accents make no difference, on either side", async (t) => {
  t.strictSame(found("MÜL"), ["muller.h", "zoe"]);
  t.strictSame(found("emi"), ["Émile"]);
  t.strictSame(found("zoe m"), ["zoe"]);
  t.strictSame(found("zoe\u0308"), ["zoe"], "an accent that is written on its own");
});

t.test("a full name is found by the beginning of each of its words, not by their middle", async (t) => {
  t.strictSame(found("brien"), ["Émile"]);
  t.strictSame(found("o'br"), ["Émile"]);
  t.strictSame(found("allen allb"), ["allen"]);
  t.strictSame(found("rien"), []);
  t.strictSame(found("_"), [], "signs alone are no word");
  t.strictSame(found("svc_"), ["svc_ops"]);
});

t.test("there are never more than 20, none twice, and the order of the file makes no difference", async () => {
  const user = fc.record({ name: fc.string({ minLength: 1, maxLength: 4 }), fullName: fc.string({ maxLength: 8 }) });
  const users = fc.uniqueArray(user, { selector: ({ name }) => name, maxLength: 60 });
  fc.assert(
    fc.property(users, fc.string({ maxLength: 2 }), (all, prefix) => {
      const once = findUsers(indexUsers(all), prefix);
      const again = findUsers(indexUsers(all.toReversed()), prefix);
      t.ok(once.length <= MAX_SUGGESTIONS);
      t.equal(new Set(once).size, once.length);
      t.strictSame(again, once);
    }),
  );
});
