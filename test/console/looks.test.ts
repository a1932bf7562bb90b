/** Every page, in both colour schemes, on a phone and on a desk: no finding of axe, nothing wider than the window, nothing against the policy. */
import t from "tap";
import type { Delivery } from "../../src/shapes.ts";
import { findingsOf, keepPicture, openConsole } from "./open-console.ts";
import { plausibleHistory, writeHistory } from "./plausible-history.ts";

/** A host as it is on a bad day: delivered, failed, waiting, held. */
async function badDay({
  stage,
}: Awaited<ReturnType<typeof openConsole>>): Promise<Record<"failed" | "delivered" | "overcome" | "waiting", Delivery>> {
  writeHistory(stage.folder, plausibleHistory(Math.floor(Date.now() / 60_000)));
  await stage.register();
  await stage.register("NetworkDesk", "Second_Desk");
  const send = async (text: string, functionalUser = "ServiceDesk", entryId = "INC000000012345") => {
    const { deliveries } = await stage.notify({ text, functionalUser, entryId });
    return deliveries[0]!.id;
  };
  const delivered = await stage.reaches(await send("E-mail is down in Paris, we are on it"), "delivered");
  await stage.reaches(await send(`Print servers will be moved tonight. ${"Please save your work before ten. ".repeat(12)}`), "delivered");
  await stage.fault({ named: "over-capacity" }, { times: 2 });
  const overcome = await stage.reaches(await send("The canteen is closed today"), "delivered");
  await stage.fault({ named: "oauth1-permissions" }, { times: 1 });
  const failing = await send("VPN is slow for people at home", "ServiceDesk", "INC000000012346");
  await stage.rpc("deliveries.get", { id: failing, waitSeconds: 5 });
  const failed = await stage.delivery(failing);
  await stage.call("lanes.pause", { accountName: "Second_Desk" });
  const waiting = await stage.delivery(await send("The wireless network in Lyon is back", "NetworkDesk", "INC000000012347"));
  return { failed, delivered, overcome, waiting };
}

t.test("what axe would complain of is found, also under the page's policy", async (t) => {
  const opened = await openConsole(t);
  const page = await opened.open();
  await page.goto("/");
  await page.evaluate("document.querySelector('label').remove()");
  t.match((await findingsOf(page)).join(), "label: Form elements must have labels");
  await page.evaluate("document.body.append(Object.assign(document.createElement('script'), { textContent: 'document.title = 1' }))");
  t.match(opened.complaints.join(), "Content Security Policy", "and so is a breach of the policy");
});

const SIZES = { phone: { width: 360, height: 740 }, desk: { width: 1280, height: 860 } };

t.test("every page is sound in both colour schemes, on a phone and on a desk", async (t) => {
  const opened = await openConsole(t);
  const { failed, delivered, overcome, waiting } = await badDay(opened);
  const pages = {
    overview: "/",
    deliveries: "/console/deliveries",
    failed: `/console/deliveries/${failed.id}`,
    delivered: `/console/deliveries/${delivered.id}`,
    overcome: `/console/deliveries/${overcome.id}`,
    waiting: `/console/deliveries/${waiting.id}`,
    lanes: "/console/lanes",
    history: "/console/history",
    plugins: "/console/plugins",
    audit: "/console/audit",
    "not-found": "/console/deliveries/nothing",
  };
  for (const colorScheme of ["light", "dark"] as const) {
    for (const [size, viewport] of Object.entries(SIZES)) {
      const stranger = await opened.open({ colorScheme, viewport });
      await stranger.goto("/");
      t.same(await findingsOf(stranger), [], `log-in, ${colorScheme}, ${size}`);
      await keepPicture(stranger, `log-in-${size}-${colorScheme}`);
      await stranger.context().close();
      const page = await opened.as("admin", { colorScheme, viewport });
      for (const [name, path] of Object.entries(pages)) {
        await page.goto(path);
        t.same(await findingsOf(page), [], `${name}, ${colorScheme}, ${size}`);
        const width = await page.evaluate<number>("document.documentElement.scrollWidth");
        t.equal(width, viewport.width, `${name} fits the window, ${colorScheme}, ${size}`);
        await keepPicture(page, `${name}-${size}-${colorScheme}`);
      }
      await page.context().close();
    }
  }
  t.same(opened.complaints, [], "no script failed, and nothing broke the policy");
});
