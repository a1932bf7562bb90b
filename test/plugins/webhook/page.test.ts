/** What docs/webhook.md says is true: its tables are compared with the code, and its receiver is run. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import t from "tap";
import { FAULTS } from "../../../plugins/webhook/faults.ts";
import { Settings } from "../../../plugins/webhook/settings.ts";
import { openKit } from "../../../src/kit/kit.ts";

const page = readFileSync(new URL("../../../docs/webhook.md", import.meta.url), "utf8");
const module = new URL("../../../plugins/webhook/index.ts", import.meta.url);
const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

t.test("the table of failures is that of the code", async (t) => {
  const rows = [...page.matchAll(/^\| 8753, note (\d+) +\| `([a-z-]+)` +\| (.*?) +\|$/gm)].map(([, ...row]) => row);
  t.strictSame(
    rows,
    Object.entries(FAULTS).map(([reason, { note, text }]) => [`${note}`, reason, text]),
  );
});

t.test("the table of settings names each", async (t) => {
  const [, table = ""] = page.split(/^\| setting .*\n/m);
  const named = [...(table.split("\n\n")[0] ?? "").matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name);
  t.strictSame(named, Object.keys(Settings.properties));
});

t.test("the receiver of the page verifies what comes, drops repeats and refuses the rest", async (t) => {
  const [, receiver = ""] = /```js\n([\s\S]*?)```/.exec(page) ?? [];
  const tells = receiver.replace(
    '.listen(8080, "127.0.0.1")',
    '.listen(0, "127.0.0.1", function () { console.log(this.address().port); })',
  );
  t.not(tells, receiver, "it listens on a port of this test");
  const folder = t.testdir({ "receiver.mjs": tells });
  const child = spawn(process.execPath, [join(folder, "receiver.mjs")], {
    env: { WEBHOOK_SECRET: secret },
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.teardown(() => child.kill());
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const nextLine = async () => String((await lines.next()).value);
  const url = `http://127.0.0.1:${await nextLine()}/hooks`;
  const kit = await openKit(t, { module, secrets: { accounts: { Desk: { url, secret } } } });
  await kit.register();
  const { id } = await kit.send("E-mail is down in Paris");
  await kit.reaches(id, "delivered");
  t.equal(await nextLine(), "E-mail is down in Paris");
  t.equal((await fetch(url, { method: "POST", body: "{}" })).status, 401);
});
