#!/usr/bin/env -S node --max-semi-space-size=16
// Plain JavaScript that any Node from 12 on can read, so that an old one gets a sentence instead of a syntax error.
// biome-ignore-start lint/style/useNodejsImportProtocol: Nodes before 14.13 do not know the prefix `node:`
import { spawn } from "child_process";
import { existsSync, realpathSync, statSync } from "fs";
import { dirname } from "path";
import { fileURLToPath } from "url";

// biome-ignore-end lint/style/useNodejsImportProtocol: as above

const NEEDED_MAJOR = 24;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

/** The runtime that `npm ci` installs as the package `node`; undefined where it is missing or is the one that runs. */
function pinnedNode() {
  const file = fileURLToPath(new URL("../node_modules/node/bin/node", import.meta.url));
  if (!existsSync(file) || realpathSync(file) === realpathSync(process.execPath)) return undefined;
  return file;
}

// V8 lets the young generation grow to 134 MB before it collects; 16 MB cost nothing measurable and keep memory flat.
const FLAGS = ["--max-semi-space-size=16"];

/** Runs this command again on another Node and ends as that one ends. */
function runAgainOn(node) {
  const child = spawn(node, FLAGS.concat(fileURLToPath(import.meta.url), process.argv.slice(2)), { stdio: "inherit" });
  const forward = (signal) => {
    // The terminal itself sends Ctrl-C to the child as well; a second one would mean "stop at once".
    if (signal === "SIGINT" && process.stdin.isTTY) return;
    child.kill(signal);
  };
  SIGNALS.forEach((signal) => {
    process.on(signal, forward);
  });
  child.on("error", (error) => {
    console.error(`${node} cannot be run: ${error.message}. Run npm ci again.`);
    process.exit(1);
  });
  child.on("exit", (status, signal) => {
    if (signal === null) process.exit(status);
    SIGNALS.forEach((name) => {
      process.removeListener(name, forward);
    });
    process.kill(process.pid, signal);
  });
}

function refuseOldNode() {
  console.error(`Perch needs Node ${NEEDED_MAJOR} (this is ${process.version}); in a checkout: npm ci, then npx perch …`);
  process.exitCode = 1;
}

/** Whether nobody but root and this user can put anything there, now or by making it. */
function isSafe(folder) {
  let place = folder;
  while (!existsSync(place)) place = dirname(place);
  const { uid, mode } = statSync(place);
  return process.getuid === undefined || ((uid === 0 || uid === process.getuid()) && (mode & 0o022) === 0);
}

/**
 * Keeps what Node made of each module (its TypeScript stripped, its code compiled) for the next start, in whatever folder
 * NODE_COMPILE_CACHE names, else beside the packages. A folder that can't be written only makes starts slower. Node keys it by
 * what the files hold (nodejs.org/api/module.html, "Module compile cache"), so that an update needs no care. What lies there is
 * run, whoever put it there: a folder of another user is left alone.
 */
function keepCompiled() {
  const folder = fileURLToPath(new URL("../node_modules/.cache/perch", import.meta.url));
  if (!isSafe(folder)) return Promise.resolve();
  return import("node:module").then(({ enableCompileCache }) => enableCompileCache(folder));
}

if (Number(process.versions.node.split(".")[0]) >= NEEDED_MAJOR) {
  const started = keepCompiled().then(() => import("./main.ts"));
  started.catch((error) => {
    console.error(error);
    process.exitCode = 1;
  });
} else {
  const node = pinnedNode();
  if (node === undefined) refuseOldNode();
  else runAgainOn(node);
}
