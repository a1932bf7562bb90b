/** Writing a broadcast in the console: what is shown while it is written, and that it is sent once. */
import { fileURLToPath } from "node:url";
import t from "tap";
import type { Delivery } from "../../src/shapes.ts";
import { PASSWORDS } from "../stage.ts";
import { send, session } from "./by-hand.ts";
import { type Console, findingsOf, foreignMarkup, keepPicture, logIn, openConsole } from "./open-console.ts";

const LONG = "Print servers will be moved tonight. ".repeat(12);
const deliveriesOf = async ({ stage }: Console) => (await stage.call<{ deliveries: Delivery[] }>("deliveries.list")).deliveries;

t.test("an operator writes a broadcast", async (t) => {
  const opened = await openConsole(t);
  const { stage } = opened;
  await stage.register();
  await stage.register("NetworkDesk", "Second_Desk");
  const page = await opened.as("operator");
  await page.getByRole("link", { name: "Compose" }).click();

  t.test("sees while writing how it will be posted, and where", async (t) => {
    await page.getByLabel("Text").pressSequentially("E-mail is down");
    await page.getByText("14 of 280 characters").waitFor();
    t.equal(await page.getByRole("status").textContent(), "To 2 accounts. 1 post each.");
    t.equal(await page.locator("#parts .quoted").textContent(), "E-mail is down");
    await page.getByLabel("Functional user").selectOption("NetworkDesk");
    await page.getByText("To 1 account. 1 post.").waitFor();
    t.match(await page.locator(".addressees").textContent(), "@Second_Desk NetworkDesk");
    await page.getByLabel("Text").fill(LONG);
    await page.getByText("To 1 account. 2 posts.").waitFor();
    t.equal(await page.getByRole("meter", { name: "Length of post 2" }).getAttribute("max"), "280");
    t.match(await page.locator("#parts .quoted").first().textContent(), /\(1\/2\)$/);
    t.same(await deliveriesOf(opened), [], "and nothing is sent by it");
  });

  t.test("keeps the focus, and Enter in a field sends nothing", async (t) => {
    await page.getByLabel("Text").fill("VPN is slow");
    t.equal(await page.evaluate("document.activeElement.id"), "text");
    await page.getByLabel("Entry ID").fill("INC1");
    await page.getByLabel("Entry ID").press("Enter");
    await page.waitForURL("**/compose/preview");
    t.equal(await page.getByLabel("Text").inputValue(), "VPN is slow");
    t.equal(await page.getByLabel("Functional user").inputValue(), "NetworkDesk");
    t.same(await deliveriesOf(opened), []);
  });

  t.test("sends it with all that was chosen, and lands on its delivery", async (t) => {
    await page.getByLabel("Priority").selectOption("0");
    await page.getByLabel("Worth posting for").selectOption({ label: "1 hour" });
    await page.getByRole("button", { name: "Send" }).click();
    t.match(await page.getByRole("status").textContent(), "It is accepted");
    const [delivery] = await deliveriesOf(opened);
    t.match(page.url(), `/console/deliveries/${delivery!.id}`);
    t.match(delivery, { text: "VPN is slow", functionalUser: "NetworkDesk", entryId: "INC1", priority: 0 });
    t.equal(Date.parse(delivery!.expiresAt) - Date.parse(delivery!.acceptedAt), 3_600_000);
  });

  t.test("to several accounts, lands on the list of them", async (t) => {
    await page.goto("/console/compose");
    await page.getByLabel("Text").fill("First line\nand a second, “quoted” & <b>plain</b>");
    await page.getByRole("button", { name: "Send" }).click();
    t.equal(await page.getByRole("status").first().textContent(), "It is accepted for 2 accounts.");
    t.equal(await page.locator("tbody tr").count(), 2);
    const [first] = await deliveriesOf(opened);
    t.equal(first!.text, "First line\nand a second, “quoted” & <b>plain</b>", "with the ends of lines as they were typed");
  });

  t.test("works by keyboard alone", async (t) => {
    await page.goto("/console/compose");
    await page.keyboard.type("By keyboard");
    for (let stop = 0; stop < 7; stop += 1) await page.keyboard.press("Tab");
    t.equal(await page.evaluate("document.activeElement.textContent"), "Send");
    await page.keyboard.press("Enter");
    await page.getByText("It is accepted for 2 accounts.").waitFor();
  });
  t.same(opened.complaints, []);
});

