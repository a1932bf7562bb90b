/** Registrations in the console: the way from a new request to a broadcast, by mouse, by keyboard, without JavaScript. */
import type { Page } from "playwright-core";
import t from "tap";
import type { AuditEntry, Lane, Registration } from "../../src/shapes.ts";
import { LOG_IN, openStandIn } from "../directory/ar-stand-in.ts";
import { send, session } from "./by-hand.ts";
import { evil, foreignMarkup, openConsole } from "./open-console.ts";
import {
  authorizeButton,
  BESIDE_A_WEBHOOK,
  confirmPin,
  logInAtService,
  logInLink,
  nextStep,
  opens,
  said,
  saveRequest,
  suggestions,
  withPeople,
} from "./registrations.ts";

/** Of the credentials file: its account is looked for once it is saved, and can be enabled by then. */
async function saveDesk(page: Page): Promise<void> {
  await saveRequest(page, "Pager", "Desk", "Webhook");
  while ((await page.getByRole("button", { name: "Enable", exact: true }).count()) === 0) await page.reload();
}

const focused = (page: Page) => page.evaluate<string>("document.activeElement.textContent || document.activeElement.name || ''");

t.test("an administrator registers an account, authorises it with the PIN of the log-in page, and enables it", async (t) => {
  const opened = await openConsole(t);
  const { stage } = opened;
  const page = await opened.as("admin");
  await page.getByRole("link", { name: "Registrations" }).click();
  t.match(await page.getByRole("main").textContent(), "Nothing is registered yet.");
  await page.getByRole("link", { name: "New Request" }).click();
  t.equal(await page.getByLabel("Company").inputValue(), "Global");
  t.equal(await page.getByLabel("Notification Content").inputValue(), "Broadcast");
  t.match(await nextStep(page).textContent(), "Save");
  await saveRequest(page, "ServiceDesk", "@ITSM_Notify");
  t.match(await said(page), "Saved. Authorise its account next.");
  t.match(await nextStep(page).textContent(), "Authorize Account");
  t.ok(await page.getByLabel("PIN", { exact: true }).isDisabled());
  t.equal(await page.getByRole("button", { name: "Confirm PIN" }).count(), 0);

  const tab = await opens(page);
  await tab.getByRole("button", { name: "Authorize app" }).waitFor();
  t.match(tab.url(), `${stage.sandboxUrl}/oauth/authorize`, "one click opens the log-in page");
  t.same(await tab.evaluate("[document.referrer, opener]"), ["", null], "which is told nothing of ours");
  await page.locator("#pin:focus").waitFor();
  t.match(await nextStep(page).textContent(), "PIN", "the page behind it goes on by itself");
  t.match(await said(page), "Begun. Log in with the account");
  t.match(await logInLink(page).getAttribute("rel"), "noreferrer");
  t.equal(await logInLink(page).getAttribute("href"), tab.url());
  t.notMatch(page.url(), "oauth_token", "what the service gave stands in no address of ours");
  const pin = await logInAtService(tab);
  t.match(pin, /^\d{7}$/);
  await confirmPin(page, pin);
  t.match(await said(page), "@ITSM_Notify is authorised. Enable it next.");
  t.ok(await page.getByLabel("PIN", { exact: true }).isDisabled(), "off, since the account is associated");
  t.match(await nextStep(page).textContent(), "Enable");
  await page.getByRole("button", { name: "Enable", exact: true }).click();
  t.match(await said(page), "Enabled: broadcasts are posted from now on.");
  t.equal(await nextStep(page).count(), 0, "nothing is left to do");

  const { deliveries } = await stage.notify({ text: "E-mail is down in Paris", functionalUser: "ServiceDesk", waitSeconds: 10 });
  t.match(deliveries, [{ state: "delivered" }]);
  await page.reload();
  t.match(await page.getByRole("region", { name: "Facts" }).textContent(), /Protected\s*yes[\s\S]*0 queued[\s\S]*delivered/);
  await page.getByRole("link", { name: "of @ITSM_Notify" }).click();
  t.match(await page.getByRole("main").textContent(), "E-mail is down in Paris");
  await page.goto("/console/registrations");
  const row = page.getByRole("row", { name: "@ITSM_Notify" });
  t.match(await row.textContent(), /ServiceDesk[\s\S]*Global[\s\S]*Broadcast[\s\S]*Twitter[\s\S]*Enabled[\s\S]*authorized/);
  const { entries } = await stage.call<{ entries: AuditEntry[] }>("audit.list");
  const methods = ["registrations.update", "registrations.confirm", "registrations.authorize", "registrations.create"];
  t.match(
    entries.map(({ client, method, outcome }) => ({ client, method, outcome })),
    methods.map((method) => ({ client: "admin", method, outcome: "done" })),
  );
  t.notMatch(JSON.stringify([entries, stage.log]), pin, "no PIN is on record");
  t.same(opened.complaints, []);
});

