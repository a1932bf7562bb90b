import t from "tap";
import { shareSchemas } from "../../src/rest/share-schemas.ts";

const Leaf = { type: "string", title: "Leaf" };
const Tree = { type: "object", title: "Tree", properties: { leaf: Leaf, title: { type: "string" }, more: { type: "array", items: Leaf } } };

t.test("what has a title stands once, and is referred to", async (t) => {
  const shared = shareSchemas();
  t.same(shared.share({ anyOf: [Tree, { type: "null" }] }), { anyOf: [{ $ref: "#/components/schemas/Tree" }, { type: "null" }] });
  const leaf = { $ref: "#/components/schemas/Leaf" };
  const properties = { leaf, title: { type: "string" }, more: { type: "array", items: leaf } };
  t.same(shared.schemas(), { Leaf, Tree: { type: "object", title: "Tree", properties } });
  t.same(Tree.properties.leaf, Leaf, "the schema itself stays as it is");
});
