/** The vault's key from end to end: the file, the host that takes it up, the store that still holds what old keys sealed. */
import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { rotateVaultKey } from "../../src/doctor/rotate-key.ts";
import { openStage } from "../stage.ts";

t.test("after a rotation the stored tokens still open, and the old key is kept as long as it seals one", async (t) => {
  const stage = await openStage(t);
  await stage.register();
  const options = { configFile: stage.configFile, environment: {}, now: Date.now };
  const changed = await rotateVaultKey(options, { do: "rotate", id: "next" });
  t.match(changed, { ok: true, value: { keys: ["next", "test"], id: "next" } });
  t.match(await stage.rpc("server.reload"), { result: {} });
  const { deliveries } = await stage.notify({ text: "After the rotation" });
  t.equal((await stage.reaches(deliveries[0]?.id ?? "", "delivered")).state, "delivered");

  // Authorised anew, its token is sealed with the new key.
  const dropped = await rotateVaultKey(options, { do: "drop-old" });
  if (!dropped.ok) {
    t.match(dropped.problems, [/no key is dropped, since test seals the token of ITSM_Notify.*perch reload/]);
    const { registrations } = await stage.call<{ registrations: { id: string }[] }>("registrations.list");
    const { authorizeUrl } = await stage.call<{ authorizeUrl: string }>("registrations.authorize", { id: registrations[0]?.id });
    const { pin } = await stage.control<{ pin: string }>("authorize", { authorizeUrl, accountName: "ITSM_Notify" });
    await stage.call("registrations.confirm", { id: registrations[0]?.id, pin });
  }
  t.match(await rotateVaultKey(options, { do: "drop-old" }), { ok: true, value: { keys: ["next"] } });
  t.notMatch(readFileSync(join(stage.folder, "credentials.yaml"), "utf8"), '"test"');
  t.match(await stage.rpc("server.reload"), { result: {} });
  const again = await stage.notify({ text: "After the old key has gone" });
  t.equal((await stage.reaches(again.deliveries[0]?.id ?? "", "delivered")).state, "delivered");
});

t.test("no key is dropped while the running host seals with another than the file's first", async (t) => {
  const stage = await openStage(t);
  // The same host, and a file that it has not taken up: nothing is stored yet that would tell.
  const at = (name: string) => readFileSync(join(stage.folder, name), "utf8");
  const [sealing] = (JSON.parse(at("credentials.yaml")) as { vault: { keys: { id: string; key: string }[] } }).vault.keys;
  const keys = [{ id: "next", key: Buffer.alloc(32, 8).toString("base64") }, sealing];
  const credentials = { ...(JSON.parse(at("credentials.yaml")) as object), vault: { keys } };
  const folder = t.testdir({
    "perch.yaml": at("perch.yaml")
      .replace("./perch.sock", join(stage.folder, "perch.sock"))
      .replace("./perch.db", join(stage.folder, "perch.db")),
    "credentials.yaml": JSON.stringify(credentials),
  });
  chmodSync(join(folder, "credentials.yaml"), 0o600);
  const options = { configFile: join(folder, "perch.yaml"), environment: {}, now: Date.now };
  const refused = await rotateVaultKey(options, { do: "drop-old" });
  t.match(refused, {
    ok: false,
    problems: [/no key is dropped, since the running host still seals with test, not with next: perch reload/],
  });
  t.match(readFileSync(join(folder, "credentials.yaml"), "utf8"), '"id":"test"', "nothing was changed");
  await stage.host.stop();
  t.match(await rotateVaultKey(options, { do: "drop-old" }), { ok: true, value: { keys: ["next"], dropped: ["test"] } });
});

t.test("a configuration that is wrong is not touched", async (t) => {
  const folder = t.testdir({ "perch.yaml": "credentials: ./missing.yaml\nplugins: []\n" });
  const options = { configFile: join(folder, "perch.yaml"), environment: {}, now: Date.now };
  t.match(await rotateVaultKey(options, { do: "rotate" }), { ok: false, problems: [/missing\.yaml does not exist/] });
});
