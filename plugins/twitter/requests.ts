/**
 * HTTP to X: one request, and as a value what became of it.
 *
 * What matters most is whether a lost request may have reached X, since a post that did must not be sent again before
 * it was looked for. undici calls `onRequestStart` once it has a connection (through the proxy, TLS done) and right
 * before it writes the first byte; a request that ends before that has certainly not left.
 */
import { readFileSync } from "node:fs";
import { getCACertificates } from "node:tls";
import type { Dispatcher } from "undici";
import type { PluginClock, PluginContext } from "../../src/contract.ts";
import { measure } from "./clock.ts";
import { loadPool, loadProxyAgents } from "./dispatchers.ts";
import type { CompleteSettings } from "./settings.ts";

export type OutgoingRequest = {
  method: "GET" | "POST";
  url: string;
  headers: Record<string, string>;
  body?: string;
  /** The `oauth_timestamp` in it, seconds. */
  signedTimestamp: number;
};

/** An answer that came whole. Moments are `clock.wall()` in ms, of the first byte out and of the head in. */
export type Answered = {
  kind: "answer";
  status: number;
  /** Names in lower case; of a header that came twice the first. */
  headers: Readonly<Record<string, string>>;
  /** The JSON value of the body; undefined where it is none. */
  body: unknown;
  text: string;
  sentAt: number;
  receivedAt: number;
  signedTimestamp: number;
};
/** No whole answer. `sent` is false only when no byte of the request can have reached X. */
export type Lost = { kind: "lost"; sent: boolean; cause: string };
export type Exchange = Answered | Lost;

export type RequestContext = { clock: PluginClock; signal: AbortSignal; mayBegin?(): boolean };

export type Connections = {
  /** Where requests go, for people: host and proxy, without the proxy's user and password. */
  readonly target: string;
  /** Never rejects. Reports the clock on every answer that tells it. */
  send(request: OutgoingRequest, context: RequestContext): Promise<Exchange>;
  /** Lets what is in flight end, then closes. */
  close(): Promise<void>;
};

export type ConnectionSettings = Pick<CompleteSettings, "apiBaseUrl" | "proxy" | "caFile" | "requestTimeoutSeconds">;

/** X's answers have a few kilobytes, a page of a time line some hundred. */
const MAX_BODY_BYTES = 1024 * 1024;
const MAX_CONNECTIONS = 256;
/** Twitter4J waits 20 s to connect; 10 s leaves the rest of the time-out to the answer. */
const MAX_CONNECT_MS = 10_000;

/** Throws when `caFile` can't be read. */
export function openConnections(settings: ConnectionSettings, proxy: PluginContext["proxy"]): Connections {
  const dispatcher = openDispatcher(settings, proxy);
  const timeoutMs = settings.requestTimeoutSeconds * 1000;
  const inFlight = new Set<Promise<Exchange>>();
  return {
    target: describeTarget(settings, proxy),
    async send(request, context) {
      const sending = dispatch(dispatcher, request, context, timeoutMs);
      inFlight.add(sending);
      const exchange = await sending;
      inFlight.delete(sending);
      const measured = exchange.kind === "answer" ? measure(exchange) : undefined;
      if (measured) context.clock.report(measured.offsetMs, measured.serverDate);
      return exchange;
    },
    async close() {
      await Promise.all(inFlight);
      // Not undici's own close: that also waits for connections that nobody waits for any more.
      await dispatcher.destroy();
    },
  };
}

function openDispatcher(settings: ConnectionSettings, proxy: PluginContext["proxy"]): Dispatcher {
  const ca = trusted(settings.caFile);
  // HTTP/1.1 only: with one request on a connection, "not begun" and "not sent" are the same.
  const tls = {
    allowH2: false,
    timeout: Math.min(MAX_CONNECT_MS, settings.requestTimeoutSeconds * 1000),
    ...(ca && { ca }),
  };
  const Pool = loadPool();
  const common = { allowH2: false, connections: MAX_CONNECTIONS, connect: tls };
  if (settings.proxy === undefined && !proxy.httpsProxy) return new Pool(new URL(settings.apiBaseUrl).origin, common);
  const tunnel = {
    ...common,
    connectTimeout: tls.timeout,
    requestTls: tls,
    proxyTls: tls,
    // Also for http: a proxy that refuses a tunnel has not seen the request.
    proxyTunnel: true,
    // Or a proxy that says nothing would be waited for for undici's five minutes.
    clientFactory: (origin: URL, given: object) => new Pool(origin, { ...given, headersTimeout: tls.timeout }),
  };
  const { ProxyAgent, EnvHttpProxyAgent } = loadProxyAgents();
  if (settings.proxy !== undefined) return new ProxyAgent({ ...tunnel, uri: settings.proxy });
  // httpProxy is given empty, or undici would look for it in the environment.
  return new EnvHttpProxyAgent({ ...tunnel, httpProxy: "", httpsProxy: proxy.httpsProxy ?? "", noProxy: proxy.noProxy ?? "" });
}

