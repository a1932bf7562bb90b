import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import t from "tap";
import { createLog, type LogOptions, pinoLevel, UnknownLevel } from "../src/log.ts";

const now = () => Date.parse("2026-11-24T11:32:01.123Z");

function logTo(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  return { lines, log: createLog({ level: "info", format: "json", secrets: () => [], destination, now, ...options }) };
}

t.test("a JSON line has the level's name, an ISO 8601 time and the plug-in", (t) => {
  const { lines, log } = logTo();
  log.forPlugin("twitter").info({ ms: 3 }, "posted");
  t.equal(lines[0], '{"level":"info","time":"2026-11-24T11:32:01.123Z","plugin":"twitter","ms":3,"msg":"posted"}\n');
  t.end();
});

t.test("AR's format is one line of sentence and fields", (t) => {
  const { lines, log } = logTo({ format: "ar" });
  log.forPlugin("twitter").info({ id: "17", text: 'two "words"', count: 2 }, "posted");
  log.root.warn("a sentence");
  t.strictSame(lines, [
    '2026-11-24T11:32:01.123+0000 INFO  [twitter] - posted; id=17 text="two \\"words\\"" count=2\n',
    "2026-11-24T11:32:01.123+0000 WARN  [host] - a sentence\n",
  ]);
  t.end();
});

