import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import Fastify from "fastify";
import t from "tap";
import { parse } from "yaml";
import { nameOfModule } from "../../src/cli/demo-files.ts";
import type { HostOptions, Machine } from "../../src/cli/machine.ts";
import { type DemoKit, definePlugin } from "../../src/contract.ts";
import { notRegistered } from "./recorded.ts";
import { runOn, signals } from "./stage.ts";

/** A machine whose host answers `ping`, refuses `refuse` and reads its configuration again at `server.reload`. */
function stand(tell: (kit: DemoKit) => Promise<void>, more: Partial<Machine> = {}) {
  const seen = { options: [] as HostOptions[], closed: [] as string[], reloads: [] as unknown[], walls: [] as number[] };
  const plugin = definePlugin({
    apiVersion: 1,
    sandbox: async () => ({
      start: async () => ({ url: "http://127.0.0.1:7777", close: async () => void seen.closed.push("sandbox") }),
      demo: {
        settings: (url) => ({ apiBaseUrl: url, clock: { correction: "auto", toleranceSeconds: 60 } }),
        secrets: () => ({ consumerKey: "sandbox-key" }),
        tell,
      },
    }),
  });
  const startHost: Machine["startHost"] = async (options) => {
    seen.options.push(options);
    const config = parse(readFileSync(options.configFile, "utf8"));
    const socket = join(dirname(options.configFile), config.server.socket);
    const server = Fastify();
    server.post("/rpc", async (request) => {
      const { id, method } = request.body as { id: number; method: string };
      if (method === "refuse") return { jsonrpc: "2.0", id, ...notRegistered };
      if (method === "server.reload") seen.reloads.push(parse(readFileSync(options.configFile, "utf8")).plugins[0].userDefined);
      seen.walls.push(options.wall?.() ?? 0);
      return { jsonrpc: "2.0", id, result: method };
    });
    await server.listen({ path: socket });
    options.logTo?.("a line of the log");
    const stop = async () => {
      await server.close();
      seen.closed.push("host");
    };
    return { ok: true, value: { url: "http://127.0.0.1:8888", socket, stop, reload: async () => {}, ended: new Promise(() => {}) } };
  };
  const machine: Partial<Machine> = { listModules: async () => ["example"], loadPlugin: async () => plugin, startHost, ...more };
  return { seen, machine, run: (argv: string[], terminal = false) => runOn(["demo", ...argv], "/", { machine, terminal }) };
}

t.test("a story whose checks all hold ends with 0 and leaves nothing behind", async (t) => {
  let files: { config: unknown; mode: number; credentials: Record<string, unknown> } | undefined;
  const { run, seen } = stand(async (kit) => {
    const { configFile } = seen.options[0] ?? { configFile: "" };
    const credentials = join(dirname(configFile), "credentials.yaml");
    files = {
      config: parse(readFileSync(configFile, "utf8")),
      mode: statSync(credentials).mode & 0o777,
      credentials: parse(readFileSync(credentials, "utf8")),
    };
    kit.say(`the sandbox is ${kit.sandboxUrl}`);
    kit.check("a call is answered", (await kit.call("ping")) === "ping");
  });
  const { status, out, err } = await run(["--once"]);
  t.same({ status, err }, { status: 0, err: "" });
  t.equal(out, "the sandbox is http://127.0.0.1:7777\n  ✓ a call is answered\n\nAll 1 checks held.\n");
  t.same(seen.closed, ["host", "sandbox"]);
  t.match(seen.options, [{ quiet: true }]);
  t.notOk(existsSync(dirname(seen.options[0]?.configFile ?? "/")), "the folder is gone");
  t.match(files?.config, {
    server: { host: "127.0.0.1", port: 0 },
    credentials: "./credentials.yaml",
    plugins: [{ module: "example", userDefined: { apiBaseUrl: "http://127.0.0.1:7777" } }],
  });
  t.equal(files?.mode, 0o600);
  t.match(files?.credentials, {
    plugins: { example: { consumerKey: "sandbox-key" } },
    clients: [{ role: "workflow" }, { role: "operator" }, { role: "admin" }],
  });
  t.match(files?.credentials, { vault: { keys: [{ key: /^[A-Za-z0-9+/]{43}=$/ }] } }, "32 bytes in base64");
});

t.test("a check that does not hold ends with 1 and shows the host's log", async (t) => {
  const { run } = stand(async (kit) => kit.check("two is three", false));
  const { status, out, err } = await run(["--once"]);
  t.equal(status, 1);
  t.match(out, "  ✗ two is three\n");
  t.match(out, "1 of 1 checks did not hold");
  t.match(err, "a line of the log");
});

t.test("a refusal that the story does not expect is told with its note, and ends with 1", async (t) => {
  const { run, seen } = stand(async (kit) => void (await kit.call("refuse")));
  const { status, out } = await run(["--once"]);
  t.equal(status, 1);
  t.match(out, "✗ the story goes to its end (Error in plugin : no registration for Nobody (ARERR 8753))");
  t.match(out, "(ARNOTE 20020)");
  t.same(seen.closed, ["host", "sandbox"]);
});

