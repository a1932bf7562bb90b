import t from "tap";
import { acts, REGISTRATION_ID } from "../recorded.ts";
import { runOn, stage } from "../stage.ts";

const PAGES: Readonly<Record<string, object>> = { first: { entries: acts.slice(0, 1), cursor: "7" }, "7": { entries: acts.slice(1) } };
const answers = { "audit.list": ({ cursor = "first" }: Record<string, unknown>) => PAGES[String(cursor)] };

t.test("a pipe gets a line of fields for each act, a person a table and how to go on", async (t) => {
  const { run, calls } = await stage(t, answers);
  const plain = await run(["audit"]);
  t.strictSame(plain.out.split("\n").slice(0, 2), [
    "AT\tWHO\tFROM\tMETHOD\tTARGET\tOUTCOME\tDETAIL",
    "2026-11-24T11:59:55.000Z\t=cmd|' /C calc'!A0\t198.51.100.9\tlogin\t\trefused bad-password (ARERR 8761)\tcause=wrong passwords",
  ]);
  t.same(calls.at(-1)?.params, {});
  const person = await run(["audit"], { terminal: true });
  t.match(person, { status: 0, out: /login/, err: /There are more: --cursor 7, or --all\./ });
  await run(["audit", "-w", "ops", "-m", "lanes.pause", "--since", "2h", "--until", "2026-11-24T11:00:00Z", "-n", "5", "--cursor", "7"]);
  t.same(calls.at(-1)?.params, {
    client: "ops",
    method: "lanes.pause",
    since: "2026-11-24T10:00:00.000Z",
    until: "2026-11-24T11:00:00.000Z",
    limit: 5,
    cursor: "7",
  });
});

t.test("--all follows the cursor to the end, in whichever form", async (t) => {
  const { run, calls } = await stage(t, answers);
  const json = await run(["audit", "--all", "--json"]);
  t.same(
    json.out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line)),
    acts,
  );
  t.equal(calls.length, 2);
  t.same(calls[1]?.params, { limit: 1000, cursor: "7" });
  const csv = await run(["audit", "--all", "--csv"]);
  t.strictSame(csv.out.split("\r\n"), [
    "id,at,client,role,address,method,target,outcome,arerr,reason,detail",
    `${acts[0]!.id},2026-11-24T11:59:55.000Z,"'=cmd|' /C calc'!A0",,198.51.100.9,login,,refused,8761,bad-password,"{""cause"":""wrong passwords""}"`,
    `${acts[1]!.id},2026-11-24T11:59:00.000Z,admin,admin,192.0.2.1 CN=desk,registrations.update,${REGISTRATION_ID},done,,,"{""status"":""Enabled"",""functionalUser"":""Allen \\""Al\\"" Allbrook""}"`,
    "",
  ]);
  t.equal((await run(["audit", "--all"])).out.split("\n").length, 4, "a head and two lines");
});

t.test("nothing on record, a refusal and a wrong use say so", async (t) => {
  const empty = await stage(t, { "audit.list": { entries: [] } });
  t.match(await empty.run(["audit"], { terminal: true }), { status: 0, out: "Nothing is on record.\n" });
  t.match(await empty.run(["audit", "--json"]), { status: 0, out: "" });
  t.match(await empty.run(["audit", "--json", "--csv"]), { status: 2, err: /--json or --csv, not both/ });
  t.match(await empty.run(["audit", "--all", "-n", "3"]), { status: 2, err: /--all or --limit, not both/ });
  const denied = { error: { code: 8753, message: "Error in plugin : audit.list needs the role admin (ARERR 8753)" } };
  const refusing = await stage(t, { "audit.list": denied });
  for (const argv of [["audit"], ["audit", "--all"], ["audit", "--csv"]])
    t.match(await refusing.run(argv), { status: 1, err: /needs the role admin/ });
  t.match(await runOn(["audit"], empty.folder, { machine: { socketOf: async () => ({ ok: true, socket: "/nowhere.sock" }) } }), {
    status: 1,
    err: /8760/,
  });
});
