import { execFileSync } from "node:child_process";
import t from "tap";
import library from "../../../../plugins/twitter/text/twitter-text.ts";

/** Whether polyfills run in a process that imports it: core-js keeps what they share in a global of this name. */
function bringsPolyfills(specifier: string): boolean {
  const program = `await import(${JSON.stringify(specifier)}); console.log("__core-js_shared__" in globalThis);`;
  const options = { cwd: new URL("../../../..", import.meta.url), encoding: "utf8" } as const;
  return execFileSync(process.execPath, ["--input-type=module", "-e", program], options).trim() === "true";
}

t.test("X's library of texts comes without its polyfills", (t) => {
  t.equal(bringsPolyfills("./plugins/twitter/text/twitter-text.ts"), false);
  t.equal(bringsPolyfills("twitter-text"), true, "which it brings by itself");
  t.end();
});

t.test("the library works without them", (t) => {
  t.equal(library.parseTweet("E-mail is down: https://example.com/a 👍").weightedLength, 42);
  t.end();
});
