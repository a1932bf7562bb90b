/** What tests of the registration's pages share. */
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import type { Test } from "tap";
import type { StageOptions } from "../stage.ts";

const PEOPLE = `Login Name,Full Name,Email Address
ServiceDesk,Service Desk,desk@example.com
NetworkDesk,Network Desk,
Allen,Allen Allbrook,allen@example.com
Alma,Alma Álvarez,alma@example.com
"<img src=x onerror=""document.title=1"">",Alf <script>document.title=1</script>,
`;

/** A directory of users, for `config`. */
export const withPeople = (t: Test): { directory: { file: string } } => ({
  directory: { file: join(t.testdir({ "people.csv": PEOPLE }), "people.csv") },
});

export const suggestions = (page: Page): Locator => page.getByRole("listbox", { name: "Suggestions" }).getByRole("option");

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/** Two mechanisms, one of them without a PIN; `Desk` is an account of the credentials file. */
export const BESIDE_A_WEBHOOK: StageOptions = {
  plugins: [{ module: "webhook" }],
  credentials: {
    plugins: {
      twitter: { consumerKey: "sandbox-consumer-key", consumerSecret: "sandbox-consumer-secret" },
      webhook: { accounts: { Desk: { url: "https://desk.example", secret } } },
    },
  },
};

/** Fills the form of a new request and saves it. */
export async function saveRequest(page: Page, functionalUser: string, accountName: string, mechanism = "Twitter"): Promise<void> {
  await page.goto("/console/registrations");
  await page.getByRole("link", { name: "New Request" }).click();
  await page.getByLabel("AR Functional User").fill(functionalUser);
  await page.getByLabel("Associated Account Name").fill(accountName);
  await page.getByLabel("Notification Mechanism").selectOption(mechanism);
  await page.getByRole("button", { name: "Save" }).click();
}

export const authorizeButton = (page: Page): Locator => page.getByRole("button", { name: /^Authorize Account/ });
export const logInLink = (page: Page): Locator => page.getByRole("link", { name: "Open Twitter’s log-in page" });

/** The tab of the log-in page, which a click opens. */
export async function opens(page: Page, place: Locator = authorizeButton(page)): Promise<Page> {
  const opened = page.waitForEvent("popup");
  await place.click();
  return opened;
}

/** What the owner of the account does there; answers the PIN. `as`: who he is, unless he is the one who was asked for. */
export async function logInAtService(tab: Page, as?: string): Promise<string> {
  if (as !== undefined) await tab.getByLabel("Another account name").fill(as);
  await tab.getByRole("button", { name: "Authorize app" }).click();
  const pin = await tab.locator("#pin").textContent();
  await tab.close();
  return pin ?? "";
}

export async function confirmPin(page: Page, pin: string): Promise<void> {
  await page.getByLabel("PIN", { exact: true }).fill(pin);
  await page.getByRole("button", { name: "Confirm PIN" }).click();
}

/** The words of the step that is next. */
export const nextStep = (page: Page): Locator => page.locator("[aria-current=step] h2");

/** The notice of what was done. */
export const said = (page: Page): Promise<string | null> => page.getByRole("status").first().textContent();
