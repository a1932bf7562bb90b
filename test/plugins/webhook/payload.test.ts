import t from "tap";
import { bodyOf, compose, MAX_BYTES } from "../../../plugins/webhook/payload.ts";

const ID = "01a20d8e-791b-750c-8594-6f9e496e474e";
const ACCEPTED = "2026-11-24T12:36:10.651Z";

const post = { deliveryId: ID, text: "VPN is slow", index: 0, reply: false, previousIds: [] };
const notification = {
  text: 'E-mail "down"\n',
  content: "Broadcast",
  entryId: "INC1",
  accountName: "Pager",
  functionalUser: "ServiceDesk",
  priority: 5,
};

t.test("the body holds what workflow said, and when it was accepted", async (t) => {
  const { text } = notification;
  const body = bodyOf({ ...post, text, notification }, 0);
  t.strictSame(JSON.parse(body), {
    type: "perch.notification",
    timestamp: ACCEPTED,
    data: { id: ID, text, content: "Broadcast", entryId: "INC1", functionalUser: "ServiceDesk", priority: 5, account: "Pager" },
  });
  t.equal(bodyOf({ ...post, text, notification }, 1), body, "the same in each attempt");
});

t.test("the text of the post is the notification's, for people to read", async (t) => {
  t.match(compose(notification), { value: { posts: [{ text: notification.text }] } });
});

t.test("a post without its notification is its text", async (t) => {
  t.strictSame(JSON.parse(bodyOf(post, 0)).data, { id: ID, text: post.text });
});

t.test("an id that tells no time leaves it to the clock", async (t) => {
  const { timestamp } = JSON.parse(bodyOf({ ...post, deliveryId: "5d41402a-bc4b-4a76-b971-9d911017c592" }, 1_000));
  t.equal(timestamp, "1970-01-01T00:00:01.000Z");
});

t.test("a text that is too long is refused with its length", async (t) => {
  const notification = (text: string) => ({ text, content: "Broadcast", entryId: null, accountName: "Pager" });
  t.match(compose(notification("x".repeat(MAX_BYTES))), {
    ok: false,
    fault: { reason: "webhook-refused", cause: /20066 bytes of at most 20000/ },
  });
  t.match(compose(notification("x".repeat(MAX_BYTES - 66))), { ok: true });
});
