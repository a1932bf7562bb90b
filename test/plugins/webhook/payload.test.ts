import t from "tap";
import { bodyOf, compose, MAX_BYTES } from "../../../plugins/webhook/payload.ts";

const ID = "01a20d8e-791b-750c-8594-6f9e496e474e";
const ACCEPTED = "2026-11-24T12:36:10.651Z";

t.test("the body holds what workflow said, and when it was accepted", async (t) => {
  const composed = compose({ text: 'E-mail "down"\n', content: "Broadcast", entryId: "INC1", accountName: "Pager" });
  const text = composed.ok ? composed.value.posts[0]!.text : "";
  const body = bodyOf(ID, text, 0);
  t.strictSame(JSON.parse(body), {
    type: "perch.notification",
    timestamp: ACCEPTED,
    data: { id: ID, text: 'E-mail "down"\n', content: "Broadcast", entryId: "INC1", account: "Pager" },
  });
  t.equal(bodyOf(ID, text, 1), body, "the same in each attempt");
});

t.test("a text that compose has not made is taken as it is", async (t) => {
  for (const text of ["VPN is slow", "null", "[1]", '"x"', "{}"])
    t.strictSame(JSON.parse(bodyOf(ID, text, 0)).data, { id: ID, text }, text);
});

t.test("an id that tells no time leaves it to the clock", async (t) => {
  t.equal(JSON.parse(bodyOf("5d41402a-bc4b-4a76-b971-9d911017c592", "x", 1_000)).timestamp, "1970-01-01T00:00:01.000Z");
});

t.test("a text that is too long is refused with its length", async (t) => {
  const notification = (text: string) => ({ text, content: "Broadcast", entryId: null, accountName: "Pager" });
  t.match(compose(notification("x".repeat(MAX_BYTES))), {
    ok: false,
    fault: { reason: "webhook-refused", cause: /20066 bytes of at most 20000/ },
  });
  t.match(compose(notification("x".repeat(MAX_BYTES - 66))), { ok: true });
});
