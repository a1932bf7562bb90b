import { FAILED, type Invocation, type Leaf } from "../command.ts";
import type { RunningHost, StopSignal } from "../machine.ts";

/**
 * `npm` and a terminal both pass on one Ctrl-C, so that it arrives twice; two within this time are one.
 */
const SAME_PRESS_MS = 500;

export const start: Leaf = {
  name: "start",
  summary: "run the host in the foreground",
  purpose: [
    "Prints nothing but its log. SIGTERM or Ctrl-C stops it gently: what is in flight ends, at most",
    "server.stopTimeoutSeconds; a second one stops it at once. SIGHUP reloads the configuration.",
  ],
  example: "perch start --config /etc/perch/perch.yaml",
  run: async (invocation) => {
    const stops = watchStops(invocation);
    try {
      const started = await invocation.machine.startHost({ configFile: invocation.configFile });
      if (started.ok) return await runUntilStopped(started.value, stops);
      for (const problem of started.problems) invocation.screen.complain(problem);
      invocation.screen.complain("The host was not started. Mend what is named, then look with `perch check`.");
      return FAILED;
    } finally {
      stops.end();
    }
  },
};

type Stops = {
  first: Promise<void>;
  second: Promise<void>;
  /** Called on SIGHUP, once the host is there. */
  reload: (() => void) | undefined;
  end(): void;
};

function watchStops({ machine }: Invocation): Stops {
  const first = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  let stoppedAt: number | undefined;
  const end = machine.onSignal((signal: StopSignal) => {
    if (signal === "SIGHUP") {
      stops.reload?.();
      return;
    }
    const now = machine.now();
    if (stoppedAt === undefined) first.resolve();
    else if (now - stoppedAt >= SAME_PRESS_MS) second.resolve();
    stoppedAt ??= now;
  });
  const stops: Stops = { first: first.promise, second: second.promise, reload: undefined, end };
  return stops;
}

async function runUntilStopped(host: RunningHost, stops: Stops): Promise<number> {
  // A reload that is refused has been logged by the host (8769) and changed nothing.
  stops.reload = () => void host.reload().catch(() => {});
  const stopped = stops.first.then(() => host.stop()).then(() => 0);
  const hurried = stops.second.then(() => FAILED);
  return Promise.race([host.ended, stopped, hurried]);
}
