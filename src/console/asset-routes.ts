import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { FastifyInstance } from "fastify";

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
];
/** Modules; each does nothing on a page that has nothing for it. */
export const SCRIPTS: readonly string[] = ["console.js", "compose.js", "logs.js", "combobox.js"];

/** A list, so that no path ever reaches the file system. */
const ASSETS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(STYLES.map((name) => [name, "text/css; charset=utf-8"])),
  ...Object.fromEntries(SCRIPTS.map((name) => [name, "text/javascript; charset=utf-8"])),
  // What some of these share.
  "stream.js": "text/javascript; charset=utf-8",
  "perch.svg": "image/svg+xml",
};

/** Open to everybody: the log-in page needs them, and they say nothing. */
export function addAssetRoutes(app: FastifyInstance): void {
  for (const [name, type] of Object.entries(ASSETS)) addAsset(app, name, type);
}

function addAsset(app: FastifyInstance, name: string, type: string): void {
  // Read when first asked for, so that a start does not pay for it.
  let read: { body: Buffer; tag: string } | undefined;
  app.get(`/console/assets/${name}`, (request, reply) => {
    read ??= readAsset(name);
    // Asked for again each time, so that no page comes with the style of another version.
    reply.header("cache-control", "no-cache").header("etag", read.tag);
    if (request.headers["if-none-match"] === read.tag) return reply.code(304).send();
    return reply.type(type).send(read.body);
  });
}

function readAsset(name: string): { body: Buffer; tag: string } {
  const body = readFileSync(new URL(`./assets/${name}`, import.meta.url));
  return { body, tag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"` };
}
