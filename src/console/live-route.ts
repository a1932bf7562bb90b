/** Server-sent events (HTML, section 9.2) for a page that is alive. */
import { setTimeout } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import type { Asked } from "./asked.ts";
import type { Page } from "./page.ts";
import type { PageParts, Request } from "./page-routes.ts";

const LOOK_MS = 2_000;
/** A proxy ends what says nothing for long; usually after 60 s. In looks. */
const SAY_SOMETHING_EVERY = 8;
/** Bytes. */
const MAX_UNREAD = 1024 * 1024;
/** Each looks at the store by itself. */
const MAX_STREAMS = 100;

/** `visit`: undefined once nobody is logged in any more; `use` says whether it counts as being there. */
type Visit = (request: Request, use: boolean) => Asked | undefined;

export function addLiveRoute(app: FastifyInstance, live: NonNullable<Page["live"]>, { log, reference }: PageParts, visit: Visit): void {
  const open = new Set<AbortController>();
  // Else each open page would hold up the end of the host.
  app.addHook("preClose", (done) => {
    for (const stream of open) stream.abort();
    done();
  });

  // No HEAD: Fastify would answer it with the same handler, and hold it open.
  app.get(live.path, { exposeHeadRoute: false }, (request: Request, reply) => {
    // No 403: a browser tells no script of it, and the page could not lead to the log-in.
    if (!visit(request, false)) return reply.type("text/event-stream").send(eventOf("ended", "log in first"));
    if (open.size >= MAX_STREAMS) return reply.code(503).type("text/plain; charset=utf-8").send("Too many pages are open.");
    const stream = new AbortController();
    open.add(stream);
    reply.hijack();
    // A connection that is kept after the stream would be idle, and nobody would end it while the host stops.
    const own = { "content-type": "text/event-stream", "x-accel-buffering": "no", connection: "close" };
    reply.raw.writeHead(200, { ...textHeaders(reply.getHeaders()), ...own });
    reply.raw.once("close", () => stream.abort());
    const say = (event: string, data: string): void => {
      // Whoever does not read must not fill the memory; his browser asks anew.
      if (reply.raw.writableLength > MAX_UNREAD) stream.abort();
      else if (!reply.raw.destroyed) reply.raw.write(eventOf(event, data));
    };
    void follow(() => visit(request, false), live, say, stream.signal)
      .catch((err: unknown) => log.error({ err, path: live.path, reference: reference() }, "A request failed unexpectedly"))
      .finally(() => {
        open.delete(stream);
        reply.raw.end();
      });
    return reply;
  });
}

const eventOf = (event: string, data: string): string => `event: ${event}\ndata: ${data}\n\n`;

const textHeaders = (headers: Readonly<Record<string, number | string | string[] | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));

/** Sends what has changed since the last look, until the page is closed or its session has ended. */
async function follow(
  visit: () => Asked | undefined,
  { parts }: NonNullable<Page["live"]>,
  say: (event: string, data: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let sent: Readonly<Record<string, string>> = {};
  for (let look = 0; !signal.aborted; look += 1) {
    const asked = visit();
    if (!asked) return say("ended", "the session has ended");
    const looked = await parts(asked);
    const now = looked.ok ? textsOf(looked.value) : sent;
    const changed = Object.fromEntries(Object.entries(now).filter(([id, text]) => sent[id] !== text));
    sent = now;
    if (signal.aborted) return;
    if (Object.keys(changed).length > 0) say("parts", JSON.stringify(changed));
    else if (look % SAY_SOMETHING_EVERY === 0) say("still", "here");
    await pause(LOOK_MS, signal);
  }
}

const textsOf = (parts: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(Object.entries(parts).map(([id, part]) => [id, String(part)]));

/** Ends early, and without complaint, when the page is closed. */
const pause = (ms: number, signal: AbortSignal): Promise<void> => setTimeout(ms, undefined, { signal }).catch(() => {});
