/** What an administrator is told when an account can't be authorised: each refusal is the sandbox's own. */
import type { Page } from "playwright-core";
import t from "tap";
import type { Registration } from "../../src/shapes.ts";
import { openConsole } from "./open-console.ts";
import { authorizeButton, confirmPin, logInAtService, logInLink, nextStep, opens, said } from "./registrations.ts";

const alertOf = async (page: Page): Promise<string> => (await page.getByRole("alert").textContent()) ?? "";
const problemOf = (page: Page) => page.locator("#pin-problem").textContent();

t.test("a PIN that is refused", async (t) => {
  const opened = await openConsole(t);
  const { stage } = opened;
  const { id } = await stage.call<Registration>("registrations.create", { functionalUser: "ServiceDesk", accountName: "ITSM_Notify" });
  const state = () => stage.call<Registration>("registrations.get", { id });
  const page = await opened.as("admin");
  const begin = async () => {
    await page.goto(`/console/registrations/${id}`);
    const tab = await opens(page);
    await page.locator("#pin:focus").waitFor();
    return tab;
  };

  t.test("where it has other characters than digits, has cost nothing", async (t) => {
    const pin = await logInAtService(await begin());
    await confirmPin(page, `${pin}x`);
    t.match(await alertOf(page), /pin: the PIN has digits only[\s\S]*\(20023\)/);
    // A browser gives the focus when it first draws the page, after it was read.
    await page.locator("[role=alert]:focus").waitFor();
    t.equal(await page.getByLabel("PIN", { exact: true }).inputValue(), "", "it is not shown again");
    t.equal(await logInLink(page).count(), 1);
    await page.getByLabel("PIN", { exact: true }).fill(" ");
    await page.getByRole("button", { name: "Confirm PIN" }).click();
    await page.getByRole("link", { name: "The PIN is missing." }).click();
    t.equal(await page.evaluate("document.activeElement.id"), "pin");
    t.match(await state(), { authorization: "pending", pinEnabled: true });
  });

  t.test("where it is a wrong one, is spent", async (t) => {
    const pin = Number(await logInAtService(await begin()));
    await confirmPin(page, String(pin === 9_999_999 ? pin - 1 : pin + 1));
    t.match(
      await alertOf(page),
      /The PIN was not taken[\s\S]*\(ARERR 8753\)[\s\S]*\(20024\)[\s\S]*Click Authorize Account again and type the new PIN/,
    );
    t.equal(await problemOf(page), "X did not accept the PIN; each PIN has one try.");
    t.ok(await page.getByLabel("PIN", { exact: true }).isDisabled());
    t.match(await nextStep(page).textContent(), "Authorize Account");
    await stage.call("registrations.authorize", { id });
    await page.goto(`/console/registrations/${id}`);
    t.equal(await logInLink(page).count(), 0, "and its page leads nowhere any more");
    t.match(await page.getByRole("main").textContent(), "It was begun elsewhere");
  });

  t.test("where it was used in another tab, tells so", async (t) => {
    const pin = await logInAtService(await begin());
    const other = await page.context().newPage();
    await other.goto(`/console/registrations/${id}`);
    await confirmPin(other, "1234567");
    t.match(await alertOf(other), "(20024)");
    await other.close();
    await confirmPin(page, pin);
    t.match(await alertOf(page), /no PIN is awaited; authorise the account first \(ARERR 8753\)[\s\S]*Authorize Account, then the PIN\./);
  });

  t.test("where somebody else logged in, names both accounts", async (t) => {
    await confirmPin(page, await logInAtService(await begin(), "Somebody_Else"));
    const told = await alertOf(page);
    t.match(told, /\(20025\)/);
    t.match(told, "The PIN is of Somebody_Else, the registration is for ITSM_Notify");
    t.match(told, "Log out of X, and authorise as the account that is named in the registration.");
    t.match(await state(), { authorization: "none", pinEnabled: false });
  });

  t.test("where the app may only read, says what to set at X", async (t) => {
    await stage.control("settings", { appPermission: "read" });
    await confirmPin(page, await logInAtService(await begin()));
    t.match(
      await alertOf(page),
      /The token of ITSM_Notify may only read[\s\S]*\(20004\)[\s\S]*Give the app Read and write permission at X/,
    );
    await stage.control("settings", { appPermission: "read-write" });
  });

  t.test("where the account is not protected and must be, says what to do first", async (t) => {
    await stage.control("settings", { protected: { ITSM_Notify: false } });
    await stage.configure({ userDefined: { protectedAccount: "block" } });
    await confirmPin(page, await logInAtService(await begin()));
    t.match(await alertOf(page), /\(20012\)[\s\S]*Protect the account's posts in X's settings, then authorise the account again/);
    t.match(await state(), { authorization: "none", pinEnabled: false });
  });

  t.test("and where it is only to be warned of, it is authorised with the warning", async (t) => {
    await stage.configure({ userDefined: { protectedAccount: "warn" } });
    await confirmPin(page, await logInAtService(await begin()));
    t.match(await said(page), "@ITSM_Notify is authorised.");
    t.match(await page.getByRole("list", { name: "Warnings" }).textContent(), "Everybody can read what @ITSM_Notify posts.");
  });

  t.test("leaves the old token in force, where the account was authorised before", async (t) => {
    await page.getByRole("button", { name: "Enable", exact: true }).click();
    await begin();
    t.match(await page.locator("#pin-hint").textContent(), "The old token is in force until this one is taken.");
    t.match(await nextStep(page).textContent(), "PIN");
    await confirmPin(page, "1234567");
    t.match(await alertOf(page), "(20024)");
    t.match(await state(), { status: "Enabled", authorization: "authorized", pinEnabled: false });
    t.match(await stage.notify({ text: "E-mail is down", waitSeconds: 10 }), { deliveries: [{ state: "delivered" }] });
    await confirmPin(page, await logInAtService(await begin()));
    t.match(await said(page), "@ITSM_Notify is authorised. Broadcasts are posted.");
  });
  t.same(opened.complaints, []);
});

t.test("where authorising can't even begin, the page says why", async (t) => {
  const opened = await openConsole(t, { userDefined: { clock: { correction: "off" } } });
  const { stage } = opened;
  const { id } = await stage.call<Registration>("registrations.create", { functionalUser: "ServiceDesk", accountName: "ITSM_Notify" });
  const page = await opened.as("admin");
  await page.goto(`/console/registrations/${id}`);

  t.test("the clock is wrong: by how much, and what to do", async (t) => {
    stage.setClock(-400);
    await authorizeButton(page).click();
    const told = await alertOf(page);
    t.match(told, /Authorising did not begin[\s\S]*\(20001\)[\s\S]*was (399|400|401) s slow/);
    t.match(told, "Synchronise this host's clock (NTP)");
    stage.setClock(0);
  });

  t.test("X can't be reached: from where, and what to look at", async (t) => {
    await stage.configure({ userDefined: { apiBaseUrl: "http://127.0.0.1:1" } });
    await authorizeButton(page).click();
    await page.getByText("(20010)").waitFor();
    t.match(await alertOf(page), /\(20010\)[\s\S]*Check name resolution, firewall, proxy and certificates from this host/);
    t.match(await nextStep(page).textContent(), "Authorize Account", "and what was tried can be tried again");
  });
  t.same(opened.complaints, []);
});
