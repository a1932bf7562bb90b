/** A real door on loopback, with three clients. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Host } from "../../src/host/verbs.ts";
import { addRestRoutes } from "../../src/rest/add-rest-routes.ts";
import { type Door, type DoorOptions, openDoor } from "../../src/rpc/door.ts";
import { testHost } from "./test-host.ts";

export const basic = (name: string, password: string): string => `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`;
export const ADMIN = { authorization: basic("admin", "a-pass"), "content-type": "application/json" };

const TOKEN_KEY = Buffer.alloc(32, 9);

export type Logged = { level: string; fields: Record<string, unknown>; sentence: string };
export type TestDoor = {
  door: Door;
  logged: Logged[];
  post: (body: string | Buffer, headers?: Record<string, string>) => Promise<Response>;
};

type Teardown = { teardown(task: () => void | Promise<void>): void };

export async function testDoor(t: Teardown, options: Partial<DoorOptions> & { host?: Host } = {}): Promise<TestDoor> {
  const logged: Logged[] = [];
  const level = (name: string) => (fields: Record<string, unknown>, sentence: string) =>
    void logged.push({ level: name, fields, sentence });
  const folder = mkdtempSync(join(tmpdir(), "perch-"));
  const door = await openDoor({
    host: testHost().host,
    clients: () => [
      { name: "ar-server", role: "workflow", password: "w-pass" },
      { name: "ops", role: "operator", password: "o-pass" },
      { name: "admin", role: "admin", password: "a-pass" },
    ],
    verify: async (password, stored) => password === stored,
    tokenKeys: () => [TOKEN_KEY],
    wall: Date.now,
    log: { debug: level("debug"), info: level("info"), warn: level("warn"), error: level("error") },
    addRoutes: (app, parts) => addRestRoutes(app, parts, () => door.url),
    listen: { host: "127.0.0.1", port: 0, socket: join(folder, "perch.sock") },
    ...options,
  });
  t.teardown(async () => {
    await door.close();
    rmSync(folder, { recursive: true });
  });
  const post = (body: string | Buffer, headers: Record<string, string> = ADMIN) =>
    fetch(`${door.url}/rpc`, { method: "POST", body: typeof body === "string" ? body : new Uint8Array(body), headers });
  return { door, logged, post };
}

export const request = (method: string, params?: unknown, id: unknown = 1): string =>
  JSON.stringify({ jsonrpc: "2.0", id, method, params });
