/** The files of docs/deploy say what is true of the product, and what they would run is run. */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import t, { type Test } from "tap";
import { parse, parseAllDocuments } from "yaml";
import { openStage } from "./stage.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string) => readFileSync(join(root, path), "utf8");
/** `node` of the official images (Docker Hub, node). */
const IMAGE_USER = 1000;
const STOP_SECONDS = 15;
const FLAG = "--max-semi-space-size=16";
const dockerfile = read("Dockerfile");
const port = Number(/^EXPOSE (\d+)$/m.exec(dockerfile)?.[1]);

type Probe = { httpGet: { path: string; port: string } };
type Container = {
  name: string;
  image: string;
  command: string[];
  ports?: { name: string; containerPort: number }[];
  securityContext: Record<string, unknown>;
  volumeMounts: { name: string; mountPath: string }[];
} & Partial<Record<"startupProbe" | "livenessProbe" | "readinessProbe", Probe>>;
type Resource = { kind: string; metadata: { name: string }; spec: never; data: Record<string, string> };

const resources = parseAllDocuments(read("docs/deploy/kubernetes.yaml")).map((document) => document.toJS() as Resource);
const resource = (kind: string): Resource => {
  const found = resources.find((one) => one.kind === kind);
  if (!found) throw new Error(`no ${kind}`);
  return found;
};
const set = resource("StatefulSet").spec as {
  replicas: number;
  template: {
    spec: {
      terminationGracePeriodSeconds: number;
      securityContext: { runAsUser: number; fsGroup: number };
      initContainers: [Container];
      containers: [Container];
      volumes: { name: string }[];
    };
  };
  volumeClaimTemplates: { metadata: { name: string } }[];
};
const pod = set.template.spec;

t.test("each file keeps the flag that `npm start` has, and stops later than the host itself would", (t) => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: { start: string } };
  t.match(scripts.start, FLAG);
  for (const text of [read("docs/deploy/perch.service"), dockerfile, pod.containers[0].command.join(" ")]) t.match(text, FLAG);
  t.match(read("src/config/schema.ts"), new RegExp(`stopTimeoutSeconds: .*default: ${STOP_SECONDS}\\b`));
  t.ok(pod.terminationGracePeriodSeconds > STOP_SECONDS);
  t.ok(Number(/^TimeoutStopSec=(\d+)$/m.exec(read("docs/deploy/perch.service"))?.[1]) > STOP_SECONDS);
  t.ok(Number.parseInt(parse(read("docs/deploy/docker-compose.yaml")).services.perch.stop_grace_period, 10) > STOP_SECONDS);
  t.end();
});

t.test("kubernetes: one host, as the image's user, on the image's port; each mount has its volume", (t) => {
  t.equal(set.replicas, 1);
  t.equal(pod.securityContext.runAsUser, IMAGE_USER);
  t.match(dockerfile, /^USER node$/m);
  t.same(pod.containers[0].ports, [{ name: "http", containerPort: port }]);
  t.equal(parse(resource("ConfigMap").data["perch.yaml"] ?? "").server.port, port);
  const volumes = [...pod.volumes, ...set.volumeClaimTemplates.map(({ metadata }) => metadata)].map(({ name }) => name);
  for (const container of [...pod.initContainers, ...pod.containers]) {
    for (const { name } of container.volumeMounts) t.ok(volumes.includes(name), name);
    t.match(container.securityContext, { readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } });
  }
  t.equal(pod.initContainers[0].image, pod.containers[0].image);
  t.end();
});

