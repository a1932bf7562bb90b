/** The files of docs/deploy/group say what is true of the product; three hosts are started as they say. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import pg from "pg";
import t, { type Test } from "tap";
import { parse, parseAllDocuments } from "yaml";
import { startPostgres } from "./store/postgres-server.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string) => readFileSync(join(root, path), "utf8");
const guide = read("docs/deploy/README.md").split("## A server group")[1] ?? "";
const STOP_SECONDS = Number(/stopTimeoutSeconds: .*default: (\d+)\b/.exec(read("src/config/schema.ts"))?.[1]);
const MAX_WAIT_SECONDS = 300;

type Probe = { httpGet: { path: string } };
type Container = {
  command: string[];
  image: string;
  volumeMounts: { name: string }[];
  lifecycle: { preStop: { exec: { command: string[] } } };
} & Record<"startupProbe" | "livenessProbe" | "readinessProbe", Probe>;
type Pod = {
  terminationGracePeriodSeconds: number;
  affinity: { podAntiAffinity: object };
  initContainers: [Container];
  containers: [Container];
  volumes: { name: string }[];
};
type Deployment = { replicas: number; strategy: object; selector: object; template: { metadata: { labels: object }; spec: Pod } };
const resources = parseAllDocuments(read("docs/deploy/group/kubernetes.yaml")).map(
  (document) => document.toJS() as { kind: string; spec: unknown; data: Record<string, string> },
);
const resource = (kind: string) => resources.find((one) => one.kind === kind);
const deployment = resource("Deployment")?.spec as Deployment;
const pod = deployment.template.spec;
const files = resource("ConfigMap")?.data ?? {};

t.test("kubernetes: hosts are taken away one at a time, each with the time to end what is in flight", (t) => {
  t.equal(deployment.replicas, 3);
  t.same(deployment.strategy, { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } });
  t.match(resource("PodDisruptionBudget")?.spec, { maxUnavailable: 1, selector: deployment.selector });
  t.match(JSON.stringify(pod.affinity.podAntiAffinity), "kubernetes.io/hostname");
  const [sleep, seconds] = pod.containers[0].lifecycle.preStop.exec.command;
  t.equal(sleep, "sleep");
  t.ok(pod.terminationGracePeriodSeconds > STOP_SECONDS + Number(seconds));
  t.end();
});

t.test("kubernetes: a pod keeps nothing that the next one needs", (t) => {
  t.notOk(resource("PersistentVolumeClaim"));
  t.match(parse(files["perch.yaml"] ?? "").store, /^postgres:\/\/.*sslmode=verify-full/);
  const volumes = pod.volumes.map(({ name }) => name);
  for (const container of [...pod.initContainers, ...pod.containers])
    for (const { name } of container.volumeMounts) t.ok(volumes.includes(name), name);
  t.equal(pod.initContainers[0].image, pod.containers[0].image);
  t.match(JSON.stringify(resource("NetworkPolicy")?.spec), '{"port":5432}');
  t.end();
});

t.test("kubernetes: but for the group its pods are those of the single host", (t) => {
  const single = parseAllDocuments(read("docs/deploy/kubernetes.yaml"))
    .map((document) => document.toJS() as { kind: string; spec: Deployment })
    .find(({ kind }) => kind === "StatefulSet");
  const bare = ({ lifecycle: _, volumeMounts, ...container }: Container) => ({
    ...container,
    volumeMounts: volumeMounts.filter(({ name }) => name !== "store"),
  });
  t.same(pod.containers.map(bare), single?.spec.template.spec.containers.map(bare));
  t.same(pod.initContainers, single?.spec.template.spec.initContainers);
  t.same(pod.volumes, single?.spec.template.spec.volumes);
  t.end();
});

/** A pod's files in a folder of ours, with this database in place of theirs. */
function unpack(t: Test, store: string): { configFile: string; moved(text: string): string } {
  // Short: a Unix socket's path has at most 107 bytes.
  const folder = mkdtempSync(join(tmpdir(), "pod-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const moved = (text: string) => text.replaceAll(/\/(?:etc|run)\/perch/g, (path) => folder + path);
  for (const path of ["etc/perch", "etc/perch-secrets", "run/perch"]) mkdirSync(join(folder, path), { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    const here = moved(text)
      .replace(/^port: 9999$/m, "port: 0")
      .replace(/^( *)port: 9999$/m, "$1port: 0")
      .replace(/^store: .*$/m, `store: ${store}`);
    writeFileSync(join(folder, "etc/perch", name), here);
  }
  for (const [, name] of guide.matchAll(/--from-literal=([\w-]+)=/g)) {
    const value = name === "vault-key" ? Buffer.alloc(32, 7).toString("base64") : `value-of-${name}`;
    writeFileSync(join(folder, "etc/perch-secrets", name as string), value);
    chmodSync(join(folder, "etc/perch-secrets", name as string), 0o440);
  }
  return { configFile: join(folder, "etc/perch/perch.yaml"), moved };
}

type Host = { child: ChildProcess; port: number };

/** Runs the commands of a pod. */
async function startPod(t: Test, store: string): Promise<Host> {
  const { configFile, moved } = unpack(t, store);
  const [program = "", ...init] = pod.initContainers[0].command.map(moved);
  execFileSync(program, init);
  const env = { PATH: process.env.PATH ?? "", PERCH_CONFIG: configFile };
  const child = spawn(process.execPath, pod.containers[0].command.slice(1), { cwd: root, env, stdio: ["ignore", "pipe", "inherit"] });
  t.teardown(() => child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout });
  const port = await new Promise<number>((resolve, reject) => {
    lines.on("line", (line) => line.includes('"host ready"') && resolve(Number(new URL(JSON.parse(line).url).port)));
    child.once("exit", (status) => reject(new Error(`the host ended with ${status}`)));
  });
  return { child, port };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address ? address.port : 0;
}

const haproxy = ["/usr/sbin/haproxy", "/usr/local/sbin/haproxy"].find((path) => existsSync(path));

/** HAProxy with the file of docs/deploy, in front of these hosts instead of Docker's. */
async function startBalancer(t: Test, program: string, hosts: Host[]): Promise<string> {
  const port = await freePort();
  const servers = hosts.map((host, index) => `server perch${index} 127.0.0.1:${host.port}`).join("\n  ");
  const config = read("docs/deploy/group/haproxy.cfg");
  const here = config.replace("bind :9999", `bind 127.0.0.1:${port}`).replace(/server-template .*/, servers);
  const folder = t.testdir({ "haproxy.cfg": here });
  const balancer = spawn(program, ["-db", "-f", join(folder, "haproxy.cfg")], { stdio: "ignore" });
  t.teardown(() => balancer.kill("SIGKILL"));
  return `http://127.0.0.1:${port}`;
}

const statusOf = async (url: string, init?: RequestInit) => (await fetch(url, init).catch(() => undefined))?.status;

t.test("kubernetes: three pods with the Secret as README.md makes it are one group, which outlives two of them", async (t) => {
  const server = await startPostgres();
  t.teardown(() => server.destroy());
  const store = await server.createDatabase();
  const hosts = await Promise.all([1, 2, 3].map(() => startPod(t, store)));
  const [first, second, last] = hosts as [Host, Host, Host];
  for (const probe of ["startupProbe", "livenessProbe", "readinessProbe"] as const)
    t.equal(await statusOf(`http://127.0.0.1:${last.port}${pod.containers[0][probe].httpGet.path}`), 200, probe);
  const client = new pg.Client(store);
  await client.connect();
  t.equal((await client.query("SELECT 1 FROM hosts")).rowCount, 3);
  await client.end();

  if (haproxy === undefined) return t.comment("no haproxy here: not tried");
  const url = await startBalancer(t, haproxy, hosts);
  const authorization = `Basic ${Buffer.from("admin:value-of-admin-password").toString("base64")}`;
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "server.status" });
  const call = () => statusOf(`${url}/rpc`, { method: "POST", headers: { authorization, "content-type": "application/json" }, body });
  // Until it has looked at its servers.
  while ((await call()) !== 200);
  for (const { child } of [first, second]) {
    child.kill("SIGKILL");
    await once(child, "exit");
    for (let calls = 0; calls < 6; calls += 1) t.equal(await call(), 200);
  }
  last.child.kill("SIGTERM");
  t.same(await once(last.child, "exit"), [0, null]);
});

