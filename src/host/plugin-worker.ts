/** The worker's side: loads one module and answers the host's calls, many at a time. */
import { parentPort, workerData } from "node:worker_threads";
import type { ARValue } from "../ar.ts";
import type { DiagnosisLine, Mechanism, PluginContext, PluginDefinition } from "../contract.ts";
import { admitLog } from "./log-cap.ts";
import { manifestOf } from "./manifest.ts";
import type { CallMessage, FromWorker, LogLevel, PluginPart, ToWorker, Verb, Verbs } from "./protocol.ts";
import { sayCause } from "./say-cause.ts";
import { isTooHeavy } from "./weigh.ts";

const { moduleUrl } = workerData as { moduleUrl: string };
/** The host reads an answer in one go; while it does, nobody else is served. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
const MAX_LOG_BYTES = 64 * 1024;
const MAX_SENTENCE = 1_024;
/** V8's own, which is not for the plug-in. */
const collectGarbage = globalThis.gc;
Reflect.deleteProperty(globalThis, "gc");
/** Node has read it by now; the plug-in finds an empty environment. */
delete process.env.NODE_COMPILE_CACHE;

const say = (message: FromWorker): void => parentPort?.postMessage(message);
const running = new Map<number, AbortController>();
let part: PluginPart = { settings: undefined, secrets: undefined };
let proxy: PluginContext["proxy"] = {};

const cap = admitLog(() => performance.now());
function log(level: LogLevel, fields: Record<string, unknown>, sentence: string): void {
  const admitted = cap();
  if (admitted === "dropped") return;
  const extra = admitted.dropped > 0 ? { droppedLines: admitted.dropped } : {};
  const line = { type: "log", level, sentence: String(sentence).slice(0, MAX_SENTENCE) } as const;
  try {
    const shown = isTooHeavy(fields, MAX_LOG_BYTES) ? { leftOut: `fields of more than ${MAX_LOG_BYTES / 1024} KB` } : fields;
    say({ ...line, fields: { ...shown, ...extra } });
  } catch (cause) {
    // A plug-in may log what cannot be cloned (a function, a socket); the sentence still tells something.
    say({ ...line, fields: { unclonable: sayCause(cause), ...extra } });
  }
}

type Reported = { offsetMs: number; serverDate: string };
function contextOf(call: CallMessage, signal: AbortSignal, reported: { clock?: Reported }): PluginContext {
  const receivedAt = performance.now();
  const passed = () => performance.now() - receivedAt;
  return {
    ...part,
    proxy,
    signal,
    // Not performance.now(): that begins with each thread.
    mayBegin: () => call.untilMs === undefined || Number(process.hrtime.bigint()) / 1e6 < call.untilMs,
    log: {
      debug: (fields, sentence) => log("debug", fields, sentence),
      info: (fields, sentence) => log("info", fields, sentence),
      warn: (fields, sentence) => log("warn", fields, sentence),
      error: (fields, sentence) => log("error", fields, sentence),
    },
    clock: {
      now: () => (reported.clock ? call.wall + passed() + reported.clock.offsetMs : call.now + passed()),
      wall: () => call.wall + passed(),
      report: (offsetMs, serverDate) => {
        reported.clock = { offsetMs, serverDate };
      },
    },
    ...(call.user !== undefined && { user: call.user }),
    ...(call.account && { account: call.account }),
    failingElsewhere: call.failingElsewhere ?? [],
  };
}

type Tell = (line: DiagnosisLine) => void;
type Handlers = { [V in Verb]: (request: Verbs[V][0], context: PluginContext, tell: Tell) => unknown };

function handlersOf(plugin: PluginDefinition): Handlers {
  const mechanism = (): Mechanism => {
    if (!plugin.mechanism) throw new Error("this plug-in serves no notification mechanism");
    return plugin.mechanism;
  };
  return {
    initialize: (request, context) => {
      part = { settings: request.settings, secrets: request.secrets };
      proxy = request.proxy;
      return plugin.initialize?.({ ...context, ...part, proxy });
    },
    configure: (request, context) => {
      part = { settings: request.settings, secrets: request.secrets };
      return plugin.onEvent?.(request.event, { ...context, ...part });
    },
    terminate: (_request, context) => plugin.terminate?.(context),
    filter: async (request, context) => answerOf(await filterOf(plugin, request.name)(request.inValues, context)),
    authorize: (request, context) => mechanism().authorize?.(request, context),
    confirm: (request, context) => mechanism().confirm?.(request, context),
    compose: (request, context) => mechanism().compose(request, context),
    deliver: (request, context) => mechanism().deliver(request, context),
    lookUp: (request, context) => mechanism().lookUp(request, context),
    probe: (_request, context) => mechanism().probe(context),
    diagnose: async (request, context, tell) => {
      const lines = await plugin.diagnose?.(request, context);
      if (lines) for await (const line of lines) tell(line);
    },
    tryCredentials: (request, context) => plugin.tryCredentials?.(request, context),
  };
}

function filterOf(plugin: PluginDefinition, name: string) {
  const filter = plugin.filters?.[name];
  if (!filter) throw new Error(`no filter ${name}`);
  return typeof filter === "function" ? filter : filter.call;
}

/** A filter may answer the values themselves or an Answer. */
const answerOf = (result: unknown): unknown => (Array.isArray(result) ? { ok: true, value: result satisfies ARValue[] } : result);

async function answer(handlers: Handlers, call: CallMessage): Promise<void> {
  const abort = new AbortController();
  running.set(call.id, abort);
  const reported: { clock?: Reported } = {};
  try {
    const handle = handlers[call.verb] as (request: unknown, context: PluginContext, tell: Tell) => unknown;
    const tell: Tell = (line) => say({ type: "line", id: call.id, line });
    const value = (await handle(call.request, contextOf(call, abort.signal, reported), tell)) ?? null;
    if (isTooHeavy(value, MAX_ANSWER_BYTES)) throw new Error(`it answered with more than ${MAX_ANSWER_BYTES / 1024 / 1024} MB`);
    say({ type: "reply", id: call.id, ok: true, value, ...reported });
  } catch (cause) {
    say({ type: "reply", id: call.id, ok: false, message: sayCause(cause), ...reported });
  } finally {
    running.delete(call.id);
  }
}

function collect(): void {
  collectGarbage?.();
  say({ type: "collected" });
}

async function load(): Promise<void> {
  const loaded = (await import(moduleUrl)) as { default?: unknown };
  const described = manifestOf(loaded.default);
  if (!described.ok) {
    say({ type: "load-failed", cause: described.cause });
    return;
  }
  const handlers = handlersOf(described.plugin);
  parentPort?.on("message", (message: ToWorker) => {
    if (message.type === "ping") say({ type: "pong", id: message.id });
    else if (message.type === "collect") collect();
    else if (message.type === "abort") running.get(message.id)?.abort(new Error("the call passed its time-out"));
    else void answer(handlers, message);
  });
  say({ type: "loaded", manifest: described.manifest });
}

load().catch((cause: unknown) => say({ type: "load-failed", cause: sayCause(cause) }));