t.test("one form sends once, however often it is sent off", async (t) => {
  const opened = await openConsole(t);
  const { stage } = opened;
  await stage.register();
  const page = await opened.as("operator");
  await page.goto("/console/compose");
  await page.getByLabel("Text").fill("Only once");
  await page.getByRole("button", { name: "Send" }).dblclick();
  await page.waitForURL("**/deliveries/*");
  t.equal((await deliveriesOf(opened)).length, 1);
  const { cookie, csrf, headers } = await session(stage.host.url, "operator");
  const sendOff = (text: string) =>
    send(`${stage.host.url}/console/compose/send`, { cookie, form: { csrf, text, key: "k1", priority: "5" }, headers });
  const places = await Promise.all([1, 2, 3].map(async () => (await sendOff("By hand")).headers.get("location")));
  t.equal(new Set(places).size, 1, "all lead to the same delivery");
  t.match((await send(stage.host.url + places[0]!, { cookie })).text, "nothing was sent twice");
  t.equal((await deliveriesOf(opened)).length, 2);
  const other = await sendOff("Another text in the same form");
  t.equal(other.status, 409);
  t.match(other.text, /20027/);
  t.notMatch(other.text, 'value="k1"', "asked again it is a broadcast of its own");
  t.equal((await deliveriesOf(opened)).length, 2);
});

t.test("what is refused is said, and what was typed stays", async (t) => {
  const opened = await openConsole(t, { userDefined: { text: { overflow: "reject" } } });
  const { stage } = opened;
  const page = await opened.as("operator");
  await page.goto("/console/compose");
  await page.getByLabel("Text").fill("For nobody");
  await page.getByText("It would go to no account.").waitFor();
  t.match(await page.locator("#parts").textContent(), /20020.*What to do:/s);
  await page.getByLabel("Priority").selectOption("2");
  await page.getByRole("button", { name: "Send" }).click();
  t.match(await page.getByRole("alert").textContent(), /20020.*What to do:/s);
  t.equal(await page.getByLabel("Text").inputValue(), "For nobody");
  t.equal(await page.getByLabel("Priority").inputValue(), "2");
  const key = () => page.locator("[name=key]").inputValue();
  const before = await key();
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByRole("alert").waitFor();
  t.equal(await key(), before, "it is the same form: what may have been accepted all the same is not sent twice");
  await stage.register();
  await page.getByLabel("Text").fill(LONG);
  await page.getByText("It can’t be posted.").waitFor();
  t.match(await page.locator("#parts").textContent(), "weighted characters");
  const { cookie, csrf, headers } = await session(stage.host.url, "operator");
  const sent = (form: Record<string, string>) =>
    send(`${stage.host.url}/console/compose/send`, { cookie, form: { csrf, text: "x", ...form }, headers });
  for (const form of [{ priority: "11" }, { priority: "high" }, { ttl: "0" }, { text: "" }, { user: "x".repeat(256) }]) {
    const { status, text } = await sent(form);
    t.equal(status, 400, JSON.stringify(form));
    t.match(text, 'role="alert"');
  }
  t.equal(
    (await send(`${stage.host.url}/console/compose/send`, { cookie, form: { text: "x" }, headers })).status,
    403,
    "no token, no post",
  );
  t.same(await deliveriesOf(opened), []);
});

