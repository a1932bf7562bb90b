/** The program as it is run: its own process, host, plug-in and sandbox. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import t from "tap";

const BIN = new URL("../../src/perch.js", import.meta.url).pathname;

function perch(argv: string[], heard: (out: string, stop: () => void) => void = () => {}) {
  // An environment of its own: the test runner's loaders are not to be inherited.
  const child = spawn(process.execPath, [BIN, ...argv], { stdio: ["ignore", "pipe", "pipe"], env: { TZ: "UTC", PERCH_PASSWORD: "x" } });
  const seen = { out: "", err: "" };
  child.stdout.on("data", (chunk) => {
    seen.out += chunk;
    heard(seen.out, () => child.kill("SIGINT"));
  });
  child.stderr.on("data", (chunk) => {
    seen.err += chunk;
  });
  return new Promise<{ status: number | null; out: string; err: string }>((resolve) => {
    child.on("close", (status) => resolve({ status, ...seen }));
  });
}

t.test("perch demo --once ends with 0, and a pipe gets no colour", async (t) => {
  const { status, out, err } = await perch(["demo", "--once"]);
  t.same({ status, err }, { status: 0, err: "" }, out);
  t.match(out, /All \d+ checks held\.\n$/);
  t.notMatch(out, "✗");
  t.notMatch(out, "\u001b");
});

t.test("perch demo stays up for other commands, until Ctrl-C, and takes its files away", async (t) => {
  let others: Promise<unknown> | undefined;
  let configFile = "";
  const { status } = await perch(["demo"], (out, stop) => {
    const found = /--config (\S+)\nCtrl-C/.exec(out)?.[1];
    if (found === undefined || configFile !== "") return;
    configFile = found;
    others = (async () => {
      const told = await perch(["notify", "Hello from the service desk", "--json", "--config", found]);
      t.match(told, { status: 0, err: "" });
      const [delivery] = JSON.parse(told.out).deliveries;
      t.match(delivery, { state: "delivered", text: "Hello from the service desk" });
      t.match(await perch(["deliveries", "show", delivery.id, "--config", found]), { status: 0, out: "It was delivered at" });
      t.match(JSON.parse((await perch(["status", "--json", "--config", found])).out), { ready: true });
      t.match(await perch(["check", "--config", found]), { status: 0, out: "The configuration is right." });
      t.match(await perch(["plugins", "restart", "nope", "--config", found]), { status: 1, out: "", err: "(ARNOTE 20028)" });
    })().finally(stop);
  });
  await others;
  t.equal(status, 0);
  t.ok(configFile);
  t.notOk(existsSync(dirname(configFile)));
});

t.test("perch without a host is 8760, with a wrong word 2", async (t) => {
  t.match(await perch(["statsu"]), { status: 2, err: 'Did you mean "status"?' });
  t.match(await perch(["status", "--url", "http://127.0.0.1:1", "--client", "a"]), { status: 1, err: "127.0.0.1:1 (ARERR 8760)" });
  t.match(await perch(["--version"]), { status: 0, out: /^perch \d+\.\d+\.\d+ \(Node v24/ });
});