t.test("the same by keyboard alone, with a suggested user", async (t) => {
  const opened = await openConsole(t, { config: withPeople(t) });
  const page = await opened.as("admin");
  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const reach = async (name: string) => {
    for (let stops = 0; (await focused(page)).trim() !== name; stops += 1) {
      if (stops > 40) throw new Error(`${name} was not reached; the focus is on ${await focused(page)}`);
      await press("Tab");
    }
  };
  await page.goto("/console/registrations");
  await reach("New Request");
  await press("Enter");
  await page.getByRole("heading", { name: "New Request" }).waitFor();
  // Made one by the script: what is typed before is not suggested to.
  await page.getByRole("combobox", { name: "AR Functional User" }).waitFor();
  await reach("functionalUser");
  await page.keyboard.type("serv");
  await suggestions(page).first().waitFor();
  await press("ArrowDown", "Enter");
  t.equal(await page.getByLabel("AR Functional User").inputValue(), "ServiceDesk", "chosen, and nothing sent");
  await reach("accountName");
  await page.keyboard.type("ITSM_Notify");
  await reach("Save");
  await press("Enter");
  await page.getByText("Saved. Authorise its account next.").waitFor();
  await reach("Authorize Account");
  const popup = page.waitForEvent("popup");
  await press("Enter");
  const tab = await popup;
  await tab.getByRole("button", { name: "Authorize app" }).focus();
  await tab.keyboard.press("Enter");
  const pin = (await tab.locator("#pin").textContent()) ?? "";
  await tab.close();
  await page.locator("#pin:focus").waitFor();
  await page.keyboard.type(pin);
  await press("Enter");
  await page.getByText("@ITSM_Notify is authorised.").waitFor();
  await reach("Enable");
  await press("Enter");
  await page.getByText("Enabled: broadcasts are posted from now on.").waitFor();
  await reach("Delete…");
  await press("Enter");
  await reach("Delete this registration");
  await press("Enter");
  await page.getByText("The registration is deleted; deliveries cancelled: 0.").waitFor();
  t.same(opened.complaints, []);
});

t.test("without JavaScript the whole way is there, too", async (t) => {
  const opened = await openConsole(t);
  const page = await opened.as("admin", { javaScriptEnabled: false });
  await saveRequest(page, "ServiceDesk", "ITSM_Notify");
  await authorizeButton(page).click();
  const pin = await logInAtService(await opens(page, logInLink(page)));
  await confirmPin(page, pin);
  await page.getByRole("button", { name: "Enable", exact: true }).click();
  t.match(await said(page), "Enabled");
});

