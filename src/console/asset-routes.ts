import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { FastifyInstance } from "fastify";
import { LIBRARY } from "./chart-library.ts";

const CSS = "text/css; charset=utf-8";
const JAVASCRIPT = "text/javascript; charset=utf-8";
/** In the order in which a page takes them. */
export const STYLES: readonly string[] = [
  "base.css",
  "frame.css",
  "parts.css",
  "tables.css",
  "forms.css",
  "compose.css",
  "logs.css",
  "registrations.css",
  "charts.css",
];
/** Modules; each does nothing on a page that has nothing for it. */
export const SCRIPTS: readonly string[] = ["console.js", "compose.js", "logs.js", "combobox.js", "authorize.js", "charts.js"];

/** A list, so that no path ever reaches the file system. */
const ASSETS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(STYLES.map((name) => [name, CSS])),
  ...Object.fromEntries(SCRIPTS.map((name) => [name, JAVASCRIPT])),
  // What some of these share.
  "stream.js": JAVASCRIPT,
  "perch.svg": "image/svg+xml",
};

const YEAR_SECONDS = 31_536_000;

/** Open to everybody: the log-in page needs them, and they say nothing. */
export function addAssetRoutes(app: FastifyInstance): void {
  // Asked for again each time, so that no page comes with the style of another version.
  for (const [name, type] of Object.entries(ASSETS))
    addAsset(app, { name, type, caching: "no-cache", place: () => new URL(`./assets/${name}`, import.meta.url) });
  for (const [name, place] of Object.entries(LIBRARY)) {
    const type = name.endsWith(".css") ? CSS : JAVASCRIPT;
    addAsset(app, { name, type, caching: `public, max-age=${YEAR_SECONDS}, immutable`, place: () => new URL(place()) });
  }
}

type Asset = { name: string; type: string; caching: string; place(): URL };

function addAsset(app: FastifyInstance, { name, type, caching, place }: Asset): void {
  // Read when first asked for, so that a start does not pay for it.
  let read: { body: Buffer; tag: string } | undefined;
  app.get(`/console/assets/${name}`, (request, reply) => {
    read ??= readAsset(place());
    reply.header("cache-control", caching).header("etag", read.tag);
    if (request.headers["if-none-match"] === read.tag) return reply.code(304).send();
    return reply.type(type).send(read.body);
  });
}

function readAsset(place: URL): { body: Buffer; tag: string } {
  const body = readFileSync(place);
  return { body, tag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"` };
}
