/** Charts in a real browser: drawn in their colours, saying what the table says, kept up to date, used by keys alone. */
import type { Page } from "playwright-core";
import t from "tap";
import { noCounts } from "../../src/minute-counts.ts";
import type { HistoryPoint } from "../../src/shapes.ts";
import type { StoredMinute } from "../../src/store/store.ts";
import { findingsOf, keepPicture, openConsole } from "./open-console.ts";
import { plausibleHistory, writeHistory } from "./plausible-history.ts";

const thisMinute = (): number => Math.floor(Date.now() / 60_000);

/** How many pixels of the chart have exactly the colour that the style sheet gives that line. */
const pixelsOf = (page: Page, column: string) =>
  page.evaluate<number>(`(() => {
    const item = document.querySelector('[data-column="${column}"]');
    const wanted = getComputedStyle(item.querySelector(".swatch")).borderTopColor.match(/\\d+/g).map(Number);
    const canvas = item.closest("figure").querySelector("canvas");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let found = 0;
    for (let at = 0; at < data.length; at += 4)
      if (data[at + 3] === 255 && wanted.every((part, index) => Math.abs(part - data[at + index]) < 3)) found += 1;
    return found;
  })()`);

const drawn = (page: Page) => page.waitForSelector(".charts:not([hidden]) canvas");

t.test("what will be here is said as long as nothing has happened", async (t) => {
  const opened = await openConsole(t);
  const page = await opened.as("operator");
  await page.goto("/console/history");
  t.match(await page.locator("#history-empty").textContent(), "Nothing happened in this time");
  t.notOk(await page.locator(".charts").isVisible());
  t.notOk(await page.locator("summary").isVisible());
  t.same(await findingsOf(page), []);
});

t.test("each line is drawn in its colour, and the table says what server.history says", async (t) => {
  const opened = await openConsole(t);
  writeHistory(opened.stage.folder, plausibleHistory(thisMinute()));
  const page = await opened.as("operator");
  await page.goto("/console/history?range=24h");
  await drawn(page);
  for (const column of ["Accepted", "Delivered", "Failed", "Retried", "Half within", "95 % within", "Queued"])
    t.ok((await pixelsOf(page, column)) > 20, `${column} is drawn`);

  await page.locator("summary").click();
  const rows = await page
    .locator("#history-figures tbody tr")
    .evaluateAll((rows) =>
      rows.map((row) => [
        row.querySelector("time")?.dateTime,
        ...[...row.querySelectorAll("td")].map((cell) => cell.querySelector("data")?.value ?? cell.textContent),
      ]),
    );
  const since = rows.at(-1)?.[0];
  const until = new Date(Date.parse(rows[0]?.[0] ?? "") + 600_000).toISOString();
  const { points } = await opened.stage.call<{ points: HistoryPoint[] }>("server.history", { since, until, stepSeconds: 600 });
  const told = points.map(({ at, latency, queued, accepted, delivered, failed, expired, cancelled, retried }) => [
    at,
    ...[accepted, delivered, failed, expired, cancelled, retried, latency?.p50 ?? "", latency?.p95 ?? "", queued ?? ""].map(String),
  ]);
  t.strictSame(rows.slice(1), told.toReversed().slice(1));
  t.ok(rows.length > 140);
  t.same(opened.complaints, [], "and nothing broke the policy");
});

t.test("a single value, which makes no line, is drawn as a point", async (t) => {
  const opened = await openConsole(t);
  writeHistory(opened.stage.folder, [{ ...noCounts(), minute: thisMinute() - 9, id: "one", delivered: 1, took_500: 1, queued: 3 }]);
  const page = await opened.as("operator");
  await page.goto("/console/history?range=1h");
  await drawn(page);
  for (const column of ["Half within", "Queued"]) t.ok((await pixelsOf(page, column)) > 5, `${column} is drawn`);
});