t.test("what is typed in the fields is saved with whatever is pressed", async (t) => {
  const opened = await openConsole(t, { config: withPeople(t) });
  const { stage } = opened;
  const page = await opened.as("admin");
  await saveRequest(page, "ServiceDesk", "ITSM_Notify");
  const id = page.url().split("/").at(-1);
  const state = () => stage.call<Registration>("registrations.get", { id });
  const company = page.getByLabel("Company");

  t.test("where authorising begins, whose page goes on suggesting users", async (t) => {
    await company.fill("Calbro");
    const tab = await opens(page);
    const pin = await logInAtService(tab);
    t.match(await said(page), "Saved. Begun.");
    t.match(await state(), { company: "Calbro", pinEnabled: true });
    await page.getByLabel("AR Functional User").fill("");
    await page.getByLabel("AR Functional User").pressSequentially("al");
    await suggestions(page).first().click();
    await confirmPin(page, pin);
    t.match(await said(page), "Saved. @ITSM_Notify is authorised. Enable it next.");
    t.match(await state(), { company: "Calbro", functionalUser: "Allen", authorization: "authorized" });
  });

  t.test("where it is enabled, or disabled", async (t) => {
    await company.fill("Global");
    await page.getByRole("button", { name: "Enable", exact: true }).click();
    await page.getByText("Enabled: broadcasts are posted").waitFor();
    t.match(await state(), { company: "Global", status: "Enabled" });
    await company.fill("Calbro");
    await page.getByRole("button", { name: "Disable" }).click();
    await page.getByText("Disabled: what comes in waits").waitFor();
    t.match(await state(), { company: "Calbro", status: "Disabled" });
  });

  t.test("and where it can't be saved, nothing is begun, and it stays", async (t) => {
    await company.fill("");
    await page.getByLabel("Notification Content").fill("Alert");
    await authorizeButton(page).click();
    await page.getByRole("alert").waitFor();
    t.match(await focused(page), /^Nothing was saved\s+Company is missing\./, "said with the focus");
    t.equal(await page.getByLabel("Notification Content").inputValue(), "Alert");
    t.match(await state(), { content: "Broadcast", pinEnabled: false });
    while (page.context().pages().length > 1) await page.evaluate("0");
    t.pass("no tab is left");
  });

  t.test("nor is a PIN sent, which is shown on no page", async (t) => {
    await company.fill("Calbro");
    const pin = await logInAtService(await opens(page));
    t.match(await said(page), "Saved. Begun.");
    await company.fill("");
    await confirmPin(page, pin);
    t.match(await page.getByRole("alert").textContent(), /Company is missing\.[\s\S]*The PIN was not sent; type it again\./);
    t.equal(await page.getByLabel("PIN", { exact: true }).inputValue(), "");
    await company.fill("Calbro");
    await page.getByLabel("PIN", { exact: true }).fill(pin);
    await page.getByLabel("PIN", { exact: true }).press("Enter");
    await page.getByText("@ITSM_Notify is authorised.").waitFor();
    t.match(await state(), { content: "Alert", authorization: "authorized", pinEnabled: false }, "Enter confirms, too");
  });

  t.test("while the host does not answer what is typed stays", async (t) => {
    await company.fill("Global");
    await stage.host.stop();
    await authorizeButton(page).click();
    t.match(await page.getByRole("alert").textContent(), "The host does not answer");
    t.equal(await company.inputValue(), "Global");
    t.ok(await authorizeButton(page).isEnabled());
  });
  t.same(opened.complaints, []);
});

