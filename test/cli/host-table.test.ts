import t from "tap";
import { differences } from "../../src/host-differences.ts";
import type { HostReport } from "../../src/host-report.ts";
import { hostStatus, lane } from "./recorded.ts";
import { stage } from "./stage.ts";

process.env.TZ = "UTC";
const [one] = hostStatus.hosts as [HostReport];
const host = (more: Partial<HostReport>): HostReport => ({ ...one, self: false, name: "desk-2", url: "http://desk-2:9999", ...more });

t.test("hosts that agree need no word", async (t) => {
  t.strictSame(differences([one, host({ aheadSeconds: 2 })]), []);
  t.strictSame(differences([one]), []);
});

t.test("clocks apart, versions that differ, and a key that not every host knows are told", async (t) => {
  const other = host({ aheadSeconds: 1.5, version: "0.2.0", keys: ["new", "test"] });
  t.strictSame(differences([{ ...one, aheadSeconds: -1 }, other, host({ name: "desk-3" })]), [
    "The clocks of desk-1 and desk-2 are 2.5 s apart: synchronise them (NTP).",
    "Hosts are of different versions: 0.1.0 on desk-1, desk-3; 0.2.0 on desk-2. Finish the upgrade.",
    "The vault's key new is not known to desk-1, desk-3: add it to vault.keys there, or drop it everywhere.",
  ]);
});

const group = {
  ...hostStatus,
  hosts: [one, host({ aheadSeconds: -3.2, lanes: ["ITSM_Notify"], clocks: { twitter: 12 }, keys: ["new"] })],
  lanes: [{ ...lane, host: "desk-2" }],
};

t.test("the status shows a group as a table, and who works each lane; one host alone is none", async (t) => {
  const { run } = await stage(t, { "server.status": group });
  const { out, status } = await run(["status"]);
  t.equal(status, 0);
  t.match(out, "desk-1 (asked)\t0.1.0\t2 h 10 min\t0.4 s ago\tright\t\ttest\thttp://desk-1:9999\t\n");
  t.match(out, "desk-2\t0.1.0\t2 h 10 min\t0.4 s ago\t3.2 s slow\ttwitter 12 s slow\tnew\thttp://desk-2:9999\tITSM_Notify\n");
  t.match(out, /ACCOUNT\tSTATE\tQUEUED\tPLUG-IN\tHOST\t/);
  const onTerminal = await run(["status"], { terminal: true });
  t.match(onTerminal.out, "The clocks of desk-2 and desk-1 are 3.2 s apart");
  const alone = await (await stage(t, { "server.status": hostStatus })).run(["status"]);
  t.notMatch(alone.out, "(asked)");
  t.notMatch(alone.out, "\tHOST\t");
});
