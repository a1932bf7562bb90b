/** A whole host in this process, with the plug-in under test in a real worker, on a store that is gone with the test. */
import { setTimeout as pause } from "node:timers/promises";
import type { ARValue, StatusEntry } from "../ar.ts";
import { openClient } from "../cli/client.ts";
import type { Method, Params, Result, RpcError } from "../cli/methods.ts";
import { pluginName } from "../config/plugin-module.ts";
import { PACE, type Pace } from "../host/back-off.ts";
import type { Delivery, DeliveryState, NotifyRequest, NotifyResult, PluginReport, Registration } from "../shapes.ts";
import { ENDED_STATES } from "../shapes.ts";
import { startHost } from "../start-host.ts";
import { openKitFiles, type PluginUnderTest, type Teardown } from "./kit-files.ts";
import { type TurnedTime, turnedTime } from "./turned-time.ts";

export type KitOptions = PluginUnderTest & {
  /** More of perch.yaml. */
  config?: Readonly<Record<string, unknown>>;
  /** Shorter waits than a host's own; or leave them, and turn the clock. */
  pace?: Partial<Pace>;
  /** As the host's process has it: HTTPS_PROXY, NO_PROXY. */
  environment?: Readonly<Record<string, string>>;
};

export type RegisterOptions = {
  /** Default `ServiceDesk`. */
  functionalUser?: string;
  /** Default: the first of the `accounts` in the secrets, else `Kit_Account`. */
  accountName?: string;
  /** Answers the PIN that the page at this address would show; without it the account's token is in the secrets. */
  pin?(authorizeUrl: string): string | Promise<string>;
};

/** How a host refuses, as an exception: `message` is the line that people see, `code` the AR number. */
export class KitRefusal extends Error {
  readonly code: number;
  readonly data: RpcError["data"];
  constructor({ code, message, data }: RpcError) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

export type Kit = {
  /** Where the host listens, for calls over HTTP as the client `kit` with the password `kit-password` (admin). */
  url: string;
  /** Turns the host's time: back-offs, limits, expiry, time-outs of calls, `context.clock`. Not a worker's own Date and timers. */
  clock: Pick<TurnedTime, "turn" | "setWrong">;
  /** The host's log, a line of JSON each, at level debug. */
  log: string[];
  /** Any method, as admin. Throws a {@link KitRefusal}. */
  call<M extends Method>(method: M, params: Params<M>): Promise<Result<M>>;
  /** Registers an account for broadcasts, authorises it, and enables it. */
  register(options?: RegisterOptions): Promise<Registration>;
  notify(request: NotifyRequest): Promise<NotifyResult>;
  /** Broadcasts a text, and answers the delivery for the only account. */
  send(text: string): Promise<Delivery>;
  delivery(id: string): Promise<Delivery>;
  /** Polls until the answer is truthy; throws after 30 s. For what no state shows. */
  until(look: () => Promise<unknown>): Promise<void>;
  /** Waits until the delivery is in one of these states; throws when it ends in another, or is in none after 30 s. */
  reaches(id: string, ...states: DeliveryState[]): Promise<Delivery>;
  /** Calls a filter with AR's values. Throws a {@link KitRefusal}. */
  filter(name: string, inValues: ARValue[], more?: { user?: string; waitSeconds?: number }): Promise<FilterResult>;
  /** Changes the plug-in's settings or secrets in the files, and reloads. Throws a {@link KitRefusal}. */
  configure(part: Pick<PluginUnderTest, "settings" | "secrets">): Promise<void>;
  /** The plug-in as `perch plugins list` shows it. */
  plugin(): Promise<PluginReport>;
  /** Stops the host; happens by itself at the end of the test. */
  close(): Promise<void>;
};
export type FilterResult = { outValues: ARValue[]; statusList: StatusEntry[] };

/** Real time. A test that waits for longer has forgotten to turn the clock. */
const PATIENCE_MS = 30_000;
const LOOK_MS = 10;

/** Throws where the host or the plug-in does not come up, with the cause. */
export async function openKit(t: Teardown, options: KitOptions): Promise<Kit> {
  const name = pluginName(options.module.pathname);
  const files = await openKitFiles(name);
  let stop = async () => {};
  t.teardown(async () => {
    await stop();
    await files.remove();
  });
  await files.write(options, options.config);
  const log: string[] = [];
  const time = turnedTime();
  const started = await startHost({
    configFile: files.configFile,
    version: "kit",
    environment: options.environment ?? {},
    pace: { ...PACE, ...options.pace },
    logTo: (line) => void log.push(line),
    time,
  });
  if (!started.ok) throw new Error(started.problems.join("\n"));
  const { url, socket } = started.value;
  stop = started.value.stop;
  let part: PluginUnderTest = options;
  const call: Kit["call"] = (method, params) => callOnce(socket, method, params);
  const plugin = async () => {
    const { plugins } = await call("plugins.list", {});
    return plugins.find((one) => one.name === name) as PluginReport;
  };
  await until(async () => {
    const { state, cause } = await plugin();
    if (state === "failed") throw new Error(cause ?? `${name} failed to start`);
    return state === "ready" || undefined;
  }, `${name} is not ready`);
  return {
    url,
    clock: time,
    log,
    call,
    plugin,
    register: (wanted = {}) => register(call, log, { accountName: firstAccount(part) ?? "Kit_Account", ...wanted }),
    notify: (request) => call("notify", request),
    async send(text) {
      const { deliveries } = await call("notify", { text });
      const [only] = deliveries;
      if (!only || deliveries.length > 1) throw new Error(`${deliveries.length} accounts take the broadcast; use notify`);
      return only;
    },
    delivery: (id) => call("deliveries.get", { id }),
    async until(look) {
      await until(async () => (await look()) || undefined, "what was waited for has not come; does it wait for the clock?");
    },
    reaches: (id, ...states) => reaches(call, id, states),
    filter: (plugin, inValues, more) => call("filterApiCall", { plugin, inValues, ...more }),
    async configure(changed) {
      part = { ...part, ...changed };
      await files.write(part, options.config);
      await call("server.reload", {});
    },
    close: stop,
  };
}

/** A connection each, so that one that waits holds no other up. */
async function callOnce<M extends Method>(socket: string, method: M, params: Params<M>): Promise<Result<M>> {
  const client = openClient({ kind: "socket", path: socket });
  const answer = await client.call(method, params);
  await client.close();
  if (!answer.ok) throw new KitRefusal(answer.error);
  return answer.value;
}

/** Polls until there is an answer. */
async function until<T>(look: () => Promise<T | undefined>, otherwise: string | (() => string)): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (performance.now() > deadline) throw new Error(typeof otherwise === "string" ? otherwise : otherwise());
    await pause(LOOK_MS);
  }
}

