/** The registration's pages in each of their states, in both colour schemes, on a phone and on a desk. */
import type { Page } from "playwright-core";
import t, { type Test } from "tap";
import type { Registration } from "../../src/shapes.ts";
import { findingsOf, keepPicture, openConsole } from "./open-console.ts";
import { BESIDE_A_WEBHOOK, opens, suggestions, withPeople } from "./registrations.ts";

const SIZES = { phone: { width: 360, height: 740 }, desk: { width: 1280, height: 860 } };
type Opened = Awaited<ReturnType<typeof openConsole>>;

/** One registration in each state that a page can show. */
async function everyState({ stage }: Opened) {
  const create = (functionalUser: string, accountName: string, mechanism = "Twitter") =>
    stage.call<Registration>("registrations.create", { functionalUser, accountName, mechanism });
  const enabled = await stage.register();
  await stage.notify({ text: "E-mail is down in Paris, we are on it", functionalUser: "ServiceDesk", waitSeconds: 10 });
  const none = await create("NetworkDesk", "Network_Notify");
  const pending = await create("FieldService", "Field_Notify");
  await stage.call("registrations.authorize", { id: pending.id });
  const shared = await create("Facilities", "ITSM_Notify");
  const missing = await create("Pager", "Gone", "Webhook");
  const ready = await create("Pager", "Desk", "Webhook");
  await stage.control("accounts", { name: "Open_Notify", protected: false });
  const open = await stage.register("PublicDesk", "Open_Notify");
  return { enabled, none, pending, shared, missing, ready, open };
}

const pagesOf = (states: Awaited<ReturnType<typeof everyState>>) => ({
  registrations: "/console/registrations",
  "registration-new": "/console/registrations/new",
  ...Object.fromEntries(Object.entries(states).map(([name, { id }]) => [`registration-${name}`, `/console/registrations/${id}`])),
});

async function isSound(t: Test, page: Page, name: string, width: number): Promise<void> {
  t.same(await findingsOf(page), [], name);
  t.equal(await page.evaluate<number>("document.documentElement.scrollWidth"), width, `${name} fits the window`);
  await keepPicture(page, name);
}

/** Refusals and suggestions, which have no address of their own. */
async function actOn(page: Page, states: Awaited<ReturnType<typeof everyState>>, look: (name: string) => Promise<void>) {
  await page.goto("/console/registrations/new");
  await page.getByLabel("AR Functional User").pressSequentially("al");
  await suggestions(page).first().waitFor();
  await page.keyboard.press("ArrowDown");
  await look("registration-suggestions");
  await page.keyboard.press("Escape");
  await page.getByLabel("AR Functional User").fill("");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("alert").waitFor();
  await look("registration-missing");
  await page.goto(`/console/registrations/${states.none.id}`);
  const tab = await opens(page);
  await page.locator("#pin:focus").waitFor();
  await tab.close();
  await look("registration-begun");
  await page.getByLabel("PIN", { exact: true }).fill("1234567");
  await page.getByRole("button", { name: "Confirm PIN" }).click();
  await page.getByRole("alert").waitFor();
  await look("registration-wrong-pin");
}

t.test("the registration's pages are sound in both colour schemes, on a phone and on a desk", async (t) => {
  const opened = await openConsole(t, { ...BESIDE_A_WEBHOOK, config: withPeople(t) });
  const states = await everyState(opened);
  for (const colorScheme of ["light", "dark"] as const) {
    for (const [size, viewport] of Object.entries(SIZES)) {
      const page = await opened.as("admin", { colorScheme, viewport });
      const look = (name: string) => isSound(t, page, `${name}-${size}-${colorScheme}`, viewport.width);
      for (const [name, path] of Object.entries(pagesOf(states))) {
        await page.goto(path);
        await look(name);
      }
      await actOn(page, states, look);
      await page.context().close();
      const operator = await opened.as("operator", { colorScheme, viewport });
      await operator.goto(`/console/registrations/${states.open.id}`);
      await isSound(t, operator, `registration-operator-${size}-${colorScheme}`, viewport.width);
      await operator.context().close();
    }
  }
  t.same(opened.complaints, [], "no script failed, and nothing broke the policy");
});