t.test("a form that is refused keeps what was typed, and says where what is wrong", async (t) => {
  const opened = await openConsole(t);
  const { stage } = opened;
  const { id } = await stage.register("NetworkDesk", "Second_Desk");
  const page = await opened.as("admin");
  const problem = async (label: string) => {
    const described = await page.getByLabel(label).getAttribute("aria-describedby");
    t.equal(await page.getByLabel(label).getAttribute("aria-invalid"), "true", label);
    return page.locator(`#${described?.split(" ").at(-1)}`).textContent();
  };

  t.test("where something is missing", async (t) => {
    await saveRequest(page, "", "ITSM_Notify");
    await page.locator("[role=alert]:focus").waitFor();
    t.match(await focused(page), /^Nothing was saved\s+AR Functional User is missing\./, "the summary has the focus");
    t.equal(await problem("AR Functional User"), "AR Functional User is missing.");
    t.equal(await page.getByLabel("Associated Account Name").inputValue(), "ITSM_Notify");
    await page.getByRole("link", { name: "AR Functional User is missing." }).click();
    t.equal(await focused(page), "functionalUser", "and leads to the field");
  });

  t.test("where it is enabled before it is authorised", async (t) => {
    await page.getByLabel("AR Functional User").fill("ServiceDesk");
    await page.getByLabel("Status").selectOption("Enabled");
    await page.getByRole("button", { name: "Save" }).click();
    t.match(await problem("Status"), "The account has not been authorised.");
    const summary = await page.getByRole("alert").textContent();
    t.match(
      summary,
      /only an authorised account can be enabled \(ARERR 8753\)[\s\S]*\(20022\)[\s\S]*What to do: Authorise the account first: Authorize Account, then the PIN\./,
    );
    t.notMatch(summary, "perch registrations", "no command line is needed here");
    t.equal(await page.getByLabel("AR Functional User").inputValue(), "ServiceDesk");
    t.equal(await page.getByLabel("Status").inputValue(), "Enabled");
  });

  t.test("where it exists already, and leads there", async (t) => {
    await saveRequest(page, "networkdesk", "second_desk");
    t.match(await page.getByRole("alert").textContent(), "a registration of networkdesk for Broadcast on second_desk exists");
    await page.getByRole("link", { name: "Open the registration that exists" }).click();
    t.match(page.url(), id);
  });

  t.test("and its own address leads back to the page", async (t) => {
    await saveRequest(page, "", "");
    await page.goto(page.url());
    t.match(page.url(), /\/console\/registrations\/new$/);
  });

  t.test("an account of another name is to be authorised anew", async (t) => {
    await page.goto(`/console/registrations/${id}`);
    await page.getByLabel("Associated Account Name").fill("Third_Desk");
    await page.getByRole("button", { name: "Save" }).click();
    t.match(await said(page), "Saved, and disabled: the account is another one. Authorise it next.");
    t.match(await stage.call("registrations.get", { id }), { accountName: "Third_Desk", status: "Disabled", authorization: "none" });
    await page.getByRole("button", { name: "Save" }).click();
    t.match(await said(page), "Nothing was changed.");
  });
  t.same(opened.complaints, []);
});

t.test("what another administrator did meanwhile is not undone by surprise", async (t) => {
  const opened = await openConsole(t);
  const { stage } = opened;
  const { id } = await stage.register();
  const page = await opened.as("admin");
  await page.goto(`/console/registrations/${id}`);
  await stage.call("registrations.update", { id, content: "Alert" });

  t.test("who saves is told who changed what, and keeps what he typed", async (t) => {
    await page.getByLabel("Company").fill("Calbro");
    await page.getByRole("button", { name: "Save" }).click();
    const summary = await page.getByRole("alert").textContent();
    t.match(summary, /it was changed meanwhile[\s\S]*local changed it at [\d:]+: Notification Content: Alert\./);
    t.equal(await page.getByLabel("Company").inputValue(), "Calbro");
    t.equal(await page.getByLabel("Notification Content").inputValue(), "Broadcast");
    t.match(await page.locator("#content-hint").textContent(), "In force now: Alert");
    t.match(await stage.call("registrations.get", { id }), { content: "Alert", company: "Global" });
    await page.getByRole("button", { name: "Save" }).click();
    t.match(await said(page), "Saved.");
    t.match(await stage.call("registrations.get", { id }), { content: "Broadcast", company: "Calbro" });
  });

  t.test("who disables sees first what it is now", async (t) => {
    await stage.call("registrations.update", { id, company: "Global" });
    await page.getByRole("button", { name: "Disable" }).click();
    t.match(await page.getByRole("alert").textContent(), /it was changed meanwhile[\s\S]*Company: Global/);
    t.match(await stage.call("registrations.get", { id }), { status: "Enabled" });
    await page.getByRole("button", { name: "Disable" }).click();
    t.match(await stage.call("registrations.get", { id }), { status: "Disabled" });
  });

  t.test("of one that was deleted what was typed can be saved anew", async (t) => {
    await page.getByLabel("Company").fill("Calbro");
    await stage.call("registrations.delete", { id });
    await page.getByRole("button", { name: "Save" }).click();
    t.match(await page.getByRole("alert").textContent(), /it was deleted meanwhile[\s\S]*local deleted it at/);
    await page.getByRole("button", { name: "Save" }).click();
    t.match(await said(page), "Saved. Its account is associated already. Enable it next.");
    t.match(await stage.call("registrations.list"), { registrations: [{ company: "Calbro", accountName: "ITSM_Notify" }] });
  });
  t.same(opened.complaints, []);
});

