import { spawn } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";

const BIN = new URL("../../src/perch.js", import.meta.url).pathname;
const OLD_NODE = "/usr/bin/node";
/** Makes a Node believe that it is an old one; only for the process that it is given to, not for its children. */
const PRETEND_OLD = `--import=data:text/javascript,${encodeURIComponent(
  'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "12.22.12" } }); Object.defineProperty(process, "version", { value: "v12.22.12" });',
)}`;
const MAIN = `
const [word] = process.argv.slice(2);
console.log(JSON.stringify({ major: Number(process.versions.node.split(".")[0]), argv: process.argv.slice(2) }));
if (word === "stay") {
  process.on("SIGTERM", () => { console.log("SIGTERM"); process.exit(7); });
  process.on("SIGHUP", () => console.log("SIGHUP"));
  process.on("SIGINT", () => { console.log("SIGINT"); process.exit(8); });
  setInterval(() => {}, 1000);
  console.log("ready");
} else if (word === "die") process.kill(process.pid, "SIGKILL");
else process.exit(Number(word ?? 0));
`;

/** A checkout with nothing in it but the bin, a main that says how it was run, and perhaps the pinned Node. */
function checkout(folder: string, pinned: boolean): string {
  mkdirSync(join(folder, "src"));
  cpSync(BIN, join(folder, "src/perch.js"));
  writeFileSync(join(folder, "src/main.ts"), MAIN);
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  if (pinned) {
    mkdirSync(join(folder, "node_modules/node/bin"), { recursive: true });
    symlinkSync(process.execPath, join(folder, "node_modules/node/bin/node"));
  }
  return join(folder, "src/perch.js");
}

function start(node: string, args: string[]) {
  const child = spawn(node, args, { stdio: ["ignore", "pipe", "pipe"], env: {} });
  const seen = { out: "", err: "" };
  let noticed = () => {};
  child.stdout.on("data", (chunk) => {
    seen.out += chunk;
    noticed();
  });
  child.stderr.on("data", (chunk) => {
    seen.err += chunk;
  });
  const ended = new Promise<{ status: number | null; signal: string | null; out: string; err: string }>((resolve) => {
    child.on("close", (status, signal) => resolve({ status, signal, ...seen }));
  });
  const says = (text: string) =>
    new Promise<void>((resolve) => {
      noticed = () => {
        if (seen.out.includes(text)) resolve();
      };
      noticed();
    });
  return { child, ended, says };
}

t.test("on Node 24 it starts main.ts with all arguments", async (t) => {
  const bin = checkout(t.testdir(), false);
  const { status, out } = await start(process.execPath, [bin, "3", "--x y"]).ended;
  t.equal(status, 3);
  t.match(JSON.parse(out), { argv: ["3", "--x y"] });
});

t.test("what Node compiled is kept where nobody else can write, and left alone elsewhere", async (t) => {
  for (const [mode, kept] of [
    [0o755, 1],
    [0o777, 0],
  ] as const) {
    const folder = t.testdir();
    const bin = checkout(folder, false);
    const cache = join(folder, "node_modules/.cache/perch");
    mkdirSync(cache, { recursive: true });
    chmodSync(cache, mode);
    t.equal((await start(process.execPath, [bin, "0"]).ended).status, 0);
    t.equal(readdirSync(cache).length, kept, mode.toString(8));
  }
});

t.test("on an older Node without the pinned one it says what is needed, with status 1", async (t) => {
  const bin = checkout(t.testdir(), false);
  const { status, out, err } = await start(process.execPath, [PRETEND_OLD, bin]).ended;
  t.same(
    { status, out, err },
    { status: 1, out: "", err: "Perch needs Node 24 (this is v12.22.12); in a checkout: npm ci, then npx perch …\n" },
  );
});

/** Pretending is not enough here: the pinned Node must be another than the one that runs. */
t.test("an older Node", { skip: !existsSync(OLD_NODE) && "there is no other Node on this machine" }, async (t) => {
  const bin = checkout(t.testdir(), true);
  t.test("runs the pinned one and keeps arguments and exit status", async (t) => {
    const { status, out, err } = await start(OLD_NODE, [bin, "5", "two words"]).ended;
    t.same({ status, err }, { status: 5, err: "" });
    t.same(JSON.parse(out), { major: Number(process.versions.node.split(".")[0]), argv: ["5", "two words"] });
  });
  t.test("ends by the signal that ended the pinned one", async (t) => {
    t.match(await start(OLD_NODE, [bin, "die"]).ended, { status: null, signal: "SIGKILL" });
  });
  for (const [signal, status] of [
    ["SIGTERM", 7],
    ["SIGINT", 8],
  ] as const) {
    t.test(`forwards ${signal}`, async (t) => {
      const { child, ended, says } = start(OLD_NODE, [bin, "stay"]);
      await says("ready");
      child.kill("SIGHUP");
      await says("SIGHUP");
      child.kill(signal);
      t.match(await ended, { status, out: signal });
    });
  }
});

t.test("a pinned Node that is the one that runs is not run again", async (t) => {
  const bin = checkout(t.testdir(), true);
  t.match(await start(process.execPath, [PRETEND_OLD, bin]).ended, { status: 1, err: "Perch needs Node 24" });
});
