import type { DemoKit } from "../contract.ts";
import type { RpcClient } from "./client.ts";
import type { Invocation } from "./command.ts";
import type { DemoFiles } from "./demo-files.ts";
import type { RpcError } from "./methods.ts";

/** A clock that can be set wrong while the host runs. */
export type BentClock = { wall(): number; setOffset(seconds: number): void };

export function bendClock(now: () => number): BentClock {
  let offsetMs = 0;
  return {
    wall: () => now() + offsetMs,
    setOffset: (seconds) => {
      offsetMs = seconds * 1000;
    },
  };
}

/** A refusal, as a demo sees it: `data` is the contract's `error.data`. */
export class RefusedCall extends Error {
  override name = "RefusedCall";
  readonly code: number;
  readonly data: RpcError["data"];
  constructor(error: RpcError) {
    super(error.message);
    this.code = error.code;
    this.data = error.data;
  }
}

type KitParts = { client: RpcClient; sandboxUrl: string; clock: BentClock; files: DemoFiles; settings: Record<string, unknown> };
/** The kit, and what came of its checks. */
export type OpenKit = { kit: DemoKit; failed: () => number; held: () => number; close(): Promise<void> };

export function openDemoKit({ screen }: Invocation, { client, sandboxUrl, clock, files, settings }: KitParts): OpenKit {
  const outcomes: boolean[] = [];
  let inForce = settings;
  // A story that was cut short may still speak; nobody listens any more.
  let closed = false;
  const call = async (method: string, params: unknown = {}): Promise<unknown> => {
    const answer = await client.send(method, params);
    if (!answer.ok) throw new RefusedCall(answer.error);
    return answer.value;
  };
  const kit: DemoKit = {
    sandboxUrl,
    call,
    configure: async (userDefined) => {
      inForce = merge(inForce, userDefined);
      await files.configure(inForce);
      await call("server.reload");
    },
    setHostClock: clock.setOffset,
    say: (line) => {
      if (!closed) screen.say(line);
    },
    check: (sentence, holds) => {
      if (closed) return;
      outcomes.push(holds);
      screen.say(`  ${holds ? screen.paint("green", "✓") : screen.paint("red", "✗")} ${sentence}`);
    },
  };
  const close = () => {
    closed = true;
    return client.close();
  };
  const count = (wanted: boolean) => outcomes.filter((holds) => holds === wanted).length;
  return { kit, failed: () => count(false), held: () => count(true), close };
}

const isPlain = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

/** What a change names replaces; what it does not name stays, at every depth. */
function merge(settings: Record<string, unknown>, change: Record<string, unknown>): Record<string, unknown> {
  const merged = { ...settings };
  for (const [key, value] of Object.entries(change)) {
    const before = merged[key];
    merged[key] = isPlain(before) && isPlain(value) ? merge(before, value) : value;
  }
  return merged;
}