t.test("a mechanism without a PIN asks for none", async (t) => {
  const opened = await openConsole(t, BESIDE_A_WEBHOOK);
  const page = await opened.as("admin");
  await saveDesk(page);
  t.equal(await page.getByLabel("PIN", { exact: true }).count(), 0);
  t.equal(await page.getByText("Authorize Account").count(), 0);
  await page.getByRole("button", { name: "Enable", exact: true }).click();
  t.match(await said(page), "Enabled");
  await saveRequest(page, "Pager", "Gone", "Webhook");
  t.match(await nextStep(page).textContent(), "Credentials file");
  t.match(
    await page.locator("[aria-current=step]").textContent(),
    "put the account into the credentials file, under plugins.webhook.accounts",
  );
  t.match(await said(page), "There is no PIN");
});

t.test("a registration whose plug-in is gone is disabled and deleted", async (t) => {
  const opened = await openConsole(t, BESIDE_A_WEBHOOK);
  const { stage } = opened;
  const page = await opened.as("admin");
  await saveDesk(page);
  await page.getByRole("button", { name: "Enable", exact: true }).click();
  await page.getByText("Enabled: broadcasts are posted").waitFor();
  await stage.configure({});
  await page.reload();
  t.equal(await page.getByLabel("Notification Mechanism").inputValue(), "Webhook");
  await page.getByRole("button", { name: "Disable" }).click();
  t.match(await said(page), "Disabled: what comes in waits, and expires.");
  await page.getByText("Delete…").click();
  await page.getByRole("button", { name: "Delete this registration" }).click();
  t.match(await said(page), "The registration is deleted");
  t.match(await stage.call("registrations.list"), { registrations: [] });
  t.same(opened.complaints, []);
});

t.test("what is against good practice is told where it applies, and only there", async (t) => {
  const opened = await openConsole(t, { config: withPeople(t) });
  const { stage } = opened;
  await stage.control("accounts", { name: "Open_Notify", protected: false });
  const good = await stage.register("NetworkDesk", "Second_Desk");
  const first = await stage.register("ServiceDesk", "Open_Notify");
  const page = await opened.as("admin");
  const warnings = page.getByRole("list", { name: "Warnings" });
  await page.goto(`/console/registrations/${good.id}`);
  t.equal(await warnings.count(), 0);
  await stage.call("registrations.create", { functionalUser: "Nobody", accountName: "Open_Notify" });
  await page.goto("/console/registrations");
  await page.getByRole("row", { name: "Nobody" }).getByRole("link").click();
  const told = (await warnings.textContent()) ?? "";
  t.match(told, "Everybody can read what @Open_Notify posts.");
  t.match(told, "@Open_Notify is also the account of ServiceDesk.");
  t.match(told, "The directory knows no user Nobody.");
  await warnings.getByRole("link", { name: "ServiceDesk" }).click();
  t.match(page.url(), first.id);
});

t.test("a lane that is held says why on the registration's page", async (t) => {
  const opened = await openConsole(t);
  const { stage } = opened;
  const { id } = await stage.register();
  await stage.control("accounts/ITSM_Notify/revoke", {});
  const { deliveries } = await stage.notify({ text: "E-mail is down", functionalUser: "ServiceDesk" });
  await stage.reaches(deliveries[0]!.id, "waiting");
  const page = await opened.as("admin");
  await page.goto(`/console/registrations/${id}`);
  t.match(await page.getByRole("region", { name: "Why its lane is held" }).textContent(), /20002[\s\S]*Authorise the account again/);
  t.match(await nextStep(page).textContent(), "Authorize Account");
  t.match(await page.getByRole("region", { name: "Steps" }).textContent(), "Broadcasts wait for the account.");
  await confirmPin(page, await logInAtService(await opens(page)));
  await stage.reaches(deliveries[0]!.id, "delivered");
  t.pass("authorised again, what waited goes on");
});