t.test("haproxy: a host is asked whether it is ready; a call is sent to one host only and may wait as long as it likes", (t) => {
  const config = read("docs/deploy/group/haproxy.cfg");
  t.match(config, "option httpchk GET /readyz");
  t.match(config, /^ {2}retry-on conn-failure$/m);
  for (const side of ["client", "server"]) t.ok(Number(new RegExp(`timeout ${side} (\\d+)s`).exec(config)?.[1]) > MAX_WAIT_SECONDS, side);
  if (haproxy !== undefined) t.equal(spawnSync(haproxy, ["-c", "-f", join(root, "docs/deploy/group/haproxy.cfg")]).status, 0);
  t.end();
});

type Service = { secrets: string[]; volumes: string[]; tmpfs: string[]; healthcheck: { test: string[] }; stop_grace_period: string };
const compose = parse(read("docs/deploy/group/docker-compose.yaml")) as {
  services: Record<"perch" | "database" | "balancer", Service & Record<string, unknown>>;
  secrets: Record<string, { file: string }>;
};
const { perch, database, balancer } = compose.services;

t.test("compose: the host is that of the single one, three times, with a socket of its own each", (t) => {
  const single = parse(read("docs/deploy/docker-compose.yaml")).services.perch;
  for (const key of ["image", "restart", "user", "read_only", "cap_drop", "security_opt", "stop_grace_period", "environment"])
    t.same(perch[key], single[key], key);
  t.same(perch.deploy, { replicas: 3 });
  const { socket } = parse(read("config/examples/server-group.yaml")).server;
  t.match(perch.healthcheck.test.join(), socket);
  t.ok(perch.tmpfs.some((mount) => socket.startsWith(`${mount.split(":")[0]}/`)));
  t.same([...perch.secrets].sort(), Object.keys(compose.secrets).sort());
  t.same(database.secrets, ["database-password"]);
  t.notOk(perch.ports, "only the load balancer is reached");
  t.ok(balancer.volumes.some((volume) => volume.startsWith("./haproxy.cfg:")));
  t.end();
});

