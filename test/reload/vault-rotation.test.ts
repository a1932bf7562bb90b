import t from "tap";
import type { HostStatus, Registration, ReloadReport } from "../../src/shapes.ts";
import { openStage, type Stage } from "../stage.ts";

const key = (id: string, byte: number) => ({ id, key: Buffer.alloc(32, byte).toString("base64") });
const OLD = key("old", 1);
const NEW = key("new", 2);
const keys = (...all: object[]) => ({ credentials: { vault: { keys: all } } });
const vaultOf = async (stage: Stage) => (await stage.call<HostStatus>("server.status")).configuration.vault;

t.test("a new first key seals all again, tokens and what is awaited with a PIN; then the old one may go", async (t) => {
  const stage = await openStage(t, keys(OLD));
  await stage.register();
  const { id } = await stage.call<Registration>("registrations.create", { functionalUser: "Other", accountName: "FM_Notify" });
  const { authorizeUrl } = await stage.call<{ authorizeUrl: string }>("registrations.authorize", { id });
  t.match(await vaultOf(stage), { key: "old", sealed: 2, sealedWithOthers: 0 });
  await stage.configure(keys(OLD, NEW));
  t.match(await vaultOf(stage), { key: "old", sealedWithOthers: 0 }, "behind the first it only opens");
  const { result } = await stage.configure(keys(NEW, OLD));
  t.match(result as ReloadReport, { changed: ["vault keys", "2 sealed again with the vault's key new"] });
  t.match(await vaultOf(stage), { key: "new", sealed: 2, sealedWithOthers: 0 });
  t.match(stage.log.join("\n"), /"key":"new","sealedAgain":2,"msg":"sealed again with the vault's first key"/);
  t.equal((await stage.configure(keys(NEW))).error, undefined);
  await stage.restart();
  t.equal((await stage.notify({ text: "After the rotation", waitSeconds: 20 })).deliveries[0]?.state, "delivered");
  const { pin } = await stage.control<{ pin: string }>("authorize", { authorizeUrl, accountName: "FM_Notify" });
  t.match(await stage.call("registrations.confirm", { id, pin }), { authorization: "authorized" });
});

t.test("a key that still seals something can't go, nor be another under its id", async (t) => {
  const stage = await openStage(t, keys(OLD));
  await stage.register();
  for (const wrong of [keys(NEW), keys({ ...NEW, id: "old" })]) {
    const { error } = await stage.configure(wrong);
    t.match(error, { code: 8769, message: /credentials\.yaml:\d+:\d+: the key old is gone, but still seals the token of ITSM_Notify/ });
  }
  t.match((await stage.call<HostStatus>("server.status")).configuration.lastError, "the key old is gone");
  t.equal((await stage.notify({ text: "Goes on", waitSeconds: 20 })).deliveries[0]?.state, "delivered");
});

t.test("a host that starts with the keys turned seals again; one that lacks the key says so, and only that account waits", async (t) => {
  const stage = await openStage(t, keys(OLD));
  await stage.register();
  await stage.host.stop();
  await stage.write(keys(NEW, OLD));
  await stage.restart();
  for (;;) if ((await vaultOf(stage)).sealedWithOthers === 0) break;
  await stage.host.stop();
  await stage.write(keys(key("third", 3)));
  await stage.restart();
  t.match(await vaultOf(stage), { key: "third", sealedWithOthers: 1, closed: ["the token of ITSM_Notify"] });
  const { deliveries } = await stage.notify({ text: "Waits" });
  const waiting = await stage.reaches(deliveries[0]!.id, "waiting");
  t.match(waiting.lastError, { reason: "not-authorized", message: /key new, which vault\.keys of the credentials file lacks/ });
  t.match(stage.log.join("\n"), /"keys":\["new"\],"what":\["the token of ITSM_Notify"\]/);
  await stage.configure(keys(key("third", 3), NEW));
  await stage.reaches(deliveries[0]!.id, "delivered");
  t.match(await vaultOf(stage), { key: "third", sealedWithOthers: 0 });
});
