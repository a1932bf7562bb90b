/** New credentials of an application are tried at the service before the old ones go. */
import t from "tap";
import type { HostStatus, ReloadReport } from "../../src/shapes.ts";
import { openStage, type Stage } from "../stage.ts";

const pair = (consumerKey: string, consumerSecret: string, more: object = {}) => ({
  twitterSecrets: { consumerKey, consumerSecret, ...more },
});
const delivers = async (stage: Stage, text: string) => (await stage.notify({ text, waitSeconds: 20 })).deliveries[0]?.state;

t.test("a wrong secret is refused with X's cause, and the old one goes on", async (t) => {
  const stage = await openStage(t);
  await stage.register();
  const { error } = await stage.configure(pair("sandbox-consumer-key", "marked-wrong"));
  t.match(error, {
    code: 8769,
    message: /credentials\.yaml:\d+:\d+: the service refuses these credentials \(tried for ITSM_Notify\): 401:/,
  });
  t.match(await stage.call<HostStatus>("server.status"), { configuration: { lastError: /the service refuses these credentials/ } });
  t.equal(await delivers(stage, "With the old"), "delivered");
  t.notMatch(stage.log.join("\n"), "marked-wrong");
});

t.test("without any account the consumer key alone is tried", async (t) => {
  const stage = await openStage(t);
  t.match(await stage.configure(pair("nobody's", "secret")), { error: { code: 8769, message: /refuses these credentials: 401:/ } });
  await stage.control("apps", { consumerKey: "other-key", consumerSecret: "other-secret" });
  t.match(await stage.configure(pair("other-key", "other-secret")), {
    result: { changed: ["plug-in twitter: credentials"], warnings: [] },
  });
});

t.test("a secret that was made anew at X is taken, and what waited for it goes on", async (t) => {
  const stage = await openStage(t);
  await stage.register();
  await stage.control("apps", { consumerKey: "sandbox-consumer-key", consumerSecret: "made-anew" });
  const { deliveries } = await stage.notify({ text: "Refused until the file has it" });
  await stage.reaches(deliveries[0]!.id, "waiting");
  t.match(await stage.configure(pair("sandbox-consumer-key", "made-anew")), { result: { warnings: [] } });
  await stage.reaches(deliveries[0]!.id, "delivered");
  t.equal((await stage.posts()).length, 1);
});

t.test("a token that was dead before keeps no new secret out", async (t) => {
  const stage = await openStage(t);
  await stage.register();
  await stage.control("accounts/ITSM_Notify/revoke", {});
  await stage.control("apps", { consumerKey: "sandbox-consumer-key", consumerSecret: "made-anew" });
  t.match(await stage.configure(pair("sandbox-consumer-key", "made-anew")), { result: { warnings: [] } });
});

t.test("another app is refused as long as the tokens are of the old one, unless it is forced", async (t) => {
  const stage = await openStage(t);
  const registration = await stage.register();
  await stage.control("apps", { consumerKey: "other-key", consumerSecret: "other-secret" });
  const { error } = await stage.configure(pair("other-key", "other-secret"));
  t.match(error, { code: 8769 });
  t.match((await stage.call<HostStatus>("server.status")).configuration.lastError, /of another app than .*--force/);
  t.equal(await delivers(stage, "Of the old app"), "delivered");
  const forced = await stage.call<ReloadReport>("server.reload", { force: true });
  t.match(forced, { changed: ["plug-in twitter: credentials"], warnings: [/forced although .* another app/] });
  t.match(await stage.call("server.status"), { configuration: { warnings: [/forced/] } });
  const { deliveries } = await stage.notify({ text: "Of the new app" });
  await stage.reaches(deliveries[0]!.id, "waiting");
  const { authorizeUrl } = await stage.call<{ authorizeUrl: string }>("registrations.authorize", { id: registration.id });
  const { pin } = await stage.control<{ pin: string }>("authorize", { authorizeUrl, accountName: "ITSM_Notify" });
  await stage.call("registrations.confirm", { id: registration.id, pin });
  await stage.reaches(deliveries[0]!.id, "delivered");
});

t.test("another app with its own tokens in the same edit is taken at once, without one refused call", async (t) => {
  const tokens = (accessToken: string) => ({ accounts: { ITSM_Notify: { accessToken, accessTokenSecret: `${accessToken}-secret` } } });
  const stage = await openStage(t, { twitterSecrets: tokens("sandbox-access-token") });
  await stage.register();
  t.equal(await delivers(stage, "Of the old app"), "delivered");
  await stage.control("apps", { consumerKey: "other-key", consumerSecret: "other-secret" });
  await stage.control("accounts", { name: "ITSM_Notify", token: "t2", tokenSecret: "t2-secret", consumerKey: "other-key" });
  t.match(await stage.configure(pair("other-key", "other-secret", tokens("t2"))), { result: { warnings: [] } });
  t.equal(await delivers(stage, "Of the new app"), "delivered");
  const requests = await stage.control<{ path: string; status: number }[]>("requests");
  t.same(
    requests.filter(({ status }) => status === 401),
    [],
  );
});

t.test("where X can't be reached the new ones are taken, with a warning", async (t) => {
  const stage = await openStage(t);
  await stage.register();
  await stage.control("faults", { match: { path: "/2/users/me" }, fault: { drop: true }, times: 0 });
  const { result } = await stage.configure(pair("sandbox-consumer-key", "not-asked-about"));
  t.match(result, { warnings: [/plug-in twitter: the new credentials could not be tried \(tried for ITSM_Notify\): /] });
  t.match(stage.log.join("\n"), /"level":"warn".*could not be tried.*"msg":"configuration reloaded"/);
});

t.test("a bad token of an account is shown in the status, and the old one goes on", async (t) => {
  const tokens = (accessToken: string) => ({ accounts: { ITSM_Notify: { accessToken, accessTokenSecret: `${accessToken}-secret` } } });
  const stage = await openStage(t, { twitterSecrets: tokens("sandbox-access-token") });
  await stage.register();
  t.equal(await delivers(stage, "With the first token"), "delivered");
  await stage.configure({ twitterSecrets: tokens("marked-dead") });
  for (;;) {
    const { warnings } = (await stage.call<HostStatus>("server.status")).configuration;
    if (warnings.length > 0) {
      t.match(warnings, [/^the token of ITSM_Notify: 401:/]);
      break;
    }
  }
  t.equal(await delivers(stage, "Still with the first"), "delivered");
  await stage.configure({ twitterSecrets: tokens("sandbox-access-token") });
  for (;;) if ((await stage.call<HostStatus>("server.status")).configuration.warnings.length === 0) break;
});
