/** Server-sent events (HTML, section 9.2): who may have a stream, and how it ends. What is sent, its page says. */
import { setTimeout } from "node:timers/promises";
import type { FastifyInstance, FastifyReply } from "fastify";
import type { Asked } from "./asked.ts";
import type { PageParts, Request } from "./page-routes.ts";

/** Bytes that a browser has not read: then nothing is added to them for now; and at so many its stream ends. */
const MUCH_UNREAD = 64 * 1024;
const MAX_UNREAD = 1024 * 1024;
/** Of one page: each looks at the host by itself. */
const MAX_STREAMS = 100;
/** A proxy ends what says nothing for long; usually after 60 s. */
const SAY_SOMETHING_MS = 16_000;

/** Undefined once nobody is logged in any more; does not count as being there. */
type Visit = (request: Request) => Asked | undefined;
/** `id`: what a browser that lost the stream says that it had last. */
type Say = (event: string, data: unknown, id?: string) => void;
/** One look, which says what is new. Nothing may be kept of `asked`. */
export type Look = (asked: Asked, say: Say) => Promise<void>;
export type Stream = {
  path: string;
  everyMs: number;
  /** `lastId`: what the browser had last, if it had a stream before. */
  begin(lastId: string | undefined): Look;
};

export function addStreamRoute(app: FastifyInstance, stream: Stream, { log, reference }: PageParts, visit: Visit): void {
  const { path } = stream;
  const open = new Set<AbortController>();
  // Else each open page would hold up the end of the host.
  app.addHook("preClose", (done) => {
    for (const one of open) one.abort();
    done();
  });

  // No HEAD: Fastify would answer it with the same handler, and hold it open.
  app.get(path, { exposeHeadRoute: false }, (request: Request, reply) => {
    // No 403: a browser tells no script of it, and the page could not lead to the log-in.
    if (!visit(request)) return reply.type("text/event-stream").send(eventOf("ended", "log in first"));
    if (open.size >= MAX_STREAMS) return reply.code(503).type("text/plain; charset=utf-8").send("Too many pages are open.");
    const end = new AbortController();
    open.add(end);
    begin(reply);
    reply.raw.once("close", () => end.abort());
    const lastId = request.headers["last-event-id"];
    const look = stream.begin(typeof lastId === "string" ? lastId : undefined);
    void follow({ visit: () => visit(request), look, everyMs: stream.everyMs, reply, end })
      .catch((err: unknown) => log.error({ err, path, reference: reference() }, "A request failed unexpectedly"))
      .finally(() => {
        open.delete(end);
        reply.raw.end();
      });
    return reply;
  });
}

function begin(reply: FastifyReply): void {
  reply.hijack();
  // A connection that is kept after the stream would be idle, and nobody would end it while the host stops.
  const own = { "content-type": "text/event-stream", "x-accel-buffering": "no", connection: "close" };
  const headers = Object.entries(reply.getHeaders()).map(([name, value]) => [name, String(value)]);
  reply.raw.writeHead(200, { ...Object.fromEntries(headers), ...own });
}

type Following = { visit: () => Asked | undefined; look: Look; everyMs: number; reply: FastifyReply; end: AbortController };

/** Looks until the page is closed or its session has ended. */
async function follow({ visit, look, everyMs, reply: { raw }, end }: Following): Promise<void> {
  const { signal } = end;
  let quiet = Number.POSITIVE_INFINITY;
  const write = (text: string): void => {
    // Whoever does not read must not fill the memory; his browser asks anew.
    if (raw.writableLength > MAX_UNREAD) end.abort();
    else if (!raw.destroyed) raw.write(text);
    quiet = 0;
  };
  for (; !signal.aborted; quiet += everyMs) {
    const asked = visit();
    if (!asked) return write(eventOf("ended", "the session has ended"));
    const isBehind = raw.writableLength > MUCH_UNREAD;
    if (!isBehind) await look(asked, (event, data, id) => signal.aborted || write(eventOf(event, JSON.stringify(data), id)));
    if (quiet >= SAY_SOMETHING_MS && !signal.aborted) write(eventOf("still", "here"));
    await pause(everyMs, signal);
  }
}

const eventOf = (event: string, data: string, id?: string): string =>
  `event: ${event}\n${id === undefined ? "" : `id: ${id}\n`}data: ${data}\n\n`;

/** Ends early, and without complaint, when the page is closed. */
const pause = (ms: number, signal: AbortSignal): Promise<void> => setTimeout(ms, undefined, { signal }).catch(() => {});
