/** The console's log: it follows what the host says, in bounds, and shows no secret. */
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import t from "tap";
import type { AuditEntry } from "../../src/shapes.ts";
import { PASSWORDS } from "../stage.ts";
import { send, session } from "./by-hand.ts";
import { evil, findingsOf, foreignMarkup, keepPicture, openConsole } from "./open-console.ts";

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/plugins/${name}.ts`, import.meta.url));
const lineOf = (page: Page, text: string) => page.locator(".entry", { hasText: text });
const isAlive = (page: Page) => page.getByText("Live", { exact: true }).waitFor();

t.test("an operator follows the log", async (t) => {
  const opened = await openConsole(t);
  const { stage } = opened;
  await stage.register();
  const page = await opened.as("operator");
  await page.getByRole("link", { name: "Logs" }).click();

  t.test("sees what was said before, and what is said from now on", async (t) => {
    t.equal(await lineOf(page, "host ready").count(), 1);
    await isAlive(page);
    await stage.call("lanes.pause", { accountName: "ITSM_Notify" });
    await stage.notify({ text: "Waits", functionalUser: "ServiceDesk" });
    await lineOf(page, "delivery accepted").waitFor();
    t.equal(await page.getByText("The host logs at info").count(), 1);
    t.equal(await page.getByText("Change…").count(), 0, "a level is the administrator's to change");
  });

  t.test("unfolds the fields of a line by keyboard", async (t) => {
    const line = lineOf(page, "host ready");
    await line.locator("summary").focus();
    t.notOk(await line.getByText("sqlite:", { exact: false }).last().isVisible());
    await page.keyboard.press("Enter");
    t.match(await line.locator("dl").textContent(), stage.host.url);
    t.ok(await line.locator("dl").isVisible());
  });

  t.test("pauses it, and finds all that was said meanwhile when it goes on", async (t) => {
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByText("Paused", { exact: true }).waitFor();
    const before = await page.locator(".entry").count();
    for (const text of ["one", "two", "three"]) await stage.notify({ text, functionalUser: "ServiceDesk" });
    t.equal(await page.locator(".entry").count(), before);
    await page.getByRole("button", { name: "Go on" }).click();
    await page
      .locator(".entry")
      .nth(before + 2)
      .waitFor({ state: "attached" });
    t.equal(await page.locator(".gap").count(), 0);
  });

  t.test("chooses by level and by plug-in, also of what comes", async (t) => {
    await page.getByLabel("Level").selectOption("warn");
    await page.getByRole("button", { name: "Filter" }).click();
    t.equal(await lineOf(page, "host ready").count(), 0);
    t.equal(await page.getByRole("log").getAttribute("aria-live"), "polite");
    await isAlive(page);
    await stage.notify({ text: "Four", functionalUser: "ServiceDesk" });
    await send(`${stage.host.url}/console/lanes/pause`, { ...(await session(stage.host.url, "operator")), form: { csrf: "forged" } });
    await lineOf(page, "a form that no page of the console sent was refused").waitFor();
    t.equal(await lineOf(page, "delivery accepted").count(), 0);
    await page.goto("/console/logs?plugin=twitter");
    t.same(new Set(await page.locator(".entry .from").allTextContents()), new Set(["twitter"]));
  });
  t.same(opened.complaints, []);
});

t.test("an administrator changes levels, and it is on record; an operator can't", async (t) => {
  const opened = await openConsole(t);
  const { stage } = opened;
  const page = await opened.as("admin");
  await page.goto("/console/logs?level=debug");
  await page.getByText("Change…").click();
  await page.getByLabel("Of", { exact: true }).selectOption("twitter");
  await page.getByRole("button", { name: "Set", exact: true }).click();
  t.equal(await page.getByRole("status").textContent(), "twitter logs at debug now.");
  t.match(page.url(), /level=debug$/, "the filter stays");
  t.match(await page.locator(".levels").textContent(), "twitter at debug");
  const { entries } = await stage.call<{ entries: AuditEntry[] }>("audit.list", { method: "server.logLevel" });
  t.match(entries, [{ client: "admin", target: "twitter", outcome: "done" }]);
  const { cookie, csrf, headers } = await session(stage.host.url, "operator");
  const forced = await send(`${stage.host.url}/console/logs/level`, { cookie, form: { csrf, set: "debug" }, headers });
  t.equal(forced.status, 303);
  t.match((await send(`${stage.host.url}/console/logs`, { cookie })).text, "server.logLevel needs the role admin");
});

t.test("what the log says is text", async (t) => {
  const opened = await openConsole(t);
  const { stage } = opened;
  const text = evil("evil");
  const page = await opened.as("operator");
  await page.goto("/console/logs");
  await isAlive(page);
  const authorization = `Basic ${Buffer.from(`${text}:wrong`).toString("base64")}`;
  const headers = { authorization, "content-type": "application/json" };
  for (let attempt = 0; attempt < 5; attempt += 1) await fetch(`${stage.host.url}/rpc`, { method: "POST", headers, body: "{}" });
  const line = lineOf(page, "log-in locked out");
  await line.waitFor();
  t.match(await line.locator("dl").textContent(), text);
  const isText = async (where: string) => {
    t.equal(await foreignMarkup(page).count(), 0, where);
    t.match(await page.title(), /^Logs/, where);
  };
  await isText("as it came");
  for (const path of ["/console/logs", `/console/logs?${new URLSearchParams({ level: text, plugin: text })}`]) {
    await page.goto(path);
    await isText(path);
  }
  t.same(opened.complaints, []);
});

t.test("a plug-in that logs its secrets tells them to nobody", async (t) => {
  const secret = "s3cret-of-the-plugin";
  const opened = await openConsole(t, {
    config: { plugins: [{ module: fixture("tells-secrets") }] },
    credentials: { plugins: { "tells-secrets": { key: secret } } },
  });
  const { stage } = opened;
  const page = await opened.as("operator");
  await page.goto("/console/logs");
  await isAlive(page);
  for (const way of ["logs its context", "logs it as text"]) await stage.call("filterApiCall", { plugin: "TEST.TELLS", inValues: [way] });
  await lineOf(page, "the whole context").waitFor();
  await lineOf(page, "forms").waitFor();
  t.notMatch(await page.content(), secret);
  await page.reload();
  t.equal(await lineOf(page, "the whole context").count(), 1);
  t.notMatch(await page.content(), secret);
});

t.test("a browser keeps a thousand lines, and is told of those that it missed", async (t) => {
  const opened = await openConsole(t);
  const { stage } = opened;
  await stage.register();
  await stage.call("lanes.pause", { accountName: "ITSM_Notify" });
  const page = await opened.as("operator");
  await page.goto("/console/logs");
  await isAlive(page);
  await page.getByRole("button", { name: "Pause" }).click();
  const authorization = `Basic ${Buffer.from(`admin:${PASSWORDS.admin}`).toString("base64")}`;
  const params = { text: "One of many", functionalUser: "ServiceDesk" };
  const calls = Array.from({ length: 800 }, (_, id) => ({ jsonrpc: "2.0", id, method: "notify", params }));
  const init = { method: "POST", headers: { authorization, "content-type": "application/json" }, body: JSON.stringify(calls) };
  for (let batch = 0; batch < 3; batch += 1) await (await fetch(`${stage.host.url}/rpc`, init)).text();
  await page.getByRole("button", { name: "Go on" }).click();
  await page.locator(".gap").waitFor({ state: "attached" });
  await page.locator(".entry").nth(999).waitFor({ state: "attached" });
  await page.locator(".gap").waitFor({ state: "detached" });
  t.equal(await page.locator(".entry").count(), 1000, "the oldest went");
});

t.test("it is sound in both colour schemes, on a phone and on a desk", async (t) => {
  const opened = await openConsole(t);
  const { stage } = opened;
  await stage.register();
  await stage.fault({ named: "oauth1-permissions" }, { times: 1 });
  const { deliveries } = await stage.notify({ text: "VPN is slow", functionalUser: "ServiceDesk" });
  await stage.rpc("deliveries.get", { id: deliveries[0]!.id, waitSeconds: 10 });
  for (const colorScheme of ["light", "dark"] as const) {
    for (const [size, viewport] of Object.entries({ phone: { width: 360, height: 740 }, desk: { width: 1280, height: 860 } })) {
      const page = await opened.as("admin", { colorScheme, viewport });
      await page.goto("/console/logs");
      await isAlive(page);
      await lineOf(page, "host ready").locator("summary").click();
      t.same(await findingsOf(page), [], `${colorScheme}, ${size}`);
      t.equal(await page.evaluate<number>("document.documentElement.scrollWidth"), viewport.width, `it fits, ${colorScheme}, ${size}`);
      await keepPicture(page, `logs-${size}-${colorScheme}`);
      await page.getByText("Change…").click();
      t.same(await findingsOf(page), [], `levels, ${colorScheme}, ${size}`);
      await keepPicture(page, `logs-levels-${size}-${colorScheme}`);
      await page.context().close();
    }
  }
  t.same(opened.complaints, []);
});

t.test("without JavaScript the log is there, as of when it was asked for", async (t) => {
  const opened = await openConsole(t);
  const page = await opened.as("operator", { javaScriptEnabled: false });
  await page.goto("/console/logs?level=info");
  t.equal(await lineOf(page, "host ready").count(), 1);
  t.equal(await page.getByRole("button", { name: "Pause" }).count(), 0);
});