t.test("a chart is used by keys alone: all charts show the same moment, and it is said", async (t) => {
  const opened = await openConsole(t);
  // Also of the minutes to come, so that the last one that is shown is such a one whenever the page looks.
  const counted = (counts: Partial<StoredMinute>) =>
    [-1, 0, 1, 2].map((ahead) => ({ ...noCounts(), minute: thisMinute() + ahead, id: JSON.stringify(counts), queued: 29, ...counts }));
  writeHistory(opened.stage.folder, counted({ accepted: 41, delivered: 12, took_500: 12 }));
  const page = await opened.as("operator");
  await page.goto("/console/history?range=1h");
  await drawn(page);
  await page.locator(".plot").first().focus();
  await page.keyboard.press("End");
  const value = (column: string) => page.locator(`[data-column="${column}"] output`).textContent();
  t.equal(await value("Accepted"), "41");
  t.equal(await value("Queued"), "29");
  t.match(await value("Half within"), /ms$/);
  t.match(await page.locator("[aria-live]").textContent(), /^\d{4}-\d\d-\d\d \d\d:\d\d: Accepted 41, Delivered 12$/);
  writeHistory(opened.stage.folder, counted({ accepted: 1 }));
  await page.locator('[data-column="Accepted"] output', { hasText: "42" }).waitFor();
  t.ok(await page.locator(".plot:focus").count(), "new figures take neither cursor nor focus away");
  await page.keyboard.press("Home");
  t.equal(await value("Accepted"), "0");
  await page.keyboard.press("ArrowLeft");
  t.equal(await value("Accepted"), "0", "where it ends it stays");
  await page.keyboard.press("Escape");
  t.equal(await value("Accepted"), "");
  t.same(opened.complaints, []);
});

t.test("the page keeps itself up to date, and leaves open what was opened", async (t) => {
  const opened = await openConsole(t);
  const page = await opened.as("operator");
  await page.goto("/console/history?range=1h");
  // Once: a minute may end meanwhile, and both would be of the same.
  const minute = thisMinute();
  writeHistory(opened.stage.folder, [{ ...noCounts(), minute: minute - 2, id: "one", accepted: 7, queued: 7 }]);
  await drawn(page);
  await page.locator("summary").click();
  t.equal(await page.locator('#history-figures td[data-label="Accepted"]', { hasText: /^7$/ }).count(), 1);
  writeHistory(opened.stage.folder, [{ ...noCounts(), minute: minute - 3, id: "two", accepted: 8, queued: 1 }]);
  await page.locator('#history-figures td[data-label="Accepted"]', { hasText: /^8$/ }).waitFor();
  t.ok(await page.locator("#history-figures").isVisible());
});

t.test("without JavaScript there is the table", async (t) => {
  const opened = await openConsole(t);
  writeHistory(opened.stage.folder, plausibleHistory(thisMinute()));
  const page = await opened.as("operator", { javaScriptEnabled: false });
  await page.goto("/console/history?range=7d");
  t.notOk(await page.locator(".charts").isVisible());
  await page.locator("summary").click();
  t.ok((await page.locator("#history-figures tbody tr").count()) > 160);
});

t.test("a browser keeps the library for ever, and asks for a new version by its name", async (t) => {
  const opened = await openConsole(t);
  const page = await opened.as("operator");
  await page.goto("/console/history");
  const path = await page.locator("[data-charts]").getAttribute("data-charts");
  t.match(path, /^\/console\/assets\/uplot\.js\?\d+\.\d+\.\d+$/);
  const answer = await fetch(`${opened.stage.host.url}${path}`);
  t.equal(answer.headers.get("cache-control"), "public, max-age=31536000, immutable");
  t.match(answer.headers.get("content-type"), "text/javascript");
});

const SIZES = { phone: { width: 360, height: 740 }, desk: { width: 1280, height: 860 }, wall: { width: 2560, height: 1440 } };

t.test("charts are sound in both colour schemes, from a phone to a wall", async (t) => {
  const opened = await openConsole(t);
  await opened.stage.register();
  writeHistory(opened.stage.folder, plausibleHistory(thisMinute()));
  for (const colorScheme of ["light", "dark"] as const)
    for (const [size, viewport] of Object.entries(SIZES)) {
      const page = await opened.as("admin", { colorScheme, viewport });
      for (const [name, path] of Object.entries({
        history: "/console/history?range=7d",
        "overview-charts": "/",
      })) {
        await page.goto(path);
        await drawn(page);
        // Where both are the same, the one lies on the other.
        const pixels = (await pixelsOf(page, "Accepted")) + (await pixelsOf(page, "Delivered"));
        t.ok(pixels > 20, `${name}, ${colorScheme}, ${size}`);
        t.same(await findingsOf(page), [], `${name}, ${colorScheme}, ${size}`);
        t.equal(await page.evaluate("document.documentElement.scrollWidth"), viewport.width, `${name} fits the window`);
        await keepPicture(page, `${name}-${size}-${colorScheme}`);
      }
      await page.locator("summary").click();
      t.same(await findingsOf(page), [], "also with the table");
      t.equal(await page.evaluate("document.documentElement.scrollWidth"), viewport.width, "which fits, too");
      await keepPicture(page, `overview-figures-${size}-${colorScheme}`);
      await page.context().close();
    }
  t.same(opened.complaints, [], "no script failed, and nothing broke the policy");
});