function describeTarget({ apiBaseUrl, proxy: own }: ConnectionSettings, proxy: PluginContext["proxy"]): string {
  const host = new URL(apiBaseUrl).host;
  const proxyUrl = URL.parse(own ?? proxy.httpsProxy ?? "");
  if (proxyUrl === null) return host;
  return own === undefined ? `${host} (HTTPS_PROXY is ${proxyUrl.host})` : `${host} through the proxy ${proxyUrl.host}`;
}

/** The usual authorities and those of a caFile; undefined where the usual ones are all. Throws when it can't be read. */
export const trusted = (caFile: string | undefined): string[] | undefined =>
  caFile === undefined ? undefined : [...getCACertificates("default"), readAuthorities(caFile)];

function readAuthorities(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new Error(`caFile can't be read: ${explain(error)}. Correct the path, or let the host's user read it.`, { cause: error });
  }
}

const ABORTED = "The call was aborted";
const TOO_LARGE = `The answer is larger than ${MAX_BODY_BYTES} bytes`;

function dispatch(dispatcher: Dispatcher, request: OutgoingRequest, context: RequestContext, timeoutMs: number): Promise<Exchange> {
  const { origin, pathname, search } = new URL(request.url);
  if (context.signal.aborted) return Promise.resolve({ kind: "lost", sent: false, cause: ABORTED });
  return new Promise((resolve) => {
    const flight = new Flight(request.signedTimestamp, context, timeoutMs, resolve);
    try {
      dispatcher.dispatch(
        {
          origin,
          path: pathname + search,
          method: request.method,
          headers: request.headers,
          ...(request.body !== undefined && { body: request.body }),
          // The whole exchange has one time-out; undici's own two would only be coarser.
          headersTimeout: 0,
          bodyTimeout: 0,
        },
        flight,
      );
    } catch (error) {
      flight.onResponseError(undefined, error);
    }
  });
}

/** One request under way: collects its answer, and knows whether it began. */
class Flight implements Dispatcher.DispatchHandler {
  readonly #signedTimestamp: number;
  readonly #context: RequestContext;
  readonly #resolve: (exchange: Exchange) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #onAbort = () => this.#giveUp(isTimeOut(this.#context.signal) ? "No answer in time" : ABORTED);
  #controller: Dispatcher.DispatchController | undefined;
  #ended = false;
  #sentAt: number | undefined;
  #head: Pick<Answered, "status" | "headers" | "receivedAt"> | undefined;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(signedTimestamp: number, context: RequestContext, timeoutMs: number, resolve: (exchange: Exchange) => void) {
    this.#signedTimestamp = signedTimestamp;
    this.#context = context;
    this.#resolve = resolve;
    this.#timer = setTimeout(() => this.#giveUp(`No answer within ${timeoutMs / 1000} s`), timeoutMs);
    context.signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // Given up while it waited for a connection, or the lane is another host's by now: undici then writes nothing.
    if (this.#context.mayBegin?.() === false) this.#lose(ABORTED);
    if (this.#ended) controller.abort(new Error("given up"));
    else this.#sentAt = this.#context.clock.wall();
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: NodeJS.Dict<string | string[]>): void {
    // 103 Early Hints and the like come before the answer.
    if (status < 200) return;
    this.#head = { status, headers: flatten(headers), receivedAt: this.#context.clock.wall() };
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > MAX_BODY_BYTES) this.#giveUp(TOO_LARGE);
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (this.#head === undefined || this.#sentAt === undefined) {
      this.#lose("The answer has no head");
      return;
    }
    const text = Buffer.concat(this.#chunks).toString("utf8");
    const { status, headers, receivedAt } = this.#head;
    const signedTimestamp = this.#signedTimestamp;
    this.#end({ kind: "answer", status, headers, body: parse(text), text, sentAt: this.#sentAt, receivedAt, signedTimestamp });
  }

  onResponseError(_controller: unknown, error: unknown): void {
    this.#lose(explain(error));
  }

  #giveUp(cause: string): void {
    this.#lose(cause);
    this.#controller?.abort(new Error(cause));
  }

  #lose(cause: string): void {
    this.#end({ kind: "lost", sent: this.#sentAt !== undefined, cause });
  }

  #end(exchange: Exchange): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#context.signal.removeEventListener("abort", this.#onAbort);
    this.#resolve(exchange);
  }
}

/** `AbortSignal.timeout` aborts with an error of this name (DOM standard, 3.2). */
const isTimeOut = ({ reason }: AbortSignal): boolean => reason instanceof DOMException && reason.name === "TimeoutError";

function flatten(headers: NodeJS.Dict<string | string[]>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const first = Array.isArray(value) ? value[0] : value;
    if (first !== undefined) flat[name.toLowerCase()] = first;
  }
  return flat;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Node reports several addresses that all failed as an AggregateError without a message. */
function explain(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") return [...new Set(error.errors.map(explain))].join("; ");
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `: ${explain(error.cause)}` : "";
  return `${error.message}${cause}`;
}
