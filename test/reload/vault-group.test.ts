/** The vault's key in a group: no host ever meets a seal that it can't open, in whatever order the files change. */
import t, { type Test } from "tap";
import type { HostStatus, Registration, ReloadReport } from "../../src/shapes.ts";
import { openStage, type Stage } from "../stage.ts";
import { startPostgres } from "../store/postgres-server.ts";

const key = (id: string, byte: number) => ({ id, key: Buffer.alloc(32, byte).toString("base64") });
const [OLD, NEW] = [key("old", 1), key("new", 2)];
const keys = (...all: object[]) => ({ credentials: { vault: { keys: all } } });
const server = await startPostgres();
t.teardown(() => server.destroy());

const statusOf = (stage: Stage) => stage.call<HostStatus>("server.status");
const vaultOf = async (stage: Stage) => (await statusOf(stage)).configuration.vault;

/** Two hosts on one store and one sandbox. */
async function openGroup(t: Test): Promise<[Stage, Stage]> {
  const config = { store: await server.createDatabase(), server: { port: 0, socket: "./perch.sock", group: { leaseSeconds: 3 } } };
  const one = await openStage(t, { config, ...keys(OLD) });
  const two = await openStage(t, { config, ...keys(OLD), userDefined: { apiBaseUrl: one.sandboxUrl } });
  return [one, two];
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds()));
}

t.test("a key that another host lacks seals nothing, until that host knows it", async (t) => {
  const [one, two] = await openGroup(t);
  await one.register();
  const changed = await one.configure(keys(NEW, OLD));
  const [waits] = (changed.result as ReloadReport).warnings;
  t.match(waits, /the vault's first key, new, seals nothing yet: .* must know it first/);
  t.match(await vaultOf(one), { key: "old", sealed: 1, sealedWithOthers: 0, waitsFor: [/./] });
  const { id } = await one.call<Registration>("registrations.create", { functionalUser: "Other", accountName: "FM_Notify" });
  await one.call("registrations.authorize", { id });
  t.match(await vaultOf(one), { key: "old", sealed: 2, sealedWithOthers: 0 }, "what is sealed meanwhile opens everywhere");
  await until(async () => (await vaultOf(two)).sealed === 2);
  t.strictSame((await vaultOf(two)).closed, undefined);
  await two.configure(keys(OLD, NEW));
  await until(async () => (await vaultOf(one)).key === "new");
  await until(async () => (await vaultOf(one)).sealedWithOthers === 0);
  t.equal((await vaultOf(one)).waitsFor, undefined);
  t.equal(one.log.filter((line) => line.includes("the vault's first key waits")).length, 1, "said once");
  const { deliveries } = await two.notify({ text: "Sealed by the one, sent by the other", waitSeconds: 20 });
  t.equal(deliveries[0]?.state, "delivered");
});

t.test("added everywhere, then put first on one host and on the other: both can open all of it at any moment", async (t) => {
  const [one, two] = await openGroup(t);
  await one.register();
  const watched = { over: false, closed: [] as string[][] };
  const watch = async (stage: Stage) => {
    while (!watched.over) watched.closed.push((await vaultOf(stage)).closed ?? []);
  };
  const watching = [watch(one), watch(two)];
  for (const stage of [one, two]) await stage.configure(keys(OLD, NEW));
  await until(async () => (await statusOf(one)).hosts.every((host) => host.keys.includes("new")));
  await one.configure(keys(NEW, OLD));
  await until(async () => (await vaultOf(one)).key === "new");
  await two.configure(keys(NEW, OLD));
  for (const stage of [one, two])
    await until(async () => (await vaultOf(stage)).sealedWithOthers === 0 && (await vaultOf(stage)).key === "new");
  for (const stage of [one, two]) t.equal((await stage.configure(keys(NEW))).error, undefined, "then the old key may go");
  watched.over = true;
  await Promise.all(watching);
  t.ok(watched.closed.length > 10);
  t.strictSame(watched.closed.flat(), []);
  for (const stage of [one, two])
    t.equal((await stage.notify({ text: `After the rotation ${stage.folder}`, waitSeconds: 20 })).deliveries[0]?.state, "delivered");
});

t.test("two hosts that seal at once, while the account is authorised anew, lose nothing", async (t) => {
  const [one, two] = await openGroup(t);
  const { id } = await one.register();
  for (const stage of [one, two]) await stage.configure(keys(OLD, NEW));
  await until(async () => (await statusOf(one)).hosts.every((host) => host.keys.includes("new")));
  const { authorizeUrl } = await one.call<{ authorizeUrl: string }>("registrations.authorize", { id });
  const { pin } = await one.control<{ pin: string }>("authorize", { authorizeUrl, accountName: "ITSM_Notify" });
  await until(async () => (await vaultOf(two)).sealed === 2);
  await Promise.all([one.configure(keys(NEW, OLD)), two.configure(keys(NEW, OLD)), one.call("registrations.confirm", { id, pin })]);
  for (const stage of [one, two])
    await until(async () => (await vaultOf(stage)).sealedWithOthers === 0 && (await vaultOf(stage)).sealed === 1);
  for (const stage of [one, two])
    t.equal((await stage.notify({ text: `After both ${stage.folder}`, waitSeconds: 20 })).deliveries[0]?.state, "delivered");
});

t.test("the status names each host of the group, and who works a lane", async (t) => {
  const [one, two] = await openGroup(t);
  await one.register();
  await one.notify({ text: "Who works it?", waitSeconds: 20 });
  // The port is known once the host listens; the next heartbeat tells it.
  await until(async () => (await statusOf(two)).hosts.every(({ url }) => !url.endsWith(":0")));
  const { hosts, lanes } = await statusOf(two);
  t.equal(hosts.length, 2);
  t.match(
    hosts.find(({ self }) => self),
    { url: two.host.url, version: "test", keys: ["old"] },
  );
  const holder = hosts.find(({ lanes }) => lanes.includes("ITSM_Notify"));
  t.ok(holder);
  t.equal(lanes[0]?.host, `${holder?.name} (${holder?.url})`, "two on one machine are told apart");
  await one.host.stop();
  await until(async () => (await statusOf(two)).hosts.length === 1);
  t.equal((await statusOf(two)).lanes[0]?.host, undefined);
});
