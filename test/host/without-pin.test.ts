/** A mechanism whose accounts stand in the credentials file: what is said of one that is missing, and of one that is refused. */
import { fileURLToPath } from "node:url";
import t, { type Test } from "tap";
import type { Registration } from "../../src/shapes.ts";
import { openStage, type Stage } from "../stage.ts";

const pigeon = fileURLToPath(new URL("../fixtures/plugins/pigeon.ts", import.meta.url));
const endpoint = (url: string) => ({ url, secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" });
const IN_FILE = /^There is no PIN: put the account .* under plugins\.webhook\.accounts/;

/** `Pager` is in a private network, which the settings do not allow; `Desk` is an account of the credentials file too. */
const open = (t: Test): Promise<Stage> =>
  openStage(t, {
    config: { plugins: [{ module: "webhook" }, { module: pigeon }] },
    credentials: {
      plugins: { webhook: { accounts: { Pager: endpoint("https://10.1.2.3"), Desk: endpoint("https://desk.example") } } },
    },
  });
const create = (stage: Stage, accountName: string, mechanism = "Webhook") =>
  stage.call<Registration>("registrations.create", { functionalUser: "Desk", accountName, mechanism });

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

t.test("an account that is missing is to be put into the credentials file, and no PIN is asked for", async (t) => {
  const stage = await open(t);
  const { plugins } = await stage.call<{ plugins: object[] }>("plugins.list");
  t.match(plugins, [{ mechanism: "Webhook", withoutPin: true }, {}]);
  const { id, advice, authorization } = await create(stage, "Gone");
  t.equal(authorization, "none");
  t.match(advice, IN_FILE);
  const refusals = {
    enable: await stage.rpc("registrations.update", { id, status: "Enabled" }),
    notify: await stage.rpc("notify", { text: "E-mail is down" }),
  };
  for (const [what, { error }] of Object.entries(refusals)) {
    const note = { messageNum: 20022, messageText: /There is no PIN: put the account/ };
    t.match(error, { code: 8753, data: { reason: "not-authorized", advice: IN_FILE, statusList: [{ messageNum: 8753 }, note] } }, what);
    t.notMatch(JSON.stringify(error), "registrations authorize", what);
  }
  const authorize = await stage.rpc("registrations.authorize", { id });
  t.match(authorize.error, { message: /Webhook has no PIN/, data: { reason: "bad-input", advice: IN_FILE } });
});

t.test("an account that the plug-in refuses is told with that cause and advice", async (t) => {
  const stage = await open(t);
  const { id } = await create(stage, "Pager");
  const known = await until(async () => {
    const { advice } = await stage.call<Registration>("registrations.get", { id });
    return advice?.includes("private network") ? advice : undefined;
  });
  t.match(known, /allowPrivate is not set\. Use https:\/\/ and a public address/);
  const { error } = await stage.rpc("registrations.update", { id, status: "Enabled" });
  t.match(error, {
    message: /Pager: only an authorised account can be enabled; .*allowPrivate is not set/,
    data: { reason: "not-authorized", advice: /^Use https:\/\/ and a public address/ },
  });
});

t.test("where a PIN is what is missing, the advice is to authorise", async (t) => {
  const stage = await open(t);
  const { id, advice } = await create(stage, "Loft", "Pigeon");
  t.equal(advice, undefined);
  const { error } = await stage.rpc("registrations.update", { id, status: "Enabled" });
  t.match(error, { data: { reason: "not-authorized", advice: /registrations authorize/ } });
});

t.test("an account of the credentials file is of its own plug-in only, whatever others are called", async (t) => {
  const stage = await open(t);
  const other = await create(stage, "Desk", "Pigeon");
  const mine = await create(stage, "Desk");
  await until(async () => {
    const { authorization } = await stage.call<Registration>("registrations.get", { id: mine.id });
    return authorization === "authorized" || undefined;
  });
  t.match(await stage.call("registrations.get", { id: other.id }), { authorization: "none" });
});

t.test("what waits for an account that is gone from the credentials file says so", async (t) => {
  const stage = await open(t);
  const { id } = await create(stage, "Desk");
  await until(async () => {
    const reply = await stage.rpc("registrations.update", { id, status: "Enabled" });
    return reply.error === undefined || undefined;
  });
  await stage.configure({ credentials: { plugins: { webhook: { accounts: {} } } } });
  const { deliveries } = await stage.notify({ text: "E-mail is down" });
  t.match(await stage.reaches(deliveries[0]?.id ?? "", "waiting"), { lastError: { reason: "not-authorized", advice: IN_FILE } });
});