t.test("compose: the configuration and credentials that README.md tells to make are valid", async (t) => {
  const config = read("config/examples/server-group.yaml").replace(/^store: .*$/m, /store: (postgres:\S+\w)/.exec(guide)?.[0] ?? "");
  t.match(config, /^store: postgres:\/\/perch@database\/perch$/m);
  const folder = t.testdir({ "perch.yaml": config, secrets: {} });
  execFileSync(process.execPath, ["src/perch.js", "credentials", "init", "--config", join(folder, "perch.yaml")], { cwd: root });
  for (const name of Object.keys(compose.secrets)) writeFileSync(join(folder, "secrets", name), `value-of-${name}`, { mode: 0o600 });
  const reference = (name: string) => `"\${file:${folder}/secrets/${name}}"`;
  t.match(guide, /store: \{ password: "\$\{file:\/run\/secrets\/database-password\}" \}/);
  const credentials = readFileSync(join(folder, "credentials.yaml"), "utf8")
    .replace(/# consumerKey: .*/, `consumerKey: ${reference("consumer-key")}`)
    .replace(/# consumerSecret: .*/, `consumerSecret: ${reference("consumer-secret")}`);
  writeFileSync(join(folder, "credentials.yaml"), `${credentials}\nstore: { password: ${reference("database-password")} }\n`);
  const { status, stdout, stderr } = spawnSync(process.execPath, ["src/perch.js", "check", "--config", join(folder, "perch.yaml")], {
    cwd: root,
  });
  t.equal(status, 0, `${stdout}${stderr}`);
  t.end();
});
