/** The clients that workflow uses, unchanged, on a real host: Apache Axis 1.4 (older AR Systems), zeep, and npm's soap. */
import { execFile } from "node:child_process";
import { copyFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { createClientAsync, WSSecurity } from "soap";
import t, { type Test } from "tap";
import { openStage, PASSWORDS, type Stage } from "../stage.ts";

const run = promisify(execFile);
const file = (name: string) => new URL(`./clients/${name}`, import.meta.url).pathname;
/** Debian's own: what comes first on the PATH may not have its packages. */
const PYTHON = "/usr/bin/python3";
const JARS = ["axis", "axis-jaxrpc", "axis-saaj", "commons-discovery", "commons-logging", "wsdl4j", "javax.activation", "javax.mail"];
const CLASSES = JARS.map((jar) => `/usr/share/java/${jar}.jar`).join(":");

async function openSoap(t: Test): Promise<{ stage: Stage; address: string }> {
  const stage = await openStage(t);
  await stage.register("ServiceDesk");
  return { stage, address: `${stage.host.url}/soap` };
}

t.test("Apache Axis 1.4: stubs from the WSDL, AuthenticationInfo and Basic", async (t) => {
  const { stage, address } = await openSoap(t);
  const folder = t.testdir({});
  await run("java", ["-cp", CLASSES, "org.apache.axis.wsdl.WSDL2Java", "-o", folder, "-p", "perch", `${address}?wsdl`]);
  t.same((await readdir(join(folder, "perch"))).sort(), ["Perch.java", "PerchBindingStub.java", "PerchLocator.java", "PerchPortType.java"]);
  await copyFile(file("AxisClient.java"), join(folder, "AxisClient.java"));
  await run("javac", ["-nowarn", "-encoding", "UTF-8", "-cp", `${CLASSES}:.`, "AxisClient.java"], { cwd: folder });
  const call = async (password: string, way: string, text: string) => {
    const args = ["-Dfile.encoding=UTF-8", "-cp", `${CLASSES}:${folder}`, "AxisClient", address, "workflow", password, way, text];
    const { stdout } = await run("java", args);
    return Object.fromEntries(
      stdout
        .trim()
        .split("\n")
        .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
    );
  };

  const first = await call(PASSWORDS.workflow, "header", "E-mail is down & out <in> Zürich");
  t.match(first, { id: /^[0-9a-f-]{36}$/, state: "delivered", stateLater: "delivered", url: /^https?:/ });
  t.same(
    (await stage.posts()).map(({ text }) => text),
    ["E-mail is down & out <in> Zürich"],
  );

  const again = await call(PASSWORDS.workflow, "basic", "E-mail is down & out <in> Zürich");
  t.match(again, { id: first.id, state: "delivered" });
  t.equal((await stage.posts()).length, 1, "the repeat posted nothing");

  const wrong = await call("not-the-password", "header", "Never");
  t.match(wrong, { faultcode: "Client", faultstring: /\(ARERR 8761\)$/ });

  await stage.fault({ status: 403, body: { title: "Forbidden", detail: "You are not permitted to perform this action.", status: 403 } });
  const refused = await call(PASSWORDS.workflow, "header", "X says no");
  t.match(refused, { state: /failed|waiting/ });
});

for (const way of ["basic", "text", "digest"])
  t.test(`zeep, strict: ${way}`, async (t) => {
    const { stage, address } = await openSoap(t);
    const { stdout } = await run(PYTHON, [file("zeep-client.py"), address, "workflow", PASSWORDS.workflow, way]);
    const said = JSON.parse(stdout);
    t.match(said, {
      notify: { State: "delivered", AccountName: /./, DeliveryIds: said.notify.DeliveryId },
      get: { DeliveryId: said.notify.DeliveryId, State: "delivered", Error: null },
      filter: { Out2: "queued" },
      fault: { message: "Error in plugin : nobody is registered for Broadcast, Nobody (ARERR 8753)", detail: true },
    });
    t.equal((await stage.posts())[0]?.text, "Réseau: down & out <now>");
  });

t.test("the soap package: from the WSDL, with Basic and with a UsernameToken", async (t) => {
  const { stage, address } = await openSoap(t);
  const client = await createClientAsync(`${address}?wsdl`);
  client.setSecurity(new WSSecurity("workflow", PASSWORDS.workflow, { passwordType: "PasswordText" }));
  const [answer] = await client.NotifyAsync({ Text: "From Node", FunctionalUser: "ServiceDesk", WaitSeconds: "20" });
  t.match(answer, { State: "delivered", DeliveryId: /./ });
  t.equal((await stage.posts())[0]?.text, "From Node");
  client.setSecurity(new WSSecurity("workflow", "wrong", { passwordType: "PasswordText" }));
  await t.rejects(client.NotifyAsync({ Text: "Never", FunctionalUser: "ServiceDesk" }), { message: /ARERR 8761/ });
});