t.test("suggestions of users", async (t) => {
  const opened = await openConsole(t, { config: withPeople(t) });
  const { stage } = opened;
  const page = await opened.as("admin");
  await page.goto("/console/registrations/new");
  const user = page.getByRole("combobox", { name: "AR Functional User" });

  t.test("are told by name and count, and closed with Escape", async (t) => {
    await user.pressSequentially("al");
    await suggestions(page).first().waitFor();
    t.equal(await user.getAttribute("aria-expanded"), "true");
    t.match(await suggestions(page).allTextContents(), ["AllenAllen Allbrook, allen@example.com", "AlmaAlma Álvarez, alma@example.com"]);
    t.match(await page.locator("#functionalUser ~ [role=status]").textContent(), /^\d suggestions$/);
    await page.keyboard.press("ArrowUp");
    const active = await user.getAttribute("aria-activedescendant");
    t.equal(await page.locator(`#${active}`).getAttribute("aria-selected"), "true");
    await page.keyboard.press("Escape");
    t.equal(await suggestions(page).count(), 0);
    t.equal(await user.inputValue(), "al", "what was typed stays");
  });

  t.test("are chosen with the pointer", async (t) => {
    await page.keyboard.press("ArrowDown");
    await suggestions(page).getByText("Alma Álvarez").click();
    t.equal(await user.inputValue(), "Alma");
    t.equal(await user.getAttribute("aria-expanded"), "false");
  });

  t.test("are text, whatever the directory holds", async (t) => {
    await user.fill("<img");
    await suggestions(page).first().waitFor();
    t.equal(await page.locator("[role=listbox] :is(img, script)").count(), 0);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    t.match(await user.inputValue(), /^<img src=x/);
    t.match(await page.title(), "New Request · Perch");
  });

  t.test("are for administrators", async (t) => {
    const path = `${stage.host.url}/console/users.json?prefix=al`;
    t.equal((await send(path)).status, 403);
    const operator = await session(stage.host.url, "operator");
    const refused = await send(path, { cookie: operator.cookie });
    t.equal(refused.status, 403);
    t.match(refused.text, "users.suggest needs the role admin");
    const admin = await session(stage.host.url, "admin");
    const answered = await send(path, { cookie: admin.cookie });
    t.match(answered.headers.get("content-type"), "application/json");
    t.match(JSON.parse(answered.text), { users: [{ name: "Allen", fullName: "Allen Allbrook", email: "allen@example.com" }, {}, {}] });
  });

  t.test("that can't be had are said to be, and the field goes on as a plain one", async (t) => {
    await stage.host.stop();
    await user.fill("mary");
    await page.getByText("No suggestions: the host does not answer").waitFor();
    t.equal(await user.inputValue(), "mary");
  });
});

t.test("a directory that fails or is silent says so where users are suggested, and holds no page up", async (t) => {
  const standIn = await openStandIn(t);
  const arServer = { url: standIn.url, requestTimeoutSeconds: 60 };
  const opened = await openConsole(t, { config: { directory: { arServer } }, credentials: { directory: LOG_IN } });
  const { id } = await opened.stage.register();
  const page = await opened.as("admin");
  standIn.trouble = { login: { status: 500, body: "" } };
  await page.goto("/console/registrations/new");
  await page.getByLabel("AR Functional User").pressSequentially("al");
  await page.getByText(/No suggestions: .*AR System/).waitFor();
  standIn.trouble = { login: "silence" };
  await page.goto(`/console/registrations/${id}`);
  t.equal(await page.getByLabel("AR Functional User").inputValue(), "ServiceDesk");
  t.equal(await page.getByRole("list", { name: "Warnings" }).count(), 0, "of a user nobody could ask for nothing is said");
  t.same(opened.complaints, []);
});

