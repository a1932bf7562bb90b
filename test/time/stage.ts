/** A real host by a faked clock, beside a sandbox X by the true one; for one test. */
import type { Test } from "tap";
import type { PostMoment, SandboxSettings } from "../../plugins/twitter/sandbox/state.ts";
import { type HostChild, openYard, type Yard } from "../child-host.ts";
import { type FakedClock, fakeClock } from "./faked-clock.ts";

export type TimeStage = {
  yard: Yard;
  clock: FakedClock;
  /** Started once already, with its accounts registered. */
  host(): HostChild;
  /** Ends the host with the signal, lets the clock jump, starts another. */
  restart(offsetSeconds: number, signal?: NodeJS.Signals): Promise<void>;
  /** Told of each request to post that X sees, at three moments. */
  watch: { post: (moment: PostMoment) => void };
  /** How many requests X answered 401 so far, of whatever kind. */
  refused(): Promise<number>;
  /** What the host knows its machine's clock to be off by, in seconds: X − host. */
  knownOffset(): Promise<number | undefined>;
};

export type TimeStageOptions = {
  offsetSeconds: number;
  accounts?: string[];
  sandbox?: SandboxSettings;
  environment?: Record<string, string>;
};

export async function openTimeStage(t: Test, options: TimeStageOptions): Promise<TimeStage> {
  const clock = fakeClock(t.testdir(), options.offsetSeconds);
  const watch: TimeStage["watch"] = { post: () => {} };
  const yard = await openYard({
    ...(options.accounts && { accounts: options.accounts }),
    sandbox: { watch: (moment) => watch.post(moment), ...options.sandbox },
    environment: { ...clock.environment, ...options.environment },
  });
  let host = await yard.start();
  t.teardown(async () => {
    const { exitCode, signalCode } = host.child;
    const died = exitCode !== null || signalCode !== null;
    if (!t.passing() || died)
      console.error(died ? `the host died: ${exitCode ?? signalCode}` : "the host lives", host.log.slice(-20).join("\n"));
    if (!died) await host.kill();
    await yard.close();
  });
  await yard.register();
  return {
    yard,
    clock,
    host: () => host,
    async restart(offsetSeconds, signal = "SIGTERM") {
      await host.kill(signal);
      clock.set(offsetSeconds);
      host = await yard.start();
    },
    watch,
    refused: () => countRefused(yard),
    async knownOffset() {
      const { plugins } = await yard.call<{ plugins: { clock?: { offsetSeconds: number } }[] }>("plugins.list");
      return plugins[0]?.clock?.offsetSeconds;
    },
  };
}

async function countRefused(yard: Yard): Promise<number> {
  const requests = await yard.control<{ status: number | null }[]>("requests");
  // X's record is a ring of 1,000: beyond that it can't be counted by it.
  if (requests.length >= 1000) throw new Error("the sandbox has forgotten requests; let the test make fewer");
  return requests.filter(({ status }) => status === 401).length;
}
