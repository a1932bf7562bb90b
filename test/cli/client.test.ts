import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import t from "tap";
import { hostStatus, lane, notRegistered } from "./recorded.ts";
import { machineOf, runOn, stage } from "./stage.ts";

t.test("over the Unix socket no name is given", async (t) => {
  const { run, calls } = await stage(t, { "server.status": hostStatus });
  t.match(await run(["status", "--json"]), { status: 0, err: "" });
  t.same(calls, [{ method: "server.status", params: {}, authorization: undefined }]);
});

t.test("over HTTP the client's name and $PERCH_PASSWORD go as Basic, in UTF-8", async (t) => {
  const { run, calls, url } = await stage(t, { "server.status": hostStatus });
  for (const address of [url, `${url}/`, `${url}/rpc`]) {
    const { status } = await run(["status", "--url", address, "--client", "ops"], { env: { PERCH_PASSWORD: "pä:ss" } });
    t.equal(status, 0);
  }
  t.same(new Set(calls.map(({ authorization }) => authorization)), new Set([`Basic ${Buffer.from("ops:pä:ss").toString("base64")}`]));
});

t.test("without $PERCH_PASSWORD a terminal is asked, and nothing shows", async (t) => {
  const { run, calls, url } = await stage(t, { "server.status": hostStatus });
  const { status, out, err } = await run(["status", "--url", url, "--client", "ops", "--json"], { typed: "geheim\n" });
  t.equal(status, 0);
  t.equal(err, "Password of ops: \n");
  t.notMatch(out, "geheim");
  t.equal(calls[0]?.authorization, `Basic ${Buffer.from("ops:geheim").toString("base64")}`);
});

t.test("options that all commands know may stand before the command", async (t) => {
  const { run, calls, url } = await stage(t, { "lanes.list": { lanes: [lane] } });
  const env = { PERCH_PASSWORD: "x" };
  t.equal((await run(["--url", url, "--client=ops", "--json", "lanes", "list"], { env })).status, 0);
  t.equal((await run(["lanes", "--url", url, "--client=ops", "--json", "list"], { env })).status, 0);
  t.equal(calls.filter(({ authorization }) => authorization !== undefined).length, 2);
});

t.test("the configuration is --config, else $PERCH_CONFIG, else config/perch.yaml, from where it was typed", async (t) => {
  const { run, socket } = await stage(t, { "server.status": hostStatus });
  const asked: string[] = [];
  const machine = {
    socketOf: async (file: string) => {
      asked.push(file);
      return { ok: true, socket } as const;
    },
  };
  await runOn(["status", "--config", "x/y.yaml"], "/srv", { machine, env: { PERCH_CONFIG: "/etc/z.yaml" } });
  await runOn(["status"], "/srv", { machine, env: { PERCH_CONFIG: "/etc/z.yaml" } });
  await run(["status"], { machine });
  await runOn(["status"], "/srv", { machine });
  t.same([asked[0], asked[1], asked[3]], ["/srv/x/y.yaml", "/etc/z.yaml", "/srv/config/perch.yaml"]);
});

t.test("a host that does not answer is 8760, with the place and what to do", async (t) => {
  const socket = "/tmp/perch-there-is-no-such.sock";
  const local = await runOn(["status"], "/", { machine: machineOf(socket) });
  t.equal(local.status, 1);
  t.ok(local.err.startsWith(`Cannot establish a network connection to the AR System Plug-In server : ${socket} (ARERR 8760)\n`), local.err);
  t.match(local.err, /ENOENT.*Start the host with `perch start`/s);

  const remote = await runOn(["status", "--url", "http://127.0.0.1:1", "--client", "ops"], "/", { env: { PERCH_PASSWORD: "geheim" } });
  t.equal(remote.status, 1);
  t.ok(remote.err.startsWith("Cannot establish a network connection to the AR System Plug-In server : 127.0.0.1:1 (ARERR 8760)\n"));
  t.match(remote.err, /ECONNREFUSED/);
  t.notMatch(remote.err, "geheim");
});

t.test("with --json it is the error object", async (t) => {
  const { status, out, err } = await runOn(["status", "--json"], "/", { machine: machineOf("/tmp/perch-there-is-no-such.sock") });
  t.same({ status, err }, { status: 1, err: "" });
  t.match(JSON.parse(out), { code: 8760, data: { reason: "no-connection", retryable: true, statusList: [{ messageNum: 8760 }] } });
});

t.test("an answer that is not Perch's is 8760 too", async (t) => {
  const server = createServer((_request, response) => response.writeHead(502, { "content-type": "text/html" }).end("<h1>Bad gateway</h1>"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { status, err } = await runOn(["status", "--url", url, "--client", "a"], "/", { env: { PERCH_PASSWORD: "b" } });
  t.equal(status, 1);
  t.match(err, /\(ARERR 8760\)\n {2}HTTP 502 came back, which is no answer of Perch/);
});

t.test("a password over plain HTTP to another machine is warned of", async (t) => {
  const wish = { env: { PERCH_PASSWORD: "b" } };
  // RFC 2606: .invalid never resolves.
  const { err } = await runOn(["status", "--url", "http://perch.invalid:9999", "--client", "a"], "/", wish);
  t.match(err, "Warning: the password goes unencrypted to perch.invalid:9999; use https://.");
  t.match(err, "perch.invalid:9999 (ARERR 8760)");
  t.notMatch((await runOn(["status", "--url", "http://127.0.0.1:1", "--client", "a"], "/", wish)).err, "Warning");
});

t.test("a configuration that can't be read is 8769 with its line", async (t) => {
  const machine = { socketOf: async () => ({ ok: false as const, problems: ['perch.yaml:3:5: unknown key "sokcet"'] }) };
  const { status, err } = await runOn(["status"], "/", { machine });
  t.equal(status, 1);
  t.match(err, 'The configuration of the plug-in server is wrong : perch.yaml:3:5: unknown key "sokcet" (ARERR 8769)');
});

t.test("a refusal is the line that people see, its note and the advice; with --json the error object", async (t) => {
  const { run } = await stage(t, { notify: notRegistered });
  const { status, out, err } = await run(["notify", "x", "--user", "Nobody"]);
  t.same({ status, out }, { status: 1, out: "" });
  t.equal(
    err,
    "Error in plugin : no registration for Nobody (ARERR 8753)\n  Perch: No registration matches that functional user and content. Create one with `perch registrations create`, or correct the name in the call. (ARNOTE 20020)\n",
  );
  const json = await run(["notify", "x", "--json"]);
  t.same({ status: json.status, err: json.err }, { status: 1, err: "" });
  t.same(JSON.parse(json.out), notRegistered.error);
});

t.test("a refusal of JSON-RPC itself has its message alone", async (t) => {
  const { run } = await stage(t);
  t.same(await run(["status"]), { status: 1, out: "", err: "Method not found: server.status\n" });
});
