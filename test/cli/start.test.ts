import t from "tap";
import type { Machine, RunningHost } from "../../src/cli/machine.ts";
import { definePlugin } from "../../src/contract.ts";
import { NOW } from "./recorded.ts";
import { runOn, signals } from "./stage.ts";

/** `perch start` on a host that says what is asked of it; `stopped` lets its stop end, `onStart` is called while it starts. */
function stand(more: Partial<RunningHost> = {}, onStart = () => {}) {
  const { onSignal, send, listening } = signals();
  const asked: string[] = [];
  const stopped = Promise.withResolvers<void>();
  const up = Promise.withResolvers<void>();
  let now = NOW;
  const host: RunningHost = {
    url: "",
    socket: "",
    stop: () => {
      asked.push("stop");
      return stopped.promise;
    },
    reload: async () => void asked.push("reload"),
    ended: new Promise(() => {}),
    ...more,
  };
  const startHost: Machine["startHost"] = async ({ configFile }) => {
    asked.push(configFile);
    onStart();
    up.resolve();
    return { ok: true, value: host };
  };
  const running = runOn(["start", "--config", "p.yaml"], "/srv", { machine: { onSignal, startHost, now: () => now } });
  // The command takes the host over in the turn after it is up.
  const ready = up.promise.then(() => new Promise((resolve) => setImmediate(resolve)));
  return { running, ready, send, asked, stopped, listening, later: (ms: number) => (now += ms) };
}

t.test("SIGTERM stops the host gently, and the status is 0 once it has stopped", async (t) => {
  const { running, ready, send, asked, stopped, listening } = stand();
  await ready;
  send("SIGTERM");
  stopped.resolve();
  t.same(await running, { status: 0, out: "", err: "" });
  t.same(asked, ["/srv/p.yaml", "stop"]);
  t.equal(listening(), 0);
});

t.test("a second signal ends at once", async (t) => {
  const { running, ready, send, later } = stand();
  await ready;
  send("SIGINT");
  later(600);
  send("SIGINT");
  t.match(await running, { status: 1 });
});

t.test("one Ctrl-C that arrives twice is one", async (t) => {
  const { running, ready, send, stopped, later } = stand();
  await ready;
  send("SIGINT");
  later(20);
  send("SIGINT");
  stopped.resolve();
  t.match(await running, { status: 0 });
});

t.test("a signal before the host is up stops it as soon as it is", async (t) => {
  const { running, send, asked, stopped } = stand({}, () => send("SIGTERM"));
  stopped.resolve();
  t.match(await running, { status: 0 });
  t.same(asked, ["/srv/p.yaml", "stop"]);
});

t.test("SIGHUP reloads, and a refused reload harms nothing", async (t) => {
  const { running, ready, send, asked, stopped } = stand();
  await ready;
  send("SIGHUP");
  send("SIGHUP");
  send("SIGTERM");
  stopped.resolve();
  t.match(await running, { status: 0 });
  t.same(asked.slice(1), ["reload", "reload", "stop"]);

  const bad = stand({ reload: () => Promise.reject(new Error("bad configuration")) });
  await bad.ready;
  bad.send("SIGHUP");
  bad.send("SIGTERM");
  bad.stopped.resolve();
  t.match(await bad.running, { status: 0 });
});

t.test("a host that stops by itself gives its own status", async (t) => {
  t.match(await stand({ ended: Promise.resolve(1) }).running, { status: 1 });
});

t.test("a wrong configuration is told line by line, with status 1", async (t) => {
  const startHost = async () => ({ ok: false as const, problems: ["p.yaml:1:2: no", "p.yaml:3:4: no"] });
  const { status, out, err } = await runOn(["start"], "/", { machine: { startHost } });
  t.same({ status, out }, { status: 1, out: "" });
  t.ok(err.startsWith("p.yaml:1:2: no\np.yaml:3:4: no\nThe host was not started."));
});

const plugin = (start: (port: number) => Promise<{ url: string; close(): Promise<void> }>) =>
  definePlugin({
    apiVersion: 1,
    sandbox: async () => ({
      start: ({ port }) => start(port),
      demo: { settings: (url) => ({ apiBaseUrl: url }), secrets: () => ({ consumerKey: "sandbox-key" }), tell: async () => {} },
    }),
  });

t.test("sandbox says what a host needs to use it, and stays until a signal", async (t) => {
  const { onSignal, send } = signals();
  const ports: number[] = [];
  const closed: number[] = [];
  const machine: Partial<Machine> = {
    onSignal,
    listModules: async () => ["example"],
    loadPlugin: async () =>
      plugin(async (port) => {
        ports.push(port);
        return { url: "http://127.0.0.1:7777", close: async () => void closed.push(port) };
      }),
  };
  const run = (argv: string[], until: string) =>
    runOn(["sandbox", ...argv], "/", { machine, heard: (text) => text.includes(until) && send("SIGINT") });
  const { status, out } = await run([], "Ctrl-C");
  t.equal(status, 0);
  t.match(out, "The sandbox of example is at http://127.0.0.1:7777\n");
  t.match(out, "  - module: example\n    userDefined:\n      apiBaseUrl: http://127.0.0.1:7777\n");
  t.match(out, "  example:\n    consumerKey: sandbox-key\n");
  const json = await run(["example", "--port", "0", "--json"], "}");
  t.same(JSON.parse(json.out), {
    url: "http://127.0.0.1:7777",
    module: "example",
    userDefined: { apiBaseUrl: "http://127.0.0.1:7777" },
    secrets: { consumerKey: "sandbox-key" },
  });
  t.same(ports, [9996, 0]);
  t.same(closed, ports);
});

t.test("a port that is taken is told, with what to do", async (t) => {
  const machine = { listModules: async () => ["example"], loadPlugin: async () => plugin(() => Promise.reject(new Error("EADDRINUSE"))) };
  t.match(await runOn(["sandbox"], "/", { machine }), {
    status: 1,
    err: "The sandbox can't listen on port 9996: EADDRINUSE. Choose another with --port.",
  });
});