t.test("each mechanism shows what it makes of a text", async (t) => {
  const pigeon = fileURLToPath(new URL("../fixtures/plugins/pigeon.ts", import.meta.url));
  const accounts = { Desk: { url: "http://127.0.0.1:9/", secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" } };
  const opened = await openConsole(t, {
    config: { plugins: [{ module: "webhook" }, { module: pigeon }] },
    credentials: { plugins: { webhook: { accounts } } },
  });
  const { stage } = opened;
  const webhook = { functionalUser: "Desk", accountName: "Desk", mechanism: "Webhook" };
  await stage.call("registrations.create", { ...webhook, status: "Enabled" });
  const page = await opened.as("operator");
  await page.goto("/console/compose");
  await page.getByLabel("Text").fill(LONG);
  await page.getByText("of 20000 characters").waitFor();
  t.equal(await page.locator(".drafted li").count(), 1, "composed for the only account that it goes to");

  const loft = { functionalUser: "Loft", accountName: "Pigeon_Post", mechanism: "Pigeon" };
  const { id } = await stage.call<{ id: string }>("registrations.create", loft);
  await stage.call("registrations.authorize", { id });
  await stage.call("registrations.confirm", { id, pin: "1" });
  await stage.call("registrations.update", { id, status: "Enabled" });
  await page.getByLabel("Text").fill(`${LONG}.`);
  await page.getByRole("heading", { name: "Pigeon" }).waitFor();
  t.same(await page.getByRole("heading", { level: 3 }).allTextContents(), ["Webhook", "Pigeon"]);
  t.match(await page.locator(".drafted").last().textContent(), `${LONG.length + 1} characters`, "without a limit there is no meter");
  t.equal(await page.getByRole("meter").count(), 1);
});

t.test("without JavaScript a button shows the same", async (t) => {
  const opened = await openConsole(t);
  await opened.stage.register();
  const page = await opened.as("operator", { javaScriptEnabled: false });
  await page.goto("/console/compose");
  await page.getByLabel("Text").fill(LONG);
  await page.getByRole("button", { name: "Preview" }).click();
  t.equal(await page.getByRole("status").textContent(), "To 1 account. 2 posts.");
  t.equal(await page.getByLabel("Text").inputValue(), LONG);
  await page.getByRole("button", { name: "Send" }).click();
  t.match(await page.getByRole("status").textContent(), "It is accepted");
});

t.test("a text may be as long as notify takes it, in any script", async (t) => {
  const opened = await openConsole(t);
  const { url } = opened.stage.host;
  await opened.stage.register();
  const { cookie, csrf, headers } = await session(url, "operator");
  const text = "語".repeat(100_000);
  const sent = await send(`${url}/console/compose/send`, { cookie, form: { csrf, text, key: "k", priority: "5" }, headers });
  t.equal(sent.status, 303);
  t.equal((await deliveriesOf(opened))[0]!.text, text);
  const stranger = await send(`${url}/console/log-in`, { form: { name: "operator", password: "x".repeat(70_000) }, headers });
  t.equal(stranger.status, 413, "a stranger has less room");
});

t.test("whoever was logged out logs in in another tab, and goes on with what is written", async (t) => {
  const opened = await openConsole(t);
  await opened.stage.register();
  const page = await opened.as("operator");
  await page.goto("/console/compose");
  await page.getByLabel("Text").fill("Mail is down");
  await page.getByText("To 1 account. 1 post.").waitFor();
  await page.context().clearCookies();
  await page.getByLabel("Text").fill("Mail is down in Paris");
  await page.getByText("You are logged out.").waitFor();
  const other = await page.context().newPage();
  await other.goto("/");
  await logIn(other, "operator", PASSWORDS.operator);
  await other.getByRole("heading", { name: "Overview" }).waitFor();
  await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
  await page.getByText("To 1 account. 1 post.").waitFor();
  await page.getByRole("button", { name: "Send" }).click();
  await page.waitForURL("**/deliveries/*");
  t.match(await deliveriesOf(opened), [{ text: "Mail is down in Paris" }]);
  t.same(opened.complaints, []);
});

t.test("whatever is typed is text", async (t) => {
  const opened = await openConsole(t);
  await opened.stage.register();
  const page = await opened.as("operator");
  await page.goto("/console/compose");
  const evil = "</textarea><img src=x onerror=\"document.title='evil'\"><script>document.title='evil'</script>";
  await page.getByLabel("Text").fill(evil);
  await page.locator("#parts .quoted").waitFor();
  t.equal(await page.locator("#parts .quoted").textContent(), evil);
  await page.getByRole("button", { name: "Preview" }).click();
  await page.waitForURL("**/compose/preview");
  t.equal(await page.getByLabel("Text").inputValue(), evil);
  t.equal(await foreignMarkup(page).count(), 0);
  t.match(await page.title(), /^Compose/);
  t.same(opened.complaints, []);
});

t.test("it is sound in both colour schemes, on a phone and on a desk", async (t) => {
  const opened = await openConsole(t);
  await opened.stage.register();
  await opened.stage.register("NetworkDesk", "Second_Desk");
  for (const colorScheme of ["light", "dark"] as const) {
    for (const [size, viewport] of Object.entries({ phone: { width: 360, height: 740 }, desk: { width: 1280, height: 860 } })) {
      const page = await opened.as("operator", { colorScheme, viewport });
      await page.goto("/console/compose");
      await page.getByLabel("Text").fill(LONG);
      await page.locator(".drafted li").nth(1).waitFor();
      for (const state of ["written", "refused"]) {
        if (state === "refused") {
          await page.getByLabel("Text").fill("\u200b");
          await page.getByText("It can’t be posted.").waitFor();
        }
        t.same(await findingsOf(page), [], `${state}, ${colorScheme}, ${size}`);
        t.equal(
          await page.evaluate<number>("document.documentElement.scrollWidth"),
          viewport.width,
          `${state} fits, ${colorScheme}, ${size}`,
        );
        await keepPicture(page, `compose-${state}-${size}-${colorScheme}`);
      }
      await page.context().close();
    }
  }
  t.same(opened.complaints, []);
});