t.test("a text from outside forges no line and moves no cursor", (t) => {
  const { lines, log } = logTo({ format: "ar" });
  const forged = "x\n2026-11-24T11:32:01.123+0000 INFO  [host] - forged\r\u001b[2J\u2028";
  log.root.info({ forged, [forged]: 1 }, forged);
  log.root.error({ err: new Error(forged) }, "failed");
  for (const line of lines
    .join("")
    .split(/[\n\r\u2028]/)
    .filter((text) => text !== ""))
    t.match(line, /^(2026.* \[host\] - (x|failed)|\t)/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not be there
  t.notMatch(lines.join(""), /[\u001b\r\u2028]/);
  t.end();
});

t.test("an error's stack follows on lines that begin with a tab", (t) => {
  const { lines, log } = logTo({ format: "ar" });
  log.root.error({ err: new Error("broken") }, "failed");
  t.match(lines[0], /^2026\S+ ERROR \[host\] - failed; error=broken\n(\tat .*\n)+$/);
  t.end();
});

t.test("AR's levels let through what pino's do", (t) => {
  const expected = {
    SEVERE: "error",
    WARNING: "warn",
    INFO: "info",
    CONFIG: "info",
    FINE: "debug",
    FINER: "debug",
    FINEST: "trace",
    ALL: "trace",
    OFF: "silent",
  };
  for (const [level, name] of Object.entries(expected)) t.equal(pinoLevel(level), name);
  t.equal(pinoLevel("debug"), "debug");
  for (const level of ["loud", "", "constructor", "__proto__"]) t.throws(() => pinoLevel(level), UnknownLevel);
  t.end();
});

t.test("levels change at run time, for all or for one plug-in", (t) => {
  const { lines, log } = logTo({ plugins: { pinned: "SEVERE" } });
  const heard = (name: string): boolean => {
    lines.length = 0;
    log.forPlugin(name).debug("x");
    return lines.length === 1;
  };
  t.notOk(heard("twitter"));
  t.equal(log.setLevel("FINE"), "debug");
  t.ok(heard("twitter"), "a plug-in without a level of its own follows");
  t.notOk(heard("pinned"), "one with a level of its own does not");
  t.equal(log.setLevel("debug", "pinned"), "debug");
  t.ok(heard("pinned"));
  log.setLevel("OFF", "twitter");
  log.setLevel("ALL");
  t.notOk(heard("twitter"), "a level that was set for it stays");
  t.equal(log.root.level, "trace");
  t.equal(log.unpin("twitter"), "trace");
  t.ok(heard("twitter"));
  log.setLevel("WARNING");
  t.notOk(heard("twitter"), "and it follows again");
  t.throws(() => log.setLevel("loud"), UnknownLevel);
  t.end();
});

t.test("keys that name a secret are left out, however deep", (t) => {
  const { lines, log } = logTo();
  for (const key of ["password", "token", "secret", "accessToken", "accessTokenSecret", "consumerSecret", "authorization", "pin"]) {
    log.root.info({ [key]: "marked", a: { [key]: "marked", b: { [key]: "marked" } } }, "x");
  }
  t.equal(lines.length, 8);
  t.notMatch(lines.join(""), /marked/);
  t.end();
});

t.test("a known secret shows in no field, sentence, key or stack, in any encoding", (t) => {
  const secret = fc
    .string({ minLength: 6, maxLength: 40, unit: "binary" })
    .filter((text) => /[^[\]secrt]{6}/.test(text) && !/^[\d.:TZ-]*$/.test(text));
  fc.assert(
    fc.property(fc.constantFrom("json" as const, "ar" as const), fc.oneof(secret, fc.base64String({ minLength: 8 })), (format, value) => {
      const marked = `Zq7${value}`;
      const { lines, log } = logTo({ format, secrets: () => [marked] });
      const encoded = encodeURIComponent(marked.toWellFormed());
      const forms = [
        marked,
        encoded,
        encodeURIComponent(encoded),
        JSON.stringify({ marked }),
        Buffer.from(marked).toString("base64"),
        new URLSearchParams({ x: marked }).toString(),
      ];
      log.root.info({ forms, deep: { forms }, [marked]: 1, err: new Error(`at ${marked}`) }, `sentence ${marked}`);
      const text = lines.join("");
      return (
        !forms.slice(0, 3).some((form) => text.includes(form) || text.includes(JSON.stringify(form).slice(1, -1))) &&
        !text.includes(forms[4]!)
      );
    }),
  );
  t.end();
});

t.test("a JSON line stays JSON, whatever the secret was", (t) => {
  for (const secret of ["123456", '","msg', '{"level', '"level":"info"', "}\n"]) {
    const { lines, log } = logTo({ secrets: () => [secret, "another-secret"] });
    log.root.info({ pid: 123456, note: secret }, "another-secret");
    t.match(JSON.parse(lines[0] ?? ""), { msg: "[secret]" }, JSON.stringify(secret));
  }
  t.end();
});

t.test("secrets of a reload are left out from then on, short ones never", (t) => {
  let secrets = ["first-secret", "short"];
  const { log } = logTo({ secrets: () => secrets });
  t.equal(log.scrub("first-secret second-secret short"), "[secret] second-secret short");
  secrets = ["second-secret", "second-secret-longer"];
  t.equal(log.scrub("first-secret second-secret second-secret-longer"), "first-secret [secret] [secret]");
  secrets.push("first-secret");
  t.equal(log.scrub("first-secret"), "[secret]", "also in a list that was changed in place");
  secrets = [];
  t.equal(log.scrub("second-secret"), "second-secret");
  t.end();
});

t.test("a log file is appended to, its folder made, and flushed when it is closed", async (t) => {
  const file = join(t.testdir(), "deep/perch.log");
  for (const sentence of ["first", "second"]) {
    const log = createLog({ level: "info", format: "json", secrets: () => [], file, now });
    log.root.info(sentence);
    log.flush();
    t.match(readFileSync(file, "utf8"), new RegExp(`${sentence}"}\n$`));
    log.root.info(`${sentence} end`);
    await log.close();
  }
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  t.strictSame(
    lines.map((line) => JSON.parse(line).msg),
    ["first", "first end", "second", "second end"],
  );
});

t.test("the last words of a process are written", (t) => {
  const url = new URL("../src/log.ts", import.meta.url).href;
  const text = `import { createLog } from "${url}";
    createLog({ level: "info", secrets: () => [] }).root.info("last words");
    process.exit(3);`;
  const result = spawnSync(process.execPath, ["--input-type=module", "--eval", text], { encoding: "utf8", env: {} });
  t.equal(result.status, 3, result.stderr);
  t.match(result.stdout, /"msg":"last words"/);
  t.end();
});

t.test("a log file that can't be opened is known at once", (t) => {
  const folder = t.testdir();
  t.throws(() => createLog({ level: "info", secrets: () => [], file: folder }), { code: "EISDIR" });
  t.end();
});
