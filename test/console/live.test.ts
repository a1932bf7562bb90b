/** Lists that are alive: what changes by itself, what stays, and what it costs the host. */
import t from "tap";
import { testHost } from "../rpc/test-host.ts";
import { logInByHand } from "./by-hand.ts";
import { openConsoleDoor } from "./console-door.ts";
import { openConsole } from "./open-console.ts";

t.test("the list of deliveries", async (t) => {
  const opened = await openConsole(t);
  const { stage } = opened;
  await stage.register();
  await stage.register("NetworkDesk", "Second_Desk");
  await stage.call("lanes.pause", { accountName: "ITSM_Notify" });
  await stage.call("lanes.pause", { accountName: "Second_Desk" });
  const send = (text: string, functionalUser = "ServiceDesk") => stage.notify({ text, functionalUser });
  const first = (await send("First")).deliveries[0]!;
  const page = await opened.as("operator");

  t.test("shows what comes and what becomes of it, without a reload", async (t) => {
    await page.goto("/console/deliveries");
    await page.getByText("Live", { exact: true }).waitFor();
    await send("Second");
    await page.getByRole("link", { name: "Second" }).waitFor();
    await stage.call("deliveries.cancel", { ids: [first.id] });
    await page.getByRole("row", { name: "First" }).getByText("cancelled").waitFor();
    t.equal(await page.locator("tbody tr").count(), 2);
  });

  t.test("leaves the focus and what is selected where they were", async (t) => {
    await page.getByRole("checkbox", { name: "Select “First”" }).check();
    await page.getByRole("link", { name: "First" }).focus();
    await send("Third");
    await page.getByRole("link", { name: "Third" }).waitFor();
    t.equal(await page.evaluate("document.activeElement.textContent"), "First");
    t.ok(await page.getByRole("checkbox", { name: "Select “First”" }).isChecked());
    t.notOk(await page.getByRole("checkbox", { name: "Select “Third”" }).isChecked());
    await page.getByRole("button", { name: "Retry what is selected" }).click();
    t.match(await page.getByRole("status").textContent(), "1 of 1 go on");
  });

  t.test("keeps its filter", async (t) => {
    await page.goto("/console/deliveries?account=Second_Desk");
    await page.getByText("Live", { exact: true }).waitFor();
    await send("For the first");
    await send("For the second", "NetworkDesk");
    await page.getByRole("link", { name: "For the second" }).waitFor();
    t.equal(await page.locator("tbody tr").count(), 1);
  });

  t.test("leads to a delivery's page, which tells how it goes on, and what may be done by now", async (t) => {
    const { deliveries } = await send("Watched");
    await page.goto(`/console/deliveries/${deliveries[0]!.id}`);
    await page.getByText("Live", { exact: true }).waitFor();
    t.match(await page.locator("#outcome").textContent(), "It waits for its turn");
    t.ok(await page.getByText("Cancel…").isVisible());
    t.notOk(await page.getByRole("button", { name: "Retry now" }).isVisible());
    await stage.call("deliveries.cancel", { ids: [deliveries[0]!.id] });
    await page.getByText("It was cancelled before it began.").waitFor();
    t.ok(await page.getByRole("button", { name: "Retry now" }).isVisible());
    t.notOk(await page.getByText("Cancel…").isVisible());
    t.equal(await page.locator("#known .badge").textContent(), "cancelled");
    await page.reload();
    t.equal(await page.locator("[data-live]").count(), 0, "nothing more is to come");
  });

  t.test("can be paused, and goes on with what is true by then", async (t) => {
    await page.goto("/console/deliveries");
    await page.getByText("Live", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Pause" }).focus();
    await page.keyboard.press("Enter");
    await page.getByText("Paused", { exact: true }).waitFor();
    await send("While it was paused");
    t.equal(await page.getByRole("link", { name: "While it was paused" }).count(), 0);
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: "While it was paused" }).waitFor();
    t.equal(await page.evaluate("document.activeElement.id"), "pause");
  });

  t.test("is found by state, account, entry, text and time, to the second", async (t) => {
    const { deliveries } = await stage.notify({ text: "Sought for", functionalUser: "ServiceDesk", entryId: "INC7" });
    const at = deliveries[0]!.acceptedAt;
    const since = at.slice(0, 19);
    const until = new Date(Date.parse(`${since}Z`) + 1_000).toISOString().slice(0, 19);
    await page.goto("/console/deliveries");
    await page.getByLabel("State").selectOption("queued");
    await page.getByLabel("Account").fill("ITSM_Notify");
    await page.getByLabel("Entry").fill("INC7");
    await page.getByLabel("Text has").fill("ought");
    await page.getByLabel("From (UTC)").fill(since);
    await page.getByLabel("Until (UTC)").fill(until);
    await page.getByRole("button", { name: "Filter" }).click();
    await page.waitForURL("**entry=INC7**");
    t.equal(await page.locator("tbody tr").count(), 1);
    // A browser leaves out seconds that are none.
    t.equal(Date.parse(await page.getByLabel("From (UTC)").inputValue()), Date.parse(since));
    for (const [name, value] of Object.entries({ state: "failed", account: "Second_Desk", entry: "INC8", text: "other", since: until })) {
      const query = new URL(page.url()).searchParams;
      query.set(name, value);
      await page.goto(`/console/deliveries?${query}`);
      t.equal(await page.locator("tbody tr").count(), 0, name);
      await page.goBack();
    }
  });

  t.test("stays as it is on older pages", async (t) => {
    for (let index = 0; index < 55; index += 1) await send(`Many ${index}`);
    await page.goto("/console/deliveries");
    await page.getByRole("link", { name: "Older" }).click();
    await page.waitForURL("**cursor=**");
    t.equal(await page.locator("[data-live], #pause").count(), 0);
  });
  t.same(opened.complaints, []);
});

t.test("however many pages are open, those of one role and filter cost the host one look", async (t) => {
  let now = 0;
  const clients = [
    { name: "ops", role: "operator", password: "o-pass" },
    { name: "admin", role: "admin", password: "a-pass" },
  ] as const;
  const { host, calls } = testHost();
  const door = await openConsoleDoor(t, { host, clients: () => clients, monotonic: () => now, now: () => 0 });
  const cookies = { ops: await logInByHand(door.url, "ops", "o-pass"), admin: await logInByHand(door.url, "admin", "a-pass") };
  /** Opens a stream, and waits for its first word. */
  const open = async (who: keyof typeof cookies, path = "overview") => {
    const answer = await fetch(`${door.url}/console/live/${path}`, { headers: { cookie: cookies[who] } });
    const reader = answer.body!.getReader();
    const { value } = await reader.read();
    t.teardown(() => reader.cancel());
    return Buffer.from(value!).toString("utf8");
  };
  const looks = (verb: string) => calls.filter((call) => call.verb === verb).length;
  const said = await Promise.all(Array.from({ length: 20 }, () => open("ops")));
  t.equal(new Set(said).size, 1, "all were told the same");
  t.equal(looks("status"), 1);
  now += 2_000;
  await open("ops");
  t.equal(looks("status"), 2, "what is stale is looked at anew");
  await open("admin");
  t.equal(looks("status"), 3, "another role looks for itself");
  const before = looks("listDeliveries");
  for (const path of ["deliveries?state=failed", "deliveries?state=failed", "deliveries?state=queued"])
    t.notMatch(await open("ops", path), "csrf");
  t.equal(looks("listDeliveries"), before + 2, "each filter by itself");
});
