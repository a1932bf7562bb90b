import { chmod, mkdir, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import t, { type Test } from "tap";
import { digestFiles, type Watched } from "../../src/config/digest-files.ts";
import { watchFiles } from "../../src/config/watch.ts";

/** A watch whose seconds the test lets pass. `handle` is what a reload does: it takes what it finds for handled. */
async function watched(t: Test, names: string[]) {
  const folder = t.testdir(Object.fromEntries(names.map((name) => [name, "old"])));
  const files = names.map((name) => join(folder, name));
  const look = async (): Promise<Watched[]> => [{ files, digest: await digestFiles(files) }];
  let handled: readonly Watched[] = await look();
  let changes = 0;
  let waiting: (() => void) | undefined;
  let planned = Promise.withResolvers<void>();
  const end = watchFiles({
    handled: () => handled,
    onChange: async () => {
      changes += 1;
      handled = await look();
    },
    after: (_ms, callback) => {
      waiting = callback;
      planned.resolve();
      return () => {
        waiting = undefined;
      };
    },
  });
  t.teardown(end);
  return {
    folder,
    file: files[0] as string,
    end,
    isWaiting: () => waiting !== undefined,
    changes: () => changes,
    async handle() {
      handled = await look();
    },
    /** One second passes; resolves when the look at the files is over. */
    async second() {
      planned = Promise.withResolvers();
      const now = waiting;
      waiting = undefined;
      now?.();
      await planned.promise;
    },
  };
}

t.test("a change is acted on when two looks agree, and once", async (t) => {
  const { file, second, changes } = await watched(t, ["a", "b"]);
  await second();
  await writeFile(file, "new");
  await second();
  t.equal(changes(), 0, "one look may be at half a file");
  await second();
  t.equal(changes(), 1);
  await second();
  await second();
  t.equal(changes(), 1);
});

t.test("a file that is still being written is waited for", async (t) => {
  const { file, second, changes } = await watched(t, ["a"]);
  for (const text of ["n", "ne", "new"]) {
    await writeFile(file, text);
    await second();
  }
  t.equal(changes(), 0);
  await second();
  t.equal(changes(), 1);
});

t.test("a change that is taken back at once is none", async (t) => {
  const { file, second, changes } = await watched(t, ["a"]);
  await writeFile(file, "new");
  await second();
  await writeFile(file, "old");
  await second();
  await second();
  t.equal(changes(), 0);
});

t.test("a change that somebody has asked a reload for is not acted on again", async (t) => {
  const { file, second, handle, changes } = await watched(t, ["a"]);
  await writeFile(file, "new");
  await second();
  await handle();
  await second();
  await second();
  t.equal(changes(), 0);
});

type Change = (file: string, folder: string) => Promise<void>;
const CHANGES: Record<string, Change> = {
  "an editor's new file in place of the old": async (file) => {
    await writeFile(`${file}.new`, "new");
    await rename(`${file}.new`, file);
  },
  "contents of the same size at the same time": async (file) => {
    await utimes(file, 1_000, 1_000);
    await writeFile(file, "dlo");
    await utimes(file, 1_000, 1_000);
  },
  "a file that is gone": (file) => rm(file),
  "a file that its user alone may read now": (file) => chmod(file, 0o600),
  "a folder in its place": async (file) => {
    await rm(file);
    await mkdir(file);
  },
  "what is not UTF-8": (file) => writeFile(file, Buffer.from([0xff])),
};
for (const [what, change] of Object.entries(CHANGES))
  t.test(`seen: ${what}`, async (t) => {
    const { file, folder, second, changes } = await watched(t, ["a"]);
    await change(file, folder);
    await second();
    await second();
    t.equal(changes(), 1);
    await second();
    await second();
    t.equal(changes(), 1, "and dealt with, whatever it is");
  });

t.test("a link that is put elsewhere is seen, and a missing file that comes", async (t) => {
  const { folder, file, second, changes } = await watched(t, ["a"]);
  for (const version of ["1", "2"]) {
    await mkdir(join(folder, version));
    await writeFile(join(folder, version, "a"), `version ${version}`);
  }
  await rm(file);
  await second();
  await second();
  t.equal(changes(), 1);
  // As Kubernetes mounts a secret: the file is a link into a folder that is itself a link, and that one is replaced.
  await symlink("1", join(folder, "..data"));
  await symlink("..data/a", file);
  await second();
  await second();
  t.equal(changes(), 2);
  await symlink("2", join(folder, "..data.new"));
  await rename(join(folder, "..data.new"), join(folder, "..data"));
  await second();
  await second();
  t.equal(changes(), 3);
});

t.test("nothing is looked at once it has ended", async (t) => {
  const { end, isWaiting } = await watched(t, ["a"]);
  t.ok(isWaiting());
  end();
  t.notOk(isWaiting());
});
