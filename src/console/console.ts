/** The console: what operators and administrators see in a browser. Routes from the table of pages. */
import type { IncomingMessage } from "node:http";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { DoorParts } from "../rpc/door.ts";
import { readBody } from "../rpc/read-body.ts";
import type { Limit } from "./asked.ts";
import { addAssetRoutes } from "./asset-routes.ts";
import { addLogInRoutes, sessionIdOf } from "./log-in.ts";
import { addPageHeaders, refusalPages } from "./page-headers.ts";
import { addPageRoutes } from "./page-routes.ts";
import { PAGES } from "./pages.ts";
import { type Holder, openSessions } from "./sessions.ts";

export type ConsoleParts = DoorParts & {
  clients: () => readonly Holder[];
  /** Monotonic milliseconds, for what ends a session. */
  monotonic: () => number;
  /** Milliseconds since 1970, corrected: for what pages say. */
  now: () => number;
  limits: () => readonly Limit[];
};

/** Of a stranger, who sends a name and a password. Bytes. */
const MAX_LOG_IN = 65_536;
/** Of somebody who is logged in: the longest text of a notification, where a character takes up to nine. Bytes. */
const MAX_FORM = 1_048_576;

export function addConsoleRoutes(app: FastifyInstance, parts: ConsoleParts): void {
  const sessions = openSessions({ clients: parts.clients, now: parts.monotonic });
  parts.refusals.set("/console", refusalPages);
  // In a scope of its own: its parsers and headers are for pages only.
  app.register((scope, _options, registered) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("application/x-www-form-urlencoded", async (request: FastifyRequest, payload: IncomingMessage) => {
      const id = sessionIdOf(request);
      const most = id !== undefined && sessions.find(id, { use: false }) ? MAX_FORM : MAX_LOG_IN;
      return new URLSearchParams((await readBody(payload, most)).toString("utf8"));
    });
    addPageHeaders(scope);
    addAssetRoutes(scope);
    addLogInRoutes(scope, { ...parts, sessions });
    addPageRoutes(scope, { ...parts, sessions, pages: PAGES });
    registered();
  });
}
