/** What a start loads. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import t from "tap";
import { openYard } from "./child-host.ts";

const RECORDER = new URL("./fixtures/record-modules.ts", import.meta.url).href;
const PROGRAM = fileURLToPath(new URL("../src/perch.js", import.meta.url));

/** Each was once part of every start, for the sake of what hardly any host does. */
const NEEDLESS: readonly [pattern: RegExp, because: string][] = [
  [/src\/cli\/commands\/(?!start\.ts)/, "the other commands"],
  [/node_modules\/cli-table3\//, "what draws tables"],
  [/node_modules\/undici\//, "the client of the command line"],
  [/internal\/deps\/undici/, "Node's own fetch, which an import of node:http loads"],
  [/node_modules\/@opentelemetry\//, "what prom-client has beside its instruments"],
  [/node_modules\/@fastify\/[a-z-]*-compiler\//, "Fastify's compilers of schemas"],
  [/src\/store\/postgres/, "the other store"],
];
const needlessIn = (loaded: readonly string[]) =>
  NEEDLESS.filter(([pattern]) => loaded.some((name) => pattern.test(name))).map(([, because]) => because);

function recording(t: { teardown(work: () => void): void }) {
  const folder = mkdtempSync(join(tmpdir(), "perch-loaded-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "loaded.json");
  const environment = { LOADED: file, NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ""} --import ${RECORDER}` };
  return { environment, loaded: (): string[] => JSON.parse(readFileSync(file, "utf8")) };
}

t.test("a start loads nothing that only other commands, other settings or a later call need", async (t) => {
  const { environment, loaded } = recording(t);
  const yard = await openYard({ environment });
  t.teardown(() => yard.close());
  const host = await yard.start();
  await host.stop();
  t.ok(
    loaded().some((name) => name.endsWith("src/rpc/door.ts")),
    "what it loads is recorded",
  );
  t.strictSame(needlessIn(loaded()), []);
});

t.test("a command that is not lean would be noticed", async (t) => {
  const { environment, loaded } = recording(t);
  execFileSync(process.execPath, [PROGRAM, "help"], { env: { ...process.env, ...environment } });
  t.strictSame(needlessIn(loaded()), ["the other commands"]);
});
