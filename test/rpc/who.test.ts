import t from "tap";
import { openTokens } from "../../src/rpc/tokens.ts";
import { type Client, type Gate, openGate } from "../../src/rpc/who.ts";

const basic = (name: string, password: string): string => `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`;
const HOME = "192.0.2.1";
const ELSEWHERE = "198.51.100.9";

/** `verify` compares what is after `scrypt$`, counts, and can be held back until `let go`. */
function open(overrides: { clients?: Client[]; held?: Promise<void> } = {}) {
  const clients: Client[] = overrides.clients ?? [
    { name: "ar-server", role: "workflow", password: "scrypt$right" },
    { name: "ops", role: "operator", password: "plain:with colon" },
    { name: "müller", role: "admin", password: "scrypt$größe" },
  ];
  const state = { clients, now: 0, verified: [] as string[], running: 0, most: 0 };
  const verify = async (password: string, stored: string): Promise<boolean> => {
    state.verified.push(stored);
    state.running += 1;
    state.most = Math.max(state.most, state.running);
    await overrides.held;
    state.running -= 1;
    return password === stored.replace("scrypt$", "");
  };
  const tokens = openTokens({ keys: () => [Buffer.alloc(32, 9)], wall: () => state.now });
  const gate = openGate({ clients: () => state.clients, verify, now: () => state.now, tokens });
  return { gate, state };
}

async function guess(gate: Gate, times: number, address = HOME): Promise<void> {
  for (let n = 0; n < times; n += 1) await gate.admit(basic("ar-server", `wrong ${n}`), address);
}

t.test("a right pair is the client with its role and address", async (t) => {
  const { gate } = open();
  t.same(await gate.admit(basic("ar-server", "right"), HOME), {
    ok: true,
    caller: { name: "ar-server", role: "workflow", address: HOME },
  });
  t.match(
    await gate.admit(basic("ops", "plain:with colon"), HOME),
    { ok: true, caller: { role: "operator" } },
    "the first colon ends the name",
  );
  t.match(await gate.admit(basic("müller", "größe"), HOME), { ok: true }, "UTF-8, as the challenge asks for");
  t.match(await gate.admit(basic("ops", "plain:with colon").replace("Basic", "bAsIc"), HOME), { ok: true }, "the scheme has no case");
});

t.test("what is no Basic header is missing, and is no try", async (t) => {
  const { gate, state } = open();
  const headers = [
    undefined,
    "",
    "Basic",
    "Basic !!!",
    "Bearer",
    basic("", "right"),
    `Basic ${Buffer.from("no-colon").toString("base64")}`,
  ];
  for (const header of [...headers, ...headers])
    t.match(await gate.admit(header, HOME), { ok: false, status: 401, cause: /missing/ }, String(header));
  t.equal(state.verified.length, 0);
});

t.test("a verified pair is remembered until the credentials change", async (t) => {
  const { gate, state } = open();
  await gate.admit(basic("ar-server", "right"), HOME);
  await gate.admit(basic("ar-server", "right"), ELSEWHERE);
  t.equal(state.verified.length, 1);
  gate.forget(["ar-server"]);
  await gate.admit(basic("ar-server", "right"), HOME);
  t.equal(state.verified.length, 2);
});

t.test("a remembered pair follows the list of clients: role, and leaving", async (t) => {
  const { gate, state } = open();
  await gate.admit(basic("ar-server", "right"), HOME);
  state.clients = [{ name: "ar-server", role: "admin", password: "scrypt$right" }];
  t.match(await gate.admit(basic("ar-server", "right"), HOME), { ok: true, caller: { role: "admin" } });
  state.clients = [];
  t.match(await gate.admit(basic("ar-server", "right"), HOME), { ok: false, status: 401 });
});

t.test("what was verified against the old credentials is not remembered under the new", async (t) => {
  let letGo = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const { gate, state } = open({ held });
  const during = gate.admit(basic("ar-server", "right"), HOME);
  gate.forget(["ar-server"]);
  state.clients = [{ name: "ar-server", role: "workflow", password: "scrypt$new" }];
  letGo();
  await during;
  t.match(await gate.admit(basic("ar-server", "right"), HOME), { ok: false, status: 401 });
});

t.test("a name that nobody has and a plain password cost one hashed verification, like a wrong hashed one", async (t) => {
  for (const name of ["nobody", "ops", "ar-server"]) {
    const { gate, state } = open();
    t.match(await gate.admit(basic(name, "wrong"), HOME), { ok: false, status: 401, cause: "no client has this name and password" });
    t.equal(state.verified.filter((stored) => stored.startsWith("scrypt$")).length, 1, name);
  }
});

