import t from "tap";
import { openNonces } from "../../src/soap/nonces.ts";

t.test("a nonce is taken once, until it is forgotten", async (t) => {
  let now = 0;
  const nonces = openNonces({ now: () => now, keepMs: 1_000 });
  t.equal(nonces.take("a"), "taken");
  t.equal(nonces.take("b"), "taken");
  t.equal(nonces.take("a"), "used");
  now = 999;
  t.equal(nonces.take("a"), "used", "a try does not make it younger");
  now = 1_000;
  t.equal(nonces.take("a"), "taken");
});

t.test("there is an end to what is remembered, and nothing is forgotten early for it", async (t) => {
  let now = 0;
  const nonces = openNonces({ now: () => now, keepMs: 1_000, limit: 2 });
  nonces.take("a");
  now = 500;
  nonces.take("b");
  t.equal(nonces.take("c"), "full");
  t.equal(nonces.take("a"), "used");
  now = 1_000;
  t.equal(nonces.take("c"), "taken", "the oldest has made room");
  t.equal(nonces.take("b"), "used");
});
