/** A real host with the console, and a real browser. */
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core";
import type { Test } from "tap";
import { launchChromium } from "../chromium.ts";
import { openStage, PASSWORDS, type Stage, type StageOptions } from "../stage.ts";

export type Console = {
  stage: Stage;
  browser: Browser;
  /** What a browser complained of, on any page: scripts, and breaches of the policy. */
  complaints: string[];
  open(options?: BrowserContextOptions): Promise<Page>;
  /** A page of somebody who has logged in. */
  as(client: keyof typeof PASSWORDS, options?: BrowserContextOptions): Promise<Page>;
};

export async function openConsole(t: Test, options: StageOptions = {}): Promise<Console> {
  const browser = await launchChromium();
  t.teardown(() => browser.close());
  const stage = await openStage(t, options);
  const complaints: string[] = [];

  const open: Console["open"] = async (contextOptions = {}) => {
    const context = await browser.newContext({ ...contextOptions, baseURL: stage.host.url });
    const page = await context.newPage();
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      // A page that is answered 403 or 404 is told of, too; those the tests ask for themselves.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) complaints.push(message.text());
    });
    return page;
  };
  return {
    stage,
    browser,
    complaints,
    open,
    async as(client, contextOptions) {
      const page = await open(contextOptions);
      await page.goto("/");
      await logIn(page, client, PASSWORDS[client]);
      return page;
    },
  };
}

export async function logIn(page: Page, name: string, password: string): Promise<void> {
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
}

/** Where it is taken for markup, the page's title becomes `name`. */
export const evil = (name: string): string => `"'><img src=x onerror="document.title='${name}'"><script>document.title='${name}'</script>`;
/** What no page of the console writes: it came with a text. */
export const foreignMarkup = (page: Page): Locator => page.locator("script:not([src]), img:not([src^='/console/'])");

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
type Finding = { id: string; help: string; nodes: { html: string; failureSummary?: string }[] };

/** What axe finds against WCAG 2.2 AA and good habits; evaluated by the browser's own protocol, which no policy stops. */
export async function findingsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const violations = await page.evaluate<Finding[]>(
    "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations)",
  );
  return violations.flatMap(({ id, help, nodes }) => nodes.map((node) => `${id}: ${help}: ${node.html} ${node.failureSummary ?? ""}`));
}

const ARTEFACTS = new URL("../../.artefacts/console/", import.meta.url).pathname;

export async function keepPicture(page: Page, name: string): Promise<void> {
  await mkdir(ARTEFACTS, { recursive: true });
  await page.screenshot({ path: join(ARTEFACTS, `${name}.png`), fullPage: true });
}
