import type { Demo, Sandbox } from "../../contract.ts";
import { DONE, FAILED, type Invocation, type Leaf } from "../command.ts";
import { type DemoFiles, writeDemoFiles } from "../demo-files.ts";
import { bendClock, openDemoKit, RefusedCall } from "../demo-kit.ts";
import { explain } from "../failure.ts";
import { loadSandbox } from "../load-sandbox.ts";
import type { RunningHost } from "../machine.ts";
import { printable } from "../printable.ts";
import { untilSignal } from "../until-signal.ts";

/** Of the host's log, when something went wrong. */
const LOG_LINES_SHOWN = 20;

export const demo: Leaf = {
  name: "demo",
  summary: "see everything at work on this machine, without the real service",
  purpose: [
    "Starts the service's stand-in and a host on an empty store, registers an account with a PIN, sends broadcasts, lets",
    "the clock go wrong, and checks each step against what the stand-in received. Stays up until Ctrl-C.",
  ],
  arguments: [{ name: "MODULE", help: "the plug-in to show (default: the first that has a sandbox)", optional: true }],
  options: {
    once: { help: "end after the story: with 0 when every check held, else with 1" },
    port: { value: "PORT", help: "the host's port", integer: { min: 0, max: 65_535 }, fallback: "a free one" },
    verbose: { help: "print the host's log as well" },
  },
  example: "perch demo --once",
  run: async (invocation) => {
    const { machine, screen } = invocation;
    const loaded = await loadSandbox(invocation);
    const story = loaded.ok ? loaded.sandbox.demo : undefined;
    if (!loaded.ok || story === undefined) {
      const cause = loaded.ok ? `The plug-in ${loaded.module} brings no demo.` : loaded.message;
      screen.complain(screen.paint("red", printable(cause)));
      return FAILED;
    }
    const stop = untilSignal(machine);
    const sandbox = await loaded.sandbox.start({ port: 0 });
    let files: DemoFiles | undefined;
    try {
      const settings = story.settings(sandbox.url);
      const port = invocation.number("port") ?? 0;
      files = await writeDemoFiles({ module: loaded.module, port, settings, secrets: story.secrets(sandbox.url) });
      return await runDemo(invocation, story, { sandbox, files, settings, stop });
    } finally {
      stop.forget();
      await sandbox.close();
      await files?.remove();
    }
  },
};

type Stage = { sandbox: Sandbox; files: DemoFiles; settings: Record<string, unknown>; stop: ReturnType<typeof untilSignal> };

async function runDemo(invocation: Invocation, story: Demo, stage: Stage): Promise<number> {
  const { machine, screen } = invocation;
  const clock = bendClock(() => machine.now());
  const log: string[] = [];
  const logTo = (line: string) => {
    log.push(line);
    if (log.length > LOG_LINES_SHOWN) log.shift();
    if (invocation.flag("verbose")) screen.complain(screen.paint("gray", line.trimEnd()));
  };
  const started = await machine.startHost({ configFile: stage.files.configFile, wall: clock.wall, quiet: true, logTo });
  if (!started.ok) {
    for (const problem of started.problems) screen.complain(screen.paint("red", problem));
    return FAILED;
  }
  const host = started.value;
  const { stop } = stage;
  const { openClient } = await import("../client.ts");
  const open = openDemoKit(invocation, {
    client: openClient({ kind: "socket", path: host.socket }),
    sandboxUrl: stage.sandbox.url,
    clock,
    files: stage.files,
    settings: stage.settings,
  });
  try {
    const ended = await Promise.race([tell(invocation, story, open.kit), stop.signalled]);
    if (ended !== "told" && ended !== "broken") return FAILED;
    const well = ended === "told" && open.failed() === 0;
    if (!well && !invocation.flag("verbose")) for (const line of log) screen.complain(screen.paint("gray", line.trimEnd()));
    sayEnd(invocation, well, open.held(), open.failed());
    if (!invocation.flag("once")) {
      // Whoever tries things out now wants an ordinary host.
      clock.setOffset(0);
      sayPlaces(invocation, stage, host);
      await Promise.race([stop.signalled, host.ended]);
    }
    return well ? DONE : FAILED;
  } finally {
    // From here on a signal ends the process at once, should the host not stop.
    stop.forget();
    await open.close();
    await host.stop();
  }
}

async function tell({ screen }: Invocation, story: Demo, kit: Parameters<Demo["tell"]>[0]): Promise<"told" | "broken"> {
  try {
    await story.tell(kit);
    return "told";
  } catch (error) {
    kit.check(`the story goes to its end (${printable(error instanceof Error ? error.message : String(error))})`, false);
    for (const line of error instanceof RefusedCall ? explain(error.data) : []) screen.say(`      ${printable(line)}`);
    return "broken";
  }
}

function sayEnd({ screen }: Invocation, well: boolean, held: number, failed: number): void {
  screen.say();
  if (well) screen.say(screen.paint("green", `All ${held} checks held.`));
  else screen.say(screen.paint("red", `${failed} of ${held + failed} checks did not hold; the host's last log lines are above.`));
}

function sayPlaces({ screen }: Invocation, { sandbox, files }: Stage, host: RunningHost): void {
  screen.say();
  screen.say(`The posts     ${screen.paint("cyan", sandbox.url)}`);
  const folder = files.configFile.replace(/\/[^/]*$/, "");
  screen.say(`The console   ${screen.paint("cyan", `${host.url}/`)} (log in as admin; the password stands in ${folder}/credentials.yaml)`);
  screen.say(`The host      ${screen.paint("cyan", host.url)} (files in ${folder})`);
  screen.say("Send one      in another terminal:");
  screen.say(`              npx perch notify "Hello from the service desk" --config ${files.configFile}`);
  screen.say(`Look around   npx perch status --config ${files.configFile}`);
  screen.say("Ctrl-C ends everything and removes its files.");
}
