/** A door with the console whose clock a test turns by hand. */
import t from "tap";
import { addConsoleRoutes } from "../../src/console/console.ts";
import { testDoor } from "../rpc/test-door.ts";

const OPS = { name: "ops", role: "operator", password: "o-pass" } as const;

t.test("whoever was away for half an hour logs in again, and what he sends then does nothing", async (t) => {
  let now = 0;
  const { door } = await testDoor(t, {
    clients: () => [OPS],
    addRoutes: (app, parts) =>
      addConsoleRoutes(app, { ...parts, clients: () => [OPS], monotonic: () => now, now: Date.now, limits: () => [] }),
  });
  const form = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
    ({ method: "POST", redirect: "manual", body: new URLSearchParams(fields), headers: { origin: door.url, ...headers } }) as const;
  const came = await fetch(`${door.url}/console/log-in`, form({ name: "ops", password: "o-pass" }));
  const cookie = came.headers.get("set-cookie")!.split(";", 1)[0]!;
  const look = () => fetch(`${door.url}/console/lanes`, { headers: { cookie }, redirect: "manual" });
  now += 29 * 60_000;
  const page = await look();
  t.equal(page.status, 200);
  const csrf = /name="csrf" value="([^"]+)"/.exec(await page.text())![1]!;
  now += 30 * 60_000;
  const late = await fetch(`${door.url}/console/lanes/pause`, form({ csrf, accountName: "ITSM_Notify" }, { cookie }));
  t.equal(late.status, 303);
  t.equal(late.headers.get("location"), "/console/log-in?next=%2Fconsole%2Flanes");
  t.equal((await look()).status, 303);
});
