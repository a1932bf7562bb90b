/** A door with nothing but the console, whose clocks a test may turn by hand. */
import type { Test } from "tap";
import { addConsoleRoutes, type ConsoleParts } from "../../src/console/console.ts";
import type { Door } from "../../src/rpc/door.ts";
import { testDoor } from "../rpc/test-door.ts";

const OPS = { name: "ops", role: "operator", password: "o-pass" } as const;

type Options = Parameters<typeof testDoor>[1] & Partial<Pick<ConsoleParts, "clients" | "monotonic" | "now">>;

export async function openConsoleDoor(t: Test, options: Options = {}): Promise<Door> {
  const { clients = () => [OPS], monotonic = () => 0, now = Date.now, ...own } = options;
  const { door } = await testDoor(t, {
    ...own,
    clients,
    addRoutes: (app, parts) => addConsoleRoutes(app, { ...parts, clients, monotonic, now, limits: () => [] }),
  });
  return door;
}