function reaches(call: Kit["call"], id: string, states: readonly DeliveryState[]): Promise<Delivery> {
  let last = "";
  return until(
    async () => {
      const delivery = await call("deliveries.get", { id });
      if (states.includes(delivery.state)) return delivery;
      last = `the delivery is ${delivery.state}, not ${states.join(" or ")}: ${delivery.lastError?.message ?? "no error so far"}`;
      if (ENDED_STATES.includes(delivery.state)) throw new Error(last);
      return undefined;
    },
    () => `${last}; if it waits for a back-off, turn the clock`,
  );
}

async function register(
  call: Kit["call"],
  log: readonly string[],
  options: RegisterOptions & { accountName: string },
): Promise<Registration> {
  const { functionalUser = "ServiceDesk", accountName, pin } = options;
  const { id } = await call("registrations.create", { functionalUser, accountName });
  if (pin) {
    const { authorizeUrl } = await call("registrations.authorize", { id });
    await call("registrations.confirm", { id, pin: await pin(authorizeUrl) });
  } else await until(() => authorized(call, log, id), `${accountName} is not authorised: give its token in secrets.accounts, or a pin`);
  return call("registrations.update", { id, status: "Enabled" });
}

/** A token of the credentials file is tried with the plug-in's `probe`; what speaks against it is in the log. */
async function authorized(call: Kit["call"], log: readonly string[], id: string): Promise<true | undefined> {
  const { authorization } = await call("registrations.get", { id });
  if (authorization === "authorized") return true;
  const refusal = log.find((line) => /configured account not confirmed yet|configured token belongs to another account/.test(line));
  if (refusal !== undefined) throw new Error(`\`probe\` did not confirm the account: ${refusal}`);
  return undefined;
}

function firstAccount({ secrets }: PluginUnderTest): string | undefined {
  const accounts = secrets?.accounts;
  return typeof accounts === "object" && accounts !== null ? Object.keys(accounts)[0] : undefined;
}
