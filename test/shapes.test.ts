import { Ajv2020 } from "ajv/dist/2020.js";
import t from "tap";
import { ARValue, DATA_TYPES, HOST_FAULTS, hostFault, reportFault } from "../src/ar.ts";
import * as shapes from "../src/shapes.ts";

const validates = (schema: object) => {
  const check = new Ajv2020({ strict: false }).compile(schema);
  return (value: unknown): boolean => check(JSON.parse(JSON.stringify(value)));
};
const MOMENT = "2026-11-24T08:00:00.000Z";

t.test("what has ended does not leave its state by itself, and every other state is live", (t) => {
  t.strictSame(
    shapes.DELIVERY_STATES.filter((state) => !shapes.ENDED_STATES.includes(state)),
    ["queued", "sending", "waiting", "in-doubt"],
  );
  t.ok(shapes.ENDED_STATES.every((state) => shapes.DELIVERY_STATES.some((known) => known === state)));
  t.end();
});

t.test("a value is plain JSON or one of AR's fifteen types, and nothing else", (t) => {
  const ok = validates(ARValue);
  t.equal(DATA_TYPES.length, 15);
  for (const value of ["", "text", 0, -1, 1.5, null]) t.ok(ok(value), JSON.stringify(value));
  for (const type of DATA_TYPES) t.ok(ok({ type, value: "1" }), type);
  for (const value of [true, [], {}, { type: "CHAR" }, { type: "TEXT", value: "x" }, { type: "CHAR", value: "x", more: 1 }])
    t.notOk(ok(value), JSON.stringify(value));
  t.end();
});

t.test("a notify call needs a text, and every limit is inclusive", (t) => {
  const ok = validates(shapes.NotifyRequest);
  const text = "E-mail is down";
  const name = (length: number) => "x".repeat(length);
  for (const good of [
    {},
    { priority: 0 },
    { priority: 10 },
    { ttlSeconds: 1 },
    { waitSeconds: 0 },
    { waitSeconds: 300 },
    { entryId: name(255) },
    { text: name(shapes.MAX_TEXT) },
  ])
    t.ok(ok({ text, ...good }), Object.keys(good).join());
  for (const bad of [
    { text: "" },
    { text: 1 },
    { text: name(shapes.MAX_TEXT + 1) },
    { priority: -1 },
    { priority: 11 },
    { priority: 2.5 },
    { priority: "5" },
    { ttlSeconds: 0 },
    { waitSeconds: -1 },
    { waitSeconds: 301 },
    { entryId: "" },
    { entryId: name(256) },
    { idempotencyKey: "" },
    { functionaluser: "x" },
  ])
    t.notOk(ok({ text, ...bad }), JSON.stringify(bad).slice(0, 40));
  t.notOk(ok({}));
  t.end();
});

const DELIVERY = {
  id: "0193",
  state: "queued",
  registrationId: "r",
  functionalUser: "ServiceDesk",
  accountName: "ITSM_Notify",
  content: "Broadcast",
  entryId: null,
  text: "t",
  priority: 5,
  posts: [],
  attempts: 0,
  acceptedAt: MOMENT,
  expiresAt: MOMENT,
};

t.test("a delivery has what the contract lists, and nothing internal", (t) => {
  const ok = validates(shapes.Delivery);
  t.ok(ok(DELIVERY));
  for (const state of shapes.DELIVERY_STATES) t.ok(ok({ ...DELIVERY, state }), state);
  const posts = shapes.POST_STATES.map((state, index) => ({ index, state, text: "t" }));
  t.ok(ok({ ...DELIVERY, posts: [...posts, { index: 9, state: "posted", text: "t", id: "1", url: "u" }] }));
  t.ok(ok({ ...DELIVERY, lastError: reportFault(hostFault("expired", "late"), HOST_FAULTS) }), "lastError has the shape of error.data");
  for (const key of Object.keys(DELIVERY)) t.notOk(ok({ ...DELIVERY, [key]: undefined }), `${key} is always there`);
  for (const bad of [{ state: "lost" }, { seq: 1 }, { lane: "twitter:1" }, { client: "ar-server" }, { begun: true }])
    t.notOk(ok({ ...DELIVERY, ...bad }), JSON.stringify(bad));
  t.end();
});

t.test("a page of a list has 1 to 1,000 deliveries, and a selection up to 10,000 ids", (t) => {
  const list = validates(shapes.DeliveryListRequest);
  t.ok(list({ limit: 1 }) && list({ limit: 1000 }) && list({}) && list({ states: ["failed"], cursor: "17" }));
  t.notOk(list({ limit: 0 }) || list({ limit: 1001 }) || list({ states: ["lost"] }));
  const select = validates(shapes.DeliverySelection);
  t.ok(select({ ids: ["a"] }) && select({ accountName: "x" }));
  t.notOk(select({ ids: [] }) || select({ ids: Array.from({ length: 10_001 }, () => "a") }));
  t.end();
});

t.test("a registration's change needs its id, a draft its user and account", (t) => {
  const draft = validates(shapes.RegistrationDraft);
  const change = validates(shapes.RegistrationChange);
  t.ok(draft({ functionalUser: "u", accountName: "a" }) && change({ id: "1" }) && change({ id: "1", status: "Enabled" }));
  t.notOk(draft({ functionalUser: "u" }) || draft({ accountName: "a" }) || change({ status: "Enabled" }));
  t.notOk(change({ id: "1", status: "enabled" }) || draft({ functionalUser: "u", accountName: "a", lane: "x" }));
  t.end();
});
