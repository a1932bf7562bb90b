/** Files of the log: who may read them, how they take turns, and what a disk that is full does to them. */
import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import t from "tap";
import { openDestination, openRollingFile } from "../../src/log/destination.ts";
import { mountSmallDisk, noMount } from "../store/small-disk.ts";

const modeOf = (file: string) => (statSync(file).mode & 0o777).toString(8);
const HOURS = { maxSizeMb: 0.001, every: "hourly", keep: 2 } as const;
const turn = () => new Promise((resolve) => setImmediate(resolve));
const LINE = `${"x".repeat(199)}\n`;

t.test("a file takes turns when it has grown, and only so many older ones are kept", async (t) => {
  const folder = t.testdir();
  const file = join(folder, "deep", "perch.log");
  const log = await openRollingFile(file, HOURS);
  const files = () =>
    readdirSync(join(folder, "deep"))
      .filter((name) => name !== "perch.log")
      .sort();
  const numbers = () => files().map((name) => Number(/^perch\.\d{4}-\d\d-\d\d-\d\d\.(\d+)\.log$/.exec(name)?.[1]));
  t.match(numbers(), [1], "date and number are in the name");
  while (!(numbers().length === HOURS.keep + 1 && numbers().every((number) => number > 3))) {
    for (let count = 0; count < 6; count += 1) log.write(LINE);
    log.flush();
    await turn();
  }
  for (const name of files()) t.equal(modeOf(join(folder, "deep", name)), "640");
  log.write("the last\n");
  await log.close();
  t.ok(lstatSync(file).isSymbolicLink());
  t.match(readFileSync(file, "utf8"), /the last\n$/, "log.file is the newest");
});

t.test("a host that is started again goes on in the same file", async (t) => {
  const file = join(t.testdir(), "perch.log");
  for (const line of ["first\n", "second\n"]) {
    const log = await openRollingFile(file, { ...HOURS, maxSizeMb: 1, every: "daily" });
    log.write(line);
    await log.close();
  }
  t.equal(readFileSync(file, "utf8"), "first\nsecond\n");
});

t.test("a file of the time before keeps its lines under another name", async (t) => {
  const folder = t.testdir({ "perch.log": "old\n", "perch.log.before-rotation": "older\n" });
  const log = await openRollingFile(join(folder, "perch.log"), HOURS);
  await log.close();
  t.equal(readFileSync(join(folder, "perch.log.before-rotation-2"), "utf8"), "old\n");
  t.equal(readFileSync(join(folder, "perch.log.before-rotation"), "utf8"), "older\n");
});

t.test("a file that was moved away is followed by a new one", async (t) => {
  const file = join(t.testdir(), "perch.log");
  const log = openDestination(file);
  log.write("before\n");
  renameSync(file, `${file}.1`);
  log.reopen();
  log.write("after\n");
  await log.close();
  t.equal(readFileSync(`${file}.1`, "utf8"), "before\n");
  t.equal(readFileSync(file, "utf8"), "after\n");
  t.equal(modeOf(file), "640");
});

t.test("when the folder is gone at that moment, the log goes on where it is", async (t) => {
  const folder = join(t.testdir(), "logs");
  const log = openDestination(join(folder, "perch.log"));
  rmSync(folder, { recursive: true });
  const said = t.capture(process.stderr, "write", () => true);
  log.reopen();
  t.match(
    said().map(({ args }) => args[0]),
    [/^Perch can't write its log: ENOENT/],
  );
  mkdirSync(folder);
  log.reopen();
  log.write("again\n");
  await log.close();
  t.equal(readFileSync(join(folder, "perch.log"), "utf8"), "again\n");
});

t.test("a full disk is said once, hangs nobody, and loses only what could not be kept", { skip: noMount() }, async (t) => {
  const disk = mountSmallDisk(t, 1);
  if (!disk) throw new Error("not mounted");
  const file = join(disk.folder, "perch.log");
  const filler = join(disk.folder, "filler");
  const said = t.capture(process.stderr, "write", () => true);
  const log = openDestination(file);
  try {
    writeFileSync(filler, Buffer.alloc(2 ** 21));
  } catch {
    // It took all that there was.
  }
  for (let count = 0; count < 100; count += 1) log.write(`${count} ${LINE}`);
  log.flush();
  t.equal(said().length, 1);
  rmSync(filler);
  log.flush();
  t.equal(readFileSync(file, "utf8").split("\n").length, 101, "what was gathered meanwhile is written");
  try {
    writeFileSync(filler, Buffer.alloc(2 ** 21));
  } catch {
    // Full again.
  }
  for (let count = 0; count < 50_000; count += 1) log.write(LINE);
  await log.close();
  t.equal(basename(file), "perch.log");
});

t.test("a file that can't be opened is known at once", async (t) => {
  const folder = t.testdir({ file: "" });
  t.throws(() => openDestination(join(folder)), { code: "EISDIR" });
  await t.rejects(openRollingFile(join(folder, "file", "perch.log"), HOURS), { code: /ENOTDIR|EEXIST/ });
});
