import { Ajv2020 } from "ajv/dist/2020.js";
import t from "tap";
import { completeSettings, DEFAULTS, Secrets, Settings } from "../../../plugins/twitter/settings.ts";

const ajv = new Ajv2020({ useDefaults: true, allErrors: true });
ajv.addKeyword("x-path");
const isSettings = ajv.compile(Settings);
const isSecrets = ajv.compile(Secrets);

t.test("an empty part is enough: the validator fills in every default", async (t) => {
  const settings = {};
  t.ok(isSettings(settings));
  t.same(settings, DEFAULTS);
});

t.test("the plug-in fills in the same defaults where the validator did not", async (t) => {
  t.same(completeSettings({}), DEFAULTS);
  t.same(completeSettings({ clock: { correction: "off" } }).clock, { correction: "off", toleranceSeconds: 60 });
});

t.test("plain http is for loopback only", async (t) => {
  const good = [
    "https://api.x.com",
    "https://api.x.com/",
    "http://127.0.0.1:8080",
    "http://localhost:1",
    "http://[::1]:9",
    "https://[2001:db8::1]",
  ];
  const bad = [
    "http://api.x.com",
    "http://127.0.0.1@evil.example",
    "http://127.0.0.1.evil.example",
    "http://localhost.evil.example",
    "https://user:password@api.x.com",
    "https://api.x.com?x=1",
    "https://api.x.com#x",
    "https://",
    "ftp://api.x.com",
    "file:///etc/passwd",
    "//api.x.com",
  ];
  for (const apiBaseUrl of good) t.ok(isSettings({ apiBaseUrl }), apiBaseUrl);
  for (const apiBaseUrl of bad) t.notOk(isSettings({ apiBaseUrl }), apiBaseUrl);
});

t.test("unknown keys and values are refused", async (t) => {
  t.notOk(isSettings({ apiBaseURL: "https://api.x.com" }));
  t.notOk(isSettings({ clock: { corection: "off" } }));
  t.notOk(isSettings({ text: { overflow: "wrap" } }));
  t.notOk(isSettings({ protectedAccount: false }), "a bare off in YAML 1.1 would be false");
  t.notOk(isSettings({ requestTimeoutSeconds: 0 }));
});

t.test("secrets need a key and its secret; accounts need both halves of a token", async (t) => {
  const app = { consumerKey: "k", consumerSecret: "s" };
  t.ok(isSecrets(app));
  t.ok(isSecrets({ ...app, accounts: { ITSM_Notify: { accessToken: "a", accessTokenSecret: "b" } } }));
  t.notOk(isSecrets({ consumerKey: "k" }));
  t.notOk(isSecrets({ ...app, accounts: { ITSM_Notify: { accessToken: "a" } } }));
  t.notOk(isSecrets({ ...app, consumerKey: "" }));
});
