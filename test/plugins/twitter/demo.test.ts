import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import t from "tap";

t.test("the story goes to its end, and every check of it holds", async (t) => {
  // The test runner's loaders are not the host's.
  const { NODE_OPTIONS: _, ...env } = process.env;
  const child = spawn(process.execPath, ["src/main.ts", "demo", "--once"], { env, stdio: ["ignore", "pipe", "pipe"] });
  const status = new Promise((resolve) => child.once("exit", resolve));
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  t.equal(await status, 0, errors);
  t.match(output, /All 16 checks held/);
  t.match(output, /Error in plugin : 401:Authentication credentials .* in sync\. Unauthorized \(ARERR 8753\)/);
  t.notMatch(output + errors, /sandbox-consumer-secret/);
});