t.test("connections that begin with the same pair share one verification, and never more than two run at once", async (t) => {
  let letGo = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const { gate, state } = open({ held });
  const same = Array.from({ length: 64 }, () => gate.admit(basic("ar-server", "right"), HOME));
  const others = ["a", "b", "c", "d", "e"].map((name) => gate.admit(basic(name, "x"), HOME));
  letGo();
  for (const admission of await Promise.all(same)) t.ok(admission.ok);
  for (const admission of await Promise.all(others)) t.match(admission, { status: 401 });
  t.equal(state.most, 2);
  t.equal(state.verified.length, 1 + 5);
});

t.test("one address can't fill the queue", async (t) => {
  let letGo = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const { gate } = open({ held });
  const many = Array.from({ length: 50 }, (_, n) => gate.admit(basic(`name ${n}`, "x"), HOME));
  const other = gate.admit(basic("ar-server", "right"), ELSEWHERE);
  letGo();
  t.equal((await Promise.all(many)).filter((admission) => !admission.ok && admission.status === 429).length, 42);
  t.match(await other, { ok: true });
});

t.test("after five failures each further one doubles the wait, and nothing is verified while it lasts", async (t) => {
  const { gate, state } = open();
  await guess(gate, 5);
  t.equal(state.verified.length, 5);
  const waits: number[] = [];
  for (let n = 0; n < 12; n += 1) {
    const admission = await gate.admit(basic("ar-server", "wrong"), HOME);
    if (admission.ok || admission.status !== 429) return t.fail("it was let through");
    waits.push(admission.retryAfterSeconds);
    state.now += admission.retryAfterSeconds * 1_000;
    t.match(await gate.admit(basic("ar-server", `wrong ${n}`), HOME), { status: 401 }, "then one more try");
  }
  t.same(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
  return undefined;
});

t.test("during the wait the right password is refused too, remembered or not, or guessing would go on", async (t) => {
  const { gate } = open();
  await gate.admit(basic("ar-server", "right"), HOME);
  await guess(gate, 5);
  t.match(await gate.admit(basic("ar-server", "right"), HOME), { status: 429 });
});

t.test("nobody can lock a client out from elsewhere", async (t) => {
  const { gate } = open();
  await guess(gate, 20, ELSEWHERE);
  t.match(await gate.admit(basic("ar-server", "right"), HOME), { ok: true });
  t.match(await gate.admit(basic("ops", "plain:with colon"), ELSEWHERE), { ok: true }, "nor another client at the same address");
});

t.test("a right password, a change of credentials and a quarter of an hour end the count", async (t) => {
  const { gate, state } = open();
  await guess(gate, 4);
  t.match(await gate.admit(basic("ar-server", "right"), HOME), { ok: true });
  await guess(gate, 4);
  t.match(await gate.admit(basic("ar-server", "right"), HOME), { ok: true }, "four more were free");
  await guess(gate, 5);
  gate.forget(["ar-server"]);
  t.match(await gate.admit(basic("ar-server", "right"), HOME), { ok: true });
  await guess(gate, 4);
  state.now += 900_000;
  await guess(gate, 4);
  t.match(await gate.admit(basic("ar-server", "right"), HOME), { ok: true });
});

t.test("guesses at the same moment count before any of them is known to be wrong", async (t) => {
  const { gate, state } = open();
  const admissions = await Promise.all(Array.from({ length: 30 }, (_, n) => gate.admit(basic("ar-server", `wrong ${n}`), HOME)));
  t.equal(state.verified.length, 5);
  t.equal(admissions.filter((admission) => !admission.ok && admission.status === 429).length, 25);
});

t.test("what changes for one client changes nothing for another", async (t) => {
  const { gate, state } = open();
  await gate.admit(basic("müller", "größe"), HOME);
  await guess(gate, 5);
  gate.forget(["ops"]);
  t.match(await gate.admit(basic("ar-server", "right"), HOME), { status: 429 }, "a guesser goes on waiting");
  const verified = state.verified.length;
  t.match(await gate.admit(basic("müller", "größe"), HOME), { ok: true });
  t.equal(state.verified.length, verified, "and who was verified still is");
});

t.test("a network of IPv6 is one guesser", async (t) => {
  const { gate } = open();
  for (let n = 1; n <= 5; n += 1) await gate.admit(basic("ar-server", "wrong"), `2001:db8:1:2::${n}`);
  t.match(await gate.admit(basic("ar-server", "right"), "2001:db8:1:2:ffff::1"), { status: 429 });
  t.match(await gate.admit(basic("ar-server", "right"), "2001:db8:1:3::1"), { ok: true });
});
