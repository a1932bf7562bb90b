import { stringify } from "yaml";
import type { Sandbox } from "../../contract.ts";
import { DONE, FAILED, type Invocation, type Leaf } from "../command.ts";
import { type LoadedSandbox, loadSandbox } from "../load-sandbox.ts";
import { printable } from "../printable.ts";
import { untilSignal } from "../until-signal.ts";

/** Beside AR System's plug-in port 9999, and free of other well-known uses. */
const DEFAULT_PORT = 9996;

export const sandbox: Leaf = {
  name: "sandbox",
  summary: "run the stand-in of a service that a plug-in brings, until Ctrl-C",
  purpose: ["It listens on this machine only. What a host needs to use it is printed, to be copied into its files."],
  arguments: [{ name: "MODULE", help: "the plug-in, as in the configuration (default: the first that has a sandbox)", optional: true }],
  options: {
    port: { value: "PORT", help: "0 takes a free one", integer: { min: 0, max: 65_535 }, fallback: String(DEFAULT_PORT) },
  },
  json: true,
  example: "perch sandbox --port 0",
  run: async (invocation) => {
    const { machine, screen } = invocation;
    const loaded = await loadSandbox(invocation);
    if (!loaded.ok) {
      screen.complain(screen.paint("red", printable(loaded.message)));
      return FAILED;
    }
    const port = invocation.number("port") ?? DEFAULT_PORT;
    const stop = untilSignal(machine);
    const started = await open(loaded.sandbox, port);
    if (!started.ok) {
      stop.forget();
      screen.complain(screen.paint("red", `The sandbox can't listen on port ${port}: ${started.cause}. Choose another with --port.`));
      return FAILED;
    }
    sayHow(invocation, loaded, started.sandbox.url);
    await stop.signalled;
    stop.forget();
    await started.sandbox.close();
    return DONE;
  },
};

async function open(loaded: LoadedSandbox, port: number): Promise<{ ok: true; sandbox: Sandbox } | { ok: false; cause: string }> {
  try {
    return { ok: true, sandbox: await loaded.start({ port }) };
  } catch (error) {
    return { ok: false, cause: error instanceof Error ? error.message : String(error) };
  }
}

function sayHow({ screen, json }: Invocation, { module, sandbox: loaded }: { module: string; sandbox: LoadedSandbox }, url: string): void {
  const settings = loaded.demo?.settings(url);
  const secrets = loaded.demo?.secrets(url);
  if (json) {
    screen.json({ url, module, userDefined: settings, secrets });
    return;
  }
  screen.say(`The sandbox of ${module} is at ${screen.paint("cyan", url)}`);
  if (settings && secrets) {
    screen.say();
    screen.say("In perch.yaml:");
    screen.say(stringify({ plugins: [{ module, userDefined: settings }] }).trimEnd());
    screen.say();
    screen.say("In credentials.yaml (these open the sandbox and nothing else):");
    screen.say(stringify({ plugins: { [module]: secrets } }).trimEnd());
  }
  screen.say();
  screen.say("Ctrl-C ends it.");
}
