/** The console on a real host, in a real browser and by hand-made requests. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import t from "tap";
import type { AuditEntry, Lane } from "../../src/shapes.ts";
import { PASSWORDS } from "../stage.ts";
import { logInForm, send, session } from "./by-hand.ts";
import { evil, foreignMarkup, logIn, openConsole } from "./open-console.ts";

t.test("a stranger sees the log-in page and assets, and nothing else", async (t) => {
  const { stage } = await openConsole(t);
  const { url } = stage.host;
  const pages = ["/", "/console/deliveries", "/console/deliveries/x", "/console/deliveries.csv", "/console/lanes", "/console/plugins"];
  for (const path of [...pages, "/console/audit", "/console/audit.csv"]) {
    const { status, headers, text } = await send(url + path);
    t.equal(status, 303, path);
    t.match(headers.get("location"), /^\/console\/log-in\?next=/, path);
    t.equal(text, "", path);
  }
  t.equal((await send(`${url}/console/live/overview`)).text, "event: ended\ndata: log in first\n\n");
  for (const path of ["/console/lanes/pause", "/console/plugins/restart", "/console/deliveries/x/retry", "/console/deliveries/retry"]) {
    t.match((await send(url + path, { form: { csrf: "x" }, headers: { origin: url } })).headers.get("location"), "/console/log-in", path);
  }
  const logInPage = await send(`${url}/console/log-in`);
  t.match(logInPage.headers.get("content-security-policy"), "default-src 'none'; script-src 'self'; style-src 'self'");
  for (const [, path = ""] of logInPage.text.matchAll(/(?:href|src)="(\/console\/assets\/[^"]+)"/g)) {
    const { status, headers } = await send(url + path);
    t.equal(status, 200, path);
    t.equal((await send(url + path, { headers: { "if-none-match": headers.get("etag")! } })).status, 304);
  }
  t.equal((await send(`${url}/console/assets/../../../package.json`)).status, 404);
  t.match((await send(`${url}/console/nothing`)).text, "<h1>Not found</h1>");
});

t.test("log-in", async (t) => {
  const opened = await openConsole(t);
  const { stage } = opened;

  t.test("leads to the page that was asked for, and out again", async (t) => {
    const page = await opened.open();
    await page.goto("/console/deliveries?state=failed");
    await logIn(page, "operator", PASSWORDS.operator);
    t.match(page.url(), /\/console\/deliveries\?state=failed$/);
    const cookie = (await page.context().cookies()).find(({ name }) => name === "perch");
    t.match(cookie, { httpOnly: true, sameSite: "Strict", path: "/", expires: -1 });
    await page.getByRole("button", { name: "Log out" }).click();
    t.equal(await page.getByRole("heading", { level: 1 }).textContent(), "Log in");
    await page.goto("/");
    t.match(page.url(), "/console/log-in");
    const again = await send(`${stage.host.url}/`, { cookie: `perch=${cookie!.value}` });
    t.equal(again.status, 303, "the old id is worth nothing");
  });

  t.test("refuses a wrong password in the words of every door, and keeps what was typed but the password", async (t) => {
    const page = await opened.open();
    await page.goto("/");
    await logIn(page, "operator", "<wrong>");
    t.match(await page.getByRole("alert").textContent(), /no client has this name and password \(ARERR 8761\)/);
    t.equal(await page.getByLabel("Name").inputValue(), "operator");
    t.equal(await page.getByLabel("Password").inputValue(), "");
    t.notMatch(await page.content(), "wrong&gt;");
  });

  t.test("tells a workflow client plainly which role it lacks", async (t) => {
    const page = await opened.open();
    await page.goto("/");
    await logIn(page, "workflow", PASSWORDS.workflow);
    t.match(await page.getByRole("alert").textContent(), "the console needs the role operator; the client workflow has workflow");
    t.same(
      (await page.context().cookies()).map(({ name }) => name),
      ["perch-log-in"],
    );
  });

  t.test("from a page elsewhere is refused, even with the right password", async (t) => {
    const { cookie, csrf } = await logInForm(stage.host.url);
    const form = { name: "admin", password: PASSWORDS.admin, csrf };
    const sent = await send(`${stage.host.url}/console/log-in`, { cookie, form, headers: { origin: "http://evil.example" } });
    t.equal(sent.status, 403);
    t.equal(sent.headers.get("set-cookie"), null);
  });

  t.test("works by keyboard alone", async (t) => {
    const page = await opened.open();
    await page.goto("/");
    await page.keyboard.type("operator");
    await page.keyboard.press("Tab");
    await page.keyboard.type(PASSWORDS.operator);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    t.equal(await page.evaluate("document.activeElement.id"), "main", "the first stop skips to the content");
  });

  t.test("is locked out after five wrong passwords, as everywhere", async (t) => {
    const page = await opened.open();
    await page.goto("/");
    for (let attempt = 0; attempt < 5; attempt += 1) await logIn(page, "admin", "wrong");
    await logIn(page, "admin", PASSWORDS.admin);
    t.match(await page.getByRole("alert").textContent(), /too many wrong passwords; wait \d+ s/);
    const { entries } = await stage.call<{ entries: AuditEntry[] }>("audit.list", { method: "login", client: "admin" });
    const causes = entries.map(({ outcome, detail }) => [outcome, detail.cause]).reverse();
    const wrong = ["refused", "no client has this name and password"];
    const lockOut = ["refused", "wrong passwords; each further try has to wait longer"];
    t.same(causes.slice(0, 4), [wrong, wrong, wrong, wrong]);
    t.strictSame(new Set(causes.slice(4, 6).map(String)), new Set([wrong, lockOut].map(String)), "with the fifth it is a lock-out");
    t.match(causes[6], ["refused", /^too many wrong passwords; wait \d+ s$/]);
    t.equal(causes.length, 7);
  });

  t.test("and log-out are on record, with name and address, and are shown to administrators", async (t) => {
    const { entries } = await stage.call<{ entries: AuditEntry[] }>("audit.list", { client: "operator" });
    t.same(entries.map(({ method, outcome, role, address }) => [method, outcome, role, address].join(" ")).reverse(), [
      "login done operator 127.0.0.1",
      "logout done operator 127.0.0.1",
      "login refused  127.0.0.1",
      "login done operator 127.0.0.1",
    ]);
    const lacking = await stage.call<{ entries: AuditEntry[] }>("audit.list", { client: "workflow" });
    t.match(lacking.entries, [{ method: "login", outcome: "refused", role: "workflow", reason: "not-allowed" }]);
    for (const secret of ["<wrong>", ...Object.values(PASSWORDS)])
      t.notMatch(JSON.stringify({ entries, lacking }), secret, "but never what was given as a password");
    // The administrator is locked out; with another password nobody has failed yet.
    const file = join(stage.folder, "credentials.yaml");
    await writeFile(file, (await readFile(file, "utf8")).replace(PASSWORDS.admin, "another-admin"));
    await stage.call("server.reload");
    const page = await opened.open();
    await page.goto("/console/audit?method=login");
    await logIn(page, "admin", "another-admin");
    t.equal(await page.getByRole("row", { name: "workflow" }).getByText("not-allowed").count(), 1);
  });

  t.test("ends when the client's password changes", async (t) => {
    const page = await opened.as("operator");
    const file = join(stage.folder, "credentials.yaml");
    await writeFile(file, (await readFile(file, "utf8")).replace(PASSWORDS.operator, "another-password"));
    await stage.call("server.reload");
    await page.getByRole("heading", { name: "Log in" }).waitFor();
    t.match(page.url(), "/console/log-in", "the page that was open went there by itself");
  });
  t.same(opened.complaints, []);
});

t.test("forms that no page of the console sent change nothing", async (t) => {
  const { stage } = await openConsole(t);
  await stage.register();
  const { url } = stage.host;
  const { cookie, csrf, headers } = await session(url, "operator");
  const other = await session(url, "operator");
  const lane = async () => (await stage.call<{ lanes: Lane[] }>("lanes.list")).lanes[0]!;
  const pause = (form: Record<string, string>, own: Record<string, string>) =>
    send(`${url}/console/lanes/pause`, { cookie, form: { accountName: "ITSM_Notify", ...form }, headers: own });
  const forged = [
    await pause({}, headers),
    await pause({ csrf: "" }, headers),
    await pause({ csrf: other.csrf }, headers),
    await pause({ csrf }, {}),
    await pause({ csrf }, { origin: "http://evil.example" }),
    await pause({ csrf }, { origin: "null" }),
    await pause({ csrf }, { ...headers, "sec-fetch-site": "same-site" }),
  ];
  for (const [index, { status, text }] of forged.entries()) {
    t.equal(status, 403, String(index));
    t.match(text, "Nothing was done.");
  }
  t.equal((await lane()).paused, false);
  const json = await send(`${url}/console/lanes/pause`, {
    cookie,
    form: "{}",
    headers: { ...headers, "content-type": "application/json" },
  });
  t.equal(json.status, 415);
  await send(`${url}/console/log-out`, { cookie, form: {}, headers: { origin: "http://evil.example" } });
  t.equal((await send(`${url}/`, { cookie })).status, 200, "nor does another page log anybody out");
  t.equal((await pause({ csrf }, headers)).status, 303);
  t.equal((await lane()).paused, true, "the same with all that it needs goes through");
});

t.test("an operator", async (t) => {
  const opened = await openConsole(t);
  const { stage } = opened;
  await stage.register();
  await stage.fault({ named: "oauth1-permissions" }, { times: 1 });
  const { deliveries } = await stage.notify({ text: "VPN is slow", functionalUser: "ServiceDesk", entryId: "INC1" });
  const { id } = deliveries[0]!;
  await stage.rpc("deliveries.get", { id, waitSeconds: 10 });
  const page = await opened.as("operator");

  t.test("sees what failed and why, and sends it again, by keyboard alone", async (t) => {
    await page.goto("/console/deliveries?state=failed");
    await page.getByRole("link", { name: "VPN is slow" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Last error: not-permitted" }).waitFor();
    t.match(await page.locator(".advice").textContent(), "Give the app Read and write permission");
    await page.getByRole("button", { name: "Retry now" }).focus();
    await page.keyboard.press("Enter");
    t.equal(await page.getByRole("status").textContent(), "It goes on.");
    const { posts } = await stage.reaches(id, "delivered");
    await page.getByRole("link", { name: "Look again" }).click();
    t.equal(await page.getByRole("link", { name: posts[0]!.url! }).getAttribute("href"), posts[0]!.url);
    t.equal(await page.getByRole("status").count(), 0, "a notice is shown once");
    const { entries } = await stage.call<{ entries: AuditEntry[] }>("audit.list", { method: "deliveries.retry" });
    t.match(entries, [{ client: "operator", role: "operator", outcome: "done", address: "127.0.0.1" }]);
  });

  t.test("pauses and resumes a lane, and cancels what waits in it", async (t) => {
    await page.goto("/console/lanes");
    await page.getByRole("button", { name: "Pause ITSM_Notify" }).click();
    t.match(await page.getByRole("status").textContent(), "The lane of @ITSM_Notify is paused");
    const sent = await stage.notify({ text: "Not to be posted", functionalUser: "ServiceDesk" });
    await page.goto(`/console/deliveries/${sent.deliveries[0]!.id}`);
    await page.getByText("Cancel…").click();
    await page.getByRole("button", { name: "Cancel this delivery" }).click();
    t.equal(await page.getByRole("status").textContent(), "It is cancelled.");
    t.equal((await stage.delivery(sent.deliveries[0]!.id)).state, "cancelled");
    await page.goto("/console/lanes");
    await page.getByRole("button", { name: "Resume ITSM_Notify" }).click();
    t.match(await page.getByRole("status").textContent(), "goes on");
  });

  t.test("retries several at once from the list", async (t) => {
    await page.goto("/console/deliveries?state=cancelled");
    await page.getByRole("checkbox", { name: "Select “Not to be posted”" }).check();
    await page.getByRole("button", { name: "Retry what is selected" }).click();
    t.match(await page.getByRole("status").textContent(), "1 of 1 go on");
    t.match(page.url(), /state=cancelled$/, "the filter stays");
  });

  t.test("has no audit and restarts no plug-in, and is told why", async (t) => {
    await page.goto("/");
    t.equal(await page.getByRole("link", { name: "Audit" }).count(), 0);
    await page.goto("/console/audit");
    t.match(await page.getByRole("main").textContent(), "audit.list needs the role admin; the client operator has operator");
    await page.goto("/console/plugins");
    t.equal(await page.getByText("Restart…").count(), 0);
    const { cookie, csrf, headers } = await session(stage.host.url, "operator");
    const forced = await send(`${stage.host.url}/console/plugins/restart`, { cookie, form: { csrf, name: "twitter" }, headers });
    t.equal(forced.status, 303);
    t.match((await send(`${stage.host.url}/console/plugins`, { cookie })).text, "plugins.restart needs the role admin");
  });

  t.test("sees the overview change without a reload", async (t) => {
    await page.goto("/");
    await page.getByText("Live", { exact: true }).waitFor();
    await stage.call("lanes.pause", { accountName: "ITSM_Notify" });
    await page.locator("#lanes .badge.warn", { hasText: "paused" }).waitFor();
    t.equal(await page.getByRole("button", { name: "Log out" }).count(), 1);
  });
  t.same(opened.complaints, []);
});

t.test("a list goes on to older pages and back, and the export has them all", async (t) => {
  const opened = await openConsole(t);
  const { stage } = opened;
  await stage.register();
  await stage.call("lanes.pause", { accountName: "ITSM_Notify" });
  for (let index = 0; index < 60; index += 1) await stage.notify({ text: `Broadcast ${index}`, functionalUser: "ServiceDesk" });
  const page = await opened.as("operator");
  await page.goto("/console/deliveries?text=Broadcast");
  t.equal(await page.locator("tbody tr").count(), 50);
  await page.getByRole("link", { name: "Older" }).click();
  t.equal(await page.locator("tbody tr").count(), 10);
  t.equal(await page.getByLabel("Text has").inputValue(), "Broadcast", "the filter stays");
  t.equal(await page.getByRole("link", { name: "Older" }).count(), 0);
  const exported = await page.getByRole("link", { name: "Export CSV" }).getAttribute("href");
  const { cookie } = await session(stage.host.url, "operator");
  const { text } = await send(stage.host.url + exported!, { cookie });
  t.equal(text.trim().split("\r\n").length, 61, "from the newest on, and a head");
  await page.getByRole("link", { name: "Newest" }).click();
  t.equal(await page.locator("tbody tr").count(), 50);
});

t.test("an administrator restarts a plug-in, and finds it in the audit trail", async (t) => {
  const opened = await openConsole(t);
  const page = await opened.as("admin");
  await page.goto("/console/plugins");
  await page.getByText("Restart…").click();
  await page.getByRole("button", { name: "Restart twitter" }).click();
  t.equal(await page.getByRole("status").textContent(), "twitter was restarted and is ready.");
  await page.goto("/console/audit?method=plugins.restart");
  t.equal(await page.getByRole("row").count(), 2, "the head, and that act");
  const { entries } = await opened.stage.call<{ entries: AuditEntry[] }>("audit.list", { method: "plugins.restart" });
  const second = Date.parse(entries[0]!.at.slice(0, 19).concat("Z"));
  await page.getByLabel("From (UTC)").fill(new Date(second + 1_000).toISOString().slice(0, 19));
  await page.getByRole("button", { name: "Filter" }).click();
  await page.getByText("Nothing matches.").waitFor();
  await page.getByLabel("From (UTC)").fill(new Date(second).toISOString().slice(0, 19));
  await page.getByRole("button", { name: "Filter" }).click();
  await page.getByRole("row", { name: "plugins.restart" }).waitFor();
  const { cookie } = await session(opened.stage.host.url, "admin");
  const { text, headers } = await send(`${opened.stage.host.url}/console/audit.csv?method=plugins.restart`, { cookie });
  t.match(headers.get("content-disposition"), /^attachment; filename="perch-audit-\d{4}-\d\d-\d\d\.csv"$/);
  t.match(text, /admin,admin,127\.0\.0\.1,plugins\.restart,twitter,done/);
});

t.test("whatever a notification carries is text, on every page and in every export", async (t) => {
  const opened = await openConsole(t);
  const { stage } = opened;
  await stage.call("registrations.create", { functionalUser: evil("user"), accountName: "ITSM_Notify", content: evil("content") });
  const { registrations } = await stage.call<{ registrations: { id: string }[] }>("registrations.list");
  const { id } = registrations[0]!;
  const { authorizeUrl } = await stage.call<{ authorizeUrl: string }>("registrations.authorize", { id });
  const { pin } = await stage.control<{ pin: string }>("authorize", { authorizeUrl, accountName: "ITSM_Notify" });
  await stage.call("registrations.confirm", { id, pin });
  await stage.call("registrations.update", { id, status: "Enabled" });
  const request = { functionalUser: evil("user"), content: evil("content"), entryId: evil("entry") };
  const { deliveries } = await stage.notify({ ...request, text: `=HYPERLINK("http://evil.example")${evil("text")}` });
  await stage.reaches(deliveries[0]!.id, "delivered");
  const page = await opened.as("admin");
  const query = new URLSearchParams({ text: evil("text"), account: evil("account"), entry: evil("entry"), state: evil("state") });
  const paths = ["/", "/console/deliveries", `/console/deliveries/${deliveries[0]!.id}`, "/console/audit", `/console/deliveries?${query}`];
  for (const path of [
    ...paths,
    `/console/deliveries/${encodeURIComponent(evil("id"))}`,
    `/console/log-in?next=${encodeURIComponent(evil("next"))}`,
  ]) {
    await page.goto(path);
    t.equal(await foreignMarkup(page).count(), 0, path);
    t.match(await page.title(), / · Perch$/, path);
  }
  await page.goto(paths[2]!);
  t.match(await page.getByRole("main").textContent(), evil("entry"));
  t.same(opened.complaints, []);
  const { cookie } = await session(stage.host.url, "operator");
  const { text } = await send(`${stage.host.url}/console/deliveries.csv`, { cookie });
  t.match(text, `"'=HYPERLINK(""http://evil.example"")`);
});

t.test("without JavaScript everything is there", async (t) => {
  const opened = await openConsole(t);
  await opened.stage.register();
  const page = await opened.as("admin", { javaScriptEnabled: false });
  t.equal(await page.locator("#lanes tbody tr").count(), 1);
  await page.goto("/console/lanes");
  await page.getByRole("button", { name: "Pause ITSM_Notify" }).click();
  await page.getByRole("button", { name: "Resume ITSM_Notify" }).waitFor();
  await page.goto("/console/plugins");
  await page.getByText("Restart…").click();
  t.ok(await page.getByRole("button", { name: "Restart twitter" }).isVisible());
});

t.test("an open page does not hold up the end of the host", async (t) => {
  const opened = await openConsole(t, { config: { server: { port: 0, socket: "./perch.sock", stopTimeoutSeconds: 120 } } });
  const page = await opened.as("operator");
  await page.getByText("Live", { exact: true }).waitFor();
  await opened.stage.host.stop();
  await page.getByText("The host does not answer; trying again…").waitFor();
  t.pass("it ended long before it would have cut the page off");
});