t.test("a refusal that the story expects carries code and data", async (t) => {
  const { run } = stand(async (kit) => {
    const error = await kit.call("refuse").catch((refused: unknown) => refused);
    t.match(error, { code: 8753, data: { reason: "not-registered" } });
    kit.check("refused", error instanceof Error);
  });
  t.equal((await run(["--once"])).status, 0);
});

t.test("the story changes settings, which keep what it does not name, and reloads", async (t) => {
  const { run, seen } = stand(async (kit) => {
    await kit.configure({ clock: { correction: "off" } });
    await kit.configure({ protectedAccount: "block" });
  });
  await run(["--once"]);
  const clock = { correction: "off", toleranceSeconds: 60 };
  t.same(seen.reloads, [
    { apiBaseUrl: "http://127.0.0.1:7777", clock },
    { apiBaseUrl: "http://127.0.0.1:7777", clock, protectedAccount: "block" },
  ]);
});

t.test("the story sets the host's clock wrong and right again", async (t) => {
  const { run, seen } = stand(async (kit) => {
    await kit.call("ping");
    kit.setHostClock(-1200);
    await kit.call("ping");
    kit.setHostClock(0);
    await kit.call("ping");
  });
  await run(["--once"]);
  const [right = 0, wrong = 0, again = 0] = seen.walls;
  t.equal(wrong - right, -1_200_000);
  t.equal(again, right);
});

t.test("without --once it says where everything is and stays until Ctrl-C", async (t) => {
  const { onSignal, send, listening } = signals();
  const { machine, seen } = stand(async (kit) => kit.check("fine", true));
  const shown: string[] = [];
  const running = runOn(["demo"], "/", {
    machine: { ...machine, onSignal },
    heard: (text) => {
      shown.push(text);
      if (text.includes("Ctrl-C")) send("SIGINT");
    },
  });
  t.equal((await running).status, 0);
  const out = shown.join("");
  t.match(out, "The posts     http://127.0.0.1:7777\n");
  t.match(out, "The console   http://127.0.0.1:8888/ (log in as admin; the password stands in ");
  t.match(out, "The host      http://127.0.0.1:8888");
  t.match(out, `npx perch notify "Hello from the service desk" --config ${seen.options[0]?.configFile}\n`);
  t.equal(listening(), 0);
  t.same(seen.closed, ["host", "sandbox"]);
});

t.test("Ctrl-C in the middle of the story cleans up and ends with 1", async (t) => {
  const { onSignal, send } = signals();
  const { machine, seen } = stand(async () => {
    send("SIGINT");
    await new Promise(() => {});
  });
  const { status } = await runOn(["demo", "--once"], "/", { machine: { ...machine, onSignal } });
  t.equal(status, 1);
  t.same(seen.closed, ["host", "sandbox"]);
});

t.test("a host that does not start is told with its problems", async (t) => {
  const { run, seen } = stand(async () => {}, { startHost: async () => ({ ok: false, problems: ["perch.yaml:1:1: no"] }) });
  t.same(await run(["--once"]), { status: 1, out: "", err: "perch.yaml:1:1: no\n" });
  t.same(seen.closed, ["sandbox"]);
});

t.test("a plug-in that is none, or has no demo, is refused", async (t) => {
  const broken = stand(async () => {}, { loadPlugin: () => Promise.reject(new Error("no such file")) });
  t.match(await broken.run(["gone"]), {
    status: 1,
    err: "An error has occurred while loading a plug-in. : gone: no such file (ARERR 8756)",
  });
  const bare = stand(async () => {}, { loadPlugin: async () => definePlugin({ apiVersion: 1 }) });
  t.match(await bare.run([]), { status: 1, err: "The plug-in example brings no sandbox." });
  const asked: string[] = [];
  const path = stand(async () => {}, {
    loadPlugin: async (module) => {
      asked.push(module);
      return definePlugin({ apiVersion: 1, sandbox: async () => ({ start: () => Promise.reject(new Error("not used")) }) });
    },
  });
  t.match(await path.run(["./my/plugin.ts"]), { status: 1, err: "brings no demo" });
  t.same(asked, ["/my/plugin.ts"]);
});

t.test("the story has colour on a terminal only", async (t) => {
  const { run } = stand(async (kit) => kit.check("fine", true));
  t.match((await run(["--once"], true)).out, "\u001b[32m✓\u001b[39m fine");
  t.notMatch((await run(["--once"])).out, "\u001b");
});

t.test("a module's name is the last part of its path", async (t) => {
  t.same(["example", "./a/b.ts", "/x/my-plugin.js", "./plugins/own/"].map(nameOfModule), ["example", "b", "my-plugin", "own"]);
});
