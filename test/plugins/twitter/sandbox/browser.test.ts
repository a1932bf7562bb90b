import t from "tap";
import { launchChromium } from "../../../chromium.ts";
import { startSandbox } from "./client.ts";

t.test("in a browser", async (t) => {
  const x = await startSandbox();
  t.teardown(x.close);
  const browser = await launchChromium();
  t.teardown(() => browser.close());
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });

  const begin = async () => {
    const answer = await x.call({ method: "POST", path: "/oauth/request_token", oauth: { oauth_callback: "oob" }, token: null });
    const fields = new URLSearchParams(answer.text);
    const token = { key: fields.get("oauth_token")!, secret: fields.get("oauth_token_secret")! };
    return { token, address: `${x.url}/oauth/authorize?oauth_token=${token.key}` };
  };
  const exchange = async (token: { key: string; secret: string }, pin: string) => {
    const answer = await x.call({ method: "POST", path: "/oauth/access_token", token, oauth: { oauth_verifier: pin } });
    return Object.fromEntries(new URLSearchParams(answer.text));
  };

  t.test("a person logs in, sees the PIN, and the PIN gives a token that posts", async (t) => {
    const { token, address } = await begin();
    await page.goto(`${address}&force_login=true&screen_name=itsm_notify`);
    t.equal(await page.locator("input:checked").inputValue(), "ITSM_Notify");
    await page.getByRole("button", { name: "Authorize app" }).click();
    const pin = (await page.locator("#pin").textContent())!;
    t.match(pin, /^\d{7}$/);
    const access = await exchange(token, pin);
    t.equal(access.screen_name, "ITSM_Notify");
    const posted = await x.post("Line one\nLine two", { token: { key: access.oauth_token!, secret: access.oauth_token_secret! } });
    t.equal(posted.status, 201);
  });

  t.test("who types another name is logged in as that account", async (t) => {
    const { token, address } = await begin();
    await page.goto(address);
    await page.getByLabel("Another account name").fill("Second_Desk");
    await page.getByRole("button", { name: "Authorize app" }).click();
    t.equal((await exchange(token, (await page.locator("#pin").textContent())!)).screen_name, "Second_Desk");
  });

  t.test("the time line shows posts with their line breaks, and new ones without a reload", async (t) => {
    await page.goto(x.url);
    // biome-ignore lint/performance/useDomNodeTextContent: the break must be laid out, not only be in the source
    t.equal(await page.locator("article .text").first().innerText(), "Line one\nLine two");
    t.equal(await page.getByLabel("Protected account").count(), 1);
    const { id } = (await x.post("<b>A reply</b>", { reply: (await x.posts())[0].id })).body.data;
    await page.locator(`article.reply[data-id="${id}"]`).waitFor();
    t.equal(await page.locator("article.reply .text").textContent(), "<b>A reply</b>");
    await page.locator("article.reply .foot a").click();
    t.equal(await page.locator("article").count(), 1);
    t.match(page.url(), `/ITSM_Notify/status/${id}`);
  });

  t.test("the strip shows a changed setting and an active fault", async (t) => {
    await x.set({ clockOffsetSeconds: 1200 });
    await x.fault({ named: "over-capacity" }, { times: 3 });
    await page.goto(x.url);
    t.equal(await page.locator("li.changed").textContent(), "clock +1200 s, ±300 s");
    t.match((await page.locator("li.fault").textContent())!, 'named "over-capacity" · 3×');
  });

  t.test("no page broke its own security policy", async (t) => {
    t.same(errors, []);
  });
});
