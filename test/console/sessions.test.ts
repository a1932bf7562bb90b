import t from "tap";
import { type Holder, IDLE_MS, LONGEST_MS, openSessions } from "../../src/console/sessions.ts";

const OPS: Holder = { name: "ops", role: "operator", password: "o-pass" };

function open() {
  const at = { now: 0, clients: [OPS] };
  return { at, sessions: openSessions({ clients: () => at.clients, now: () => at.now }) };
}

t.test("a session ends half an hour after its last use, and a page that is only open does not use it", async (t) => {
  const { at, sessions } = open();
  const id = sessions.begin(OPS);
  at.now += IDLE_MS - 1;
  t.equal(sessions.find(id)?.holder, OPS);
  at.now += IDLE_MS - 1;
  t.ok(sessions.find(id, { use: false }));
  at.now += 1;
  t.notOk(sessions.find(id));
});

t.test("it ends after twelve hours, however busy somebody is", async (t) => {
  const { at, sessions } = open();
  const id = sessions.begin(OPS);
  for (; at.now < LONGEST_MS - IDLE_MS; at.now += IDLE_MS / 2) t.ok(sessions.find(id));
  at.now = LONGEST_MS - 1;
  sessions.begin(OPS);
  at.now = LONGEST_MS;
  t.notOk(sessions.find(id));
});

t.test("it ends with the client, with its password, and with its role", async (t) => {
  for (const clients of [[], [{ ...OPS, password: "another" }], [{ ...OPS, role: "admin" as const }]]) {
    const { at, sessions } = open();
    const id = sessions.begin(OPS);
    at.clients = clients;
    t.notOk(sessions.find(id));
    at.clients = [OPS];
    t.notOk(sessions.find(id), "nor does it come back");
  }
});

t.test("whoever logs in again and again keeps fifty, and pushes out nobody else", async (t) => {
  const { at, sessions } = open();
  const other: Holder = { ...OPS, name: "other" };
  at.clients.push(other);
  const first = sessions.begin(other);
  const ids = Array.from({ length: 51 }, () => sessions.begin(OPS));
  t.equal(ids.filter((id) => sessions.find(id)).length, 50);
  t.notOk(sessions.find(ids[0]!));
  t.ok(sessions.find(first));
});

t.test("no two have the same id or token, and a notice is given out once", async (t) => {
  const { sessions } = open();
  const [one, two] = [sessions.begin(OPS), sessions.begin(OPS)];
  t.not(one, two);
  t.not(sessions.find(one)?.csrf, sessions.find(two)?.csrf);
  sessions.find(one)?.leaveNotice({ kind: "good", text: "done" });
  t.equal(sessions.find(two)?.takeNotice(), undefined);
  t.same(sessions.find(one)?.takeNotice(), { kind: "good", text: "done" });
  t.equal(sessions.find(one)?.takeNotice(), undefined);
});