t.test("an operator looks, and is offered nothing that he may not do", async (t) => {
  const opened = await openConsole(t);
  const { stage } = opened;
  const { id } = await stage.register();
  const page = await opened.as("operator");
  await page.goto("/console/registrations");
  t.equal(await page.getByText("New Request").count(), 0);
  await page.getByRole("link", { name: "@ITSM_Notify" }).click();
  t.match(await page.getByRole("main").textContent(), /ServiceDesk[\s\S]*Enabled/);
  t.equal(await page.getByRole("main").locator("button, input, select, summary").count(), 0);
  await page.goto("/console/registrations/new");
  t.match(await page.getByRole("main").textContent(), "registrations.create needs the role admin; the client operator has operator");
  const { cookie, csrf, headers } = await session(stage.host.url, "operator");
  for (const act of ["save", "enable", "disable", "authorize", "confirm", "delete"]) {
    const form = {
      csrf,
      company: "Forced",
      content: "b",
      functionalUser: "c",
      mechanism: "Twitter",
      accountName: "d",
      status: "Disabled",
      pin: "1",
    };
    const { status, text } = await send(`${stage.host.url}/console/registrations/${id}/${act}`, { cookie, form, headers });
    if (status === 422) t.match(text, /needs the role admin/, act);
    else t.equal(status, 303, act);
  }
  t.match(await stage.call("registrations.list"), { registrations: [{ company: "Global", status: "Enabled", pinEnabled: false }] });
});

t.test("a form that no page of the console sent changes no registration", async (t) => {
  const { stage } = await openConsole(t);
  const { id } = await stage.register();
  const { url } = stage.host;
  const { cookie, csrf, headers } = await session(url, "admin");
  for (const path of ["new/save", `${id}/save`, `${id}/disable`, `${id}/authorize`, `${id}/confirm`, `${id}/delete`]) {
    const target = `${url}/console/registrations/${path}`;
    t.equal((await send(target, { cookie, form: { status: "Disabled" }, headers })).status, 403, `${path} without the token`);
    t.equal(
      (await send(target, { cookie, form: { csrf }, headers: { origin: "http://evil.example" } })).status,
      403,
      `${path} from elsewhere`,
    );
    t.match((await send(target, { form: { csrf }, headers })).headers.get("location"), "/console/log-in", `${path} of nobody`);
  }
  t.match(await stage.call("registrations.list"), { registrations: [{ id, status: "Enabled", pinEnabled: false }] });
});

t.test("whatever a registration's fields hold is text", async (t) => {
  const opened = await openConsole(t);
  const { stage } = opened;
  const page = await opened.as("admin");
  const isText = async (what: string) => {
    t.equal(await foreignMarkup(page).count(), 0, what);
    t.match(await page.title(), / · Perch$/, what);
  };
  await page.goto("/console/registrations/new");
  for (const label of ["Company", "Notification Content", "AR Functional User", "Associated Account Name"])
    await page.getByLabel(label).fill(evil(label));
  await page.getByLabel("Status").selectOption("Enabled");
  await page.getByRole("button", { name: "Save" }).click();
  await isText("refused");
  t.equal(await page.getByLabel("Company").inputValue(), evil("Company"));
  await page.getByLabel("Status").selectOption("Disabled");
  await page.getByRole("button", { name: "Save" }).click();
  t.match(await said(page), "Saved.");
  await isText("saved");
  const { registrations } = await stage.call<{ registrations: Registration[] }>("registrations.list");
  await stage.call("registrations.update", { id: registrations[0]!.id, company: evil("theirs") });
  await page.getByLabel("Company").fill(evil("mine"));
  await page.getByRole("button", { name: "Save" }).click();
  t.match(await page.getByRole("alert").textContent(), evil("theirs"));
  await isText("changed meanwhile");
  await page.goto("/console/registrations");
  await isText("list");
  await page.getByRole("button", { name: "Log out" }).waitFor();
  const { lanes } = await stage.call<{ lanes: Lane[] }>("lanes.list");
  t.same(lanes, []);
  t.same(opened.complaints, []);
});