/** A pod's files in a folder of ours: what stands at an absolute path in the pod stands below it. */
function unpack(t: Test) {
  // Short: a Unix socket's path has at most 107 bytes.
  const folder = mkdtempSync(join(tmpdir(), "pod-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const moved = (text: string) => text.replaceAll(/\/(?:etc|run|var\/lib)\/perch/g, (path) => folder + path);
  for (const path of ["etc/perch", "etc/perch-secrets", "run/perch", "var/lib/perch"]) mkdirSync(join(folder, path), { recursive: true });
  for (const [name, text] of Object.entries(resource("ConfigMap").data))
    writeFileSync(join(folder, "etc/perch", name), moved(text).replace(`port: ${port}`, "port: 0"));
  const advised = [...read("docs/deploy/README.md").matchAll(/--from-literal=([\w-]+)=/g)].map(([, name]) => name as string);
  for (const name of advised) {
    const value = name === "vault-key" ? Buffer.alloc(32, 7).toString("base64") : `value-of-${name}`;
    writeFileSync(join(folder, "etc/perch-secrets", name), value);
    // What the kubelet makes of defaultMode 0400 with an fsGroup.
    chmodSync(join(folder, "etc/perch-secrets", name), 0o440);
  }
  for (const name of ["perch.yaml", "credentials.yaml"]) chmodSync(join(folder, "etc/perch", name), 0o644);
  return { folder, moved };
}

t.test("kubernetes: with the Secret as README.md makes it, the pod's commands start a host that its probes find", async (t) => {
  const { folder, moved } = unpack(t);
  const [program = "", ...init] = pod.initContainers[0].command.map(moved);
  execFileSync(program, init);
  t.equal(statSync(join(folder, "run/perch/credentials.yaml")).mode & 0o777, 0o600);

  const [node, ...start] = pod.containers[0].command;
  t.equal(node, "node");
  const env = { PATH: process.env.PATH ?? "", PERCH_CONFIG: join(folder, "etc/perch/perch.yaml") };
  const host = spawn(process.execPath, start, { cwd: root, env, stdio: ["ignore", "pipe", "inherit"] });
  t.teardown(() => host.kill("SIGKILL"));
  let said = "";
  for await (const chunk of host.stdout.iterator({ destroyOnReturn: false })) {
    said += String(chunk);
    if (said.includes("host ready")) break;
  }
  host.stdout.resume();
  const bound = /"url":"http:\/\/[^"]+:(\d+)"/.exec(said)?.[1];
  for (const probe of ["startupProbe", "livenessProbe", "readinessProbe"] as const) {
    const path = pod.containers[0][probe]?.httpGet.path;
    t.equal((await fetch(`http://127.0.0.1:${bound}${path}`)).status, 200, `${probe} ${path}`);
  }
  t.ok(existsSync(join(folder, "run/perch/perch.sock")));
  t.ok(existsSync(join(folder, "var/lib/perch/perch.db")));
  host.kill("SIGTERM");
  t.same(await once(host, "exit"), [0, null]);
});

t.test("kubernetes: the credentials file as it is mounted would be refused, which is why it is copied", (t) => {
  const { folder } = unpack(t);
  const config = join(folder, "etc/perch/perch.yaml");
  writeFileSync(config, readFileSync(config, "utf8").replace("run/perch/credentials.yaml", "etc/perch/credentials.yaml"));
  const { status, stdout, stderr } = spawnSync(process.execPath, ["src/perch.js", "check", "--config", config], { cwd: root });
  t.equal(status, 1);
  t.match(`${stdout}${stderr}`, /group or others can use this file \(mode 644\)/);
  t.end();
});

type Service = { user: string; ports: string[]; volumes: string[]; healthcheck: { test: string[] }; secrets: { source: string }[] };
const compose = parse(read("docs/deploy/docker-compose.yaml")) as { services: { perch: Service }; secrets: object; volumes: object };
const service = compose.services.perch;

t.test("compose: the image's user, port and folders; what it names is there", (t) => {
  t.equal(service.user, `${IMAGE_USER}:${IMAGE_USER}`);
  t.ok(service.ports.every((published) => published.endsWith(`:${port}`)));
  const folders = JSON.parse(/^VOLUME (.*)$/m.exec(dockerfile)?.[1] ?? "[]") as string[];
  t.same(
    service.volumes.map((volume) => volume.split(":")[1]),
    folders,
  );
  t.same(
    service.secrets.map(({ source }) => source),
    Object.keys(compose.secrets),
  );
  t.end();
});

t.test("compose: its health check finds a host that is ready, and only then", async (t) => {
  const [kind, node, ...check] = service.healthcheck.test;
  t.same([kind, node], ["CMD", "node"]);
  const stage = await openStage(t);
  // The working folder of the image is /app; the default socket is data/perch.sock in it.
  const moved = check.map((word) => word.replace("data/perch.sock", join(stage.folder, "perch.sock")));
  t.not(moved.join(), check.join());
  const look = async () => once(spawn(process.execPath, moved, { stdio: "inherit" }), "exit");
  t.same(await look(), [0, null]);
  await stage.host.stop();
  t.same(await look(), [1, null]);
});

const unit = read("docs/deploy/perch.service");
const directive = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(unit)?.[1];

t.test("systemd: its folders are those of the example configuration; SIGHUP reloads", (t) => {
  const example = read("config/examples/one-machine.yaml");
  for (const path of ["/etc/perch/credentials.yaml", "/var/lib/perch/perch.db", "/run/perch/perch.sock", "/var/log/perch/perch.log"])
    t.match(example, path);
  for (const kind of ["Configuration", "State", "Runtime", "Logs"]) t.equal(directive(`${kind}Directory`), "perch", kind);
  t.equal(directive("ExecReload"), "/bin/kill -HUP $MAINPID");
  t.match(directive("ExecStart"), /^\/opt\/perch\/node_modules\/node\/bin\/node --\S+ src\/perch\.js start$/);
  t.ok(existsSync(join(root, "node_modules/node/bin/node")), "where `npm ci` puts Node");
  t.equal(directive("MemoryDenyWriteExecute"), "no", "V8 could not compile");
  t.end();
});

t.test("systemd itself finds nothing wrong with the unit", { skip: !existsSync("/usr/bin/systemd-analyze") && "no systemd here" }, (t) => {
  const { stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", join(root, "docs/deploy/perch.service")]);
  const complaints = String(stderr)
    .split("\n")
    // Perch is not installed in /opt on this machine.
    .filter((line) => /^perch\.service|docs\/deploy\/perch\.service/.test(line) && !line.includes("is not executable"));
  t.same(complaints, []);
  t.end();
});
