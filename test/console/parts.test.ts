/** What pages are put together from: templates, cookies, addresses, tables of values. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import t from "tap";
import { answerWords } from "../../src/attempt-words.ts";
import { STYLES } from "../../src/console/asset-routes.ts";
import { cookie, endedCookie, readCookie } from "../../src/console/cookie.ts";
import { html } from "../../src/console/html.ts";
import { readMoment } from "../../src/console/moment.ts";
import { ownPath } from "../../src/console/own-path.ts";
import { type Step, stepsOf } from "../../src/console/registration-steps.ts";
import { isSameOrigin } from "../../src/console/same-origin.ts";
import { csvLine } from "../../src/csv.ts";

t.test("no text leaves a template as markup", async (t) => {
  t.equal(String(html`<p title="${`"'&`}">${"<script>"}</p>`), '<p title="&quot;&#39;&amp;">&lt;script&gt;</p>');
  t.equal(String(html`${html`<b>${1}</b>`}${["<", html`<i></i>`]}${undefined}${false}`), "<b>1</b>&lt;<i></i>");
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => !/[<>"']/.test(String(html`${text}`))));
});

t.test("what would turn the direction of a page, or is no text, is shown as such", async (t) => {
  t.equal(String(html`${"a\u202eb\u0000c\ud800"}`), "a\ufffdb\ufffdc\ufffd");
});

t.test("a cookie is bound to the host on TLS, and read back only where it has the form of an id", async (t) => {
  const id = "x".repeat(43);
  t.equal(cookie("session", id, true), `__Host-perch=${id}; Path=/; HttpOnly; SameSite=Strict; Secure`);
  t.equal(cookie("session", id, false), `perch=${id}; Path=/; HttpOnly; SameSite=Strict`);
  t.match(endedCookie("session", true), "__Host-perch=; Max-Age=0;");
  t.equal(readCookie("session", `a=b; perch=${id}`, false), id);
  t.equal(readCookie("session", `__Host-perch=${id}`, false), undefined, "what TLS set counts on TLS only");
  t.equal(readCookie("session", `perch=${id}`, true), undefined);
  t.equal(readCookie("session", "perch=short", false), undefined);
  t.equal(readCookie("session", undefined, false), undefined);
  t.equal(readCookie("session", `perch-log-in=${id}`, false), undefined, "one is not the other");
  t.equal(readCookie("log-in", `perch=x; perch-log-in=${id}`, false), id);
});

t.test("after the log-in a browser goes to a page of the console and nowhere else", async (t) => {
  for (const path of ["/", "/console/lanes", "/console/deliveries?state=failed&text=a%20b+c"]) t.equal(ownPath(path), path);
  const others = ["//evil.example", "/\\evil.example", "https://evil.example/console/", "/console/..//evil.example", "/console/../rpc"];
  const odd = ["/console/\n//evil", "javascript:alert(1)", "/rpc", "/console/log-in?next=/console/log-in", "/console/log-out", "", null];
  for (const path of [...others, ...odd]) t.equal(ownPath(path), "/", String(path));
  fc.assert(fc.property(fc.string(), (text) => new URL(ownPath(`/console/${text}`), "http://own.test").host === "own.test"));
});

t.test("a form counts only from this origin, as the browser tells it", async (t) => {
  const from = (headers: Record<string, string>) => isSameOrigin({ headers, host: "perch.test:9999", protocol: "http" });
  t.ok(from({ origin: "http://perch.test:9999" }));
  t.ok(from({ origin: "https://perch.test:9999" }), "a proxy may do TLS");
  t.ok(from({ "sec-fetch-site": "same-origin" }));
  t.notOk(from({}));
  t.notOk(from({ origin: "null" }));
  t.notOk(from({ origin: "http://perch.test" }));
  t.notOk(from({ origin: "http://perch.test:9999.evil.example" }));
  t.notOk(from({ origin: "http://evil.example", "sec-fetch-site": "same-origin" }));
  for (const site of ["cross-site", "same-site", "none"]) t.notOk(from({ origin: "http://perch.test:9999", "sec-fetch-site": site }), site);
});

t.test("no cell of an export is a formula, and a spreadsheet reads back what was there", async (t) => {
  t.equal(csvLine(["a", 'say "no"', "two\nlines", "x,y"]), 'a,"say ""no""","two\nlines","x,y"\r\n');
  for (const start of ["=", "+", "-", "@", "\t", "\r", "＝"]) t.match(csvLine([`${start}HYPERLINK(1)`]), /^"'/, JSON.stringify(start));
});

t.test("moments of a filter are taken for UTC, and what is none is left out", async (t) => {
  t.equal(readMoment("2026-11-24T10:30"), "2026-11-24T10:30:00.000Z");
  t.equal(readMoment("2026-11-24"), "2026-11-24T00:00:00.000Z");
  for (const text of ["", null, "yesterday", "2026-13-45T10:00"]) t.equal(readMoment(text), undefined);
});

t.test("the steps of a registration: what is done, and what is next", async (t) => {
  const states = (registration: Parameters<typeof stepsOf>[0], withoutPin = false) =>
    stepsOf(registration, withoutPin).map(({ name, state }: Step) => `${name} ${state}`);
  const at = (
    authorization: "none" | "pending" | "authorized" | "revoked",
    pinEnabled = false,
    status: "Enabled" | "Disabled" = "Disabled",
  ) => ({
    authorization,
    pinEnabled,
    status,
  });
  t.same(states(undefined), ["save next", "authorize later", "pin later", "enable later"]);
  t.same(states(at("none")), ["save done", "authorize next", "pin later", "enable later"]);
  t.same(states(at("pending", true)), ["save done", "authorize done", "pin next", "enable later"]);
  t.same(states(at("authorized")), ["save done", "authorize done", "pin done", "enable next"]);
  t.same(states(at("authorized", false, "Enabled")), ["save done", "authorize done", "pin done", "enable done"]);
  t.same(states(at("authorized", true, "Enabled")), ["save done", "authorize done", "pin next", "enable done"], "authorised again");
  t.same(states(at("revoked", false, "Enabled")), ["save done", "authorize next", "pin later", "enable done"]);
  t.same(states(undefined, true), ["save next", "credentials later", "enable later"]);
  t.same(states(at("none"), true), ["save done", "credentials next", "enable later"]);
  t.same(states(at("authorized"), true), ["save done", "credentials done", "enable next"]);
});

t.test("what a class looks like is said by one style sheet", async (t) => {
  const owners = new Map<string, string>();
  for (const file of STYLES) {
    const css = readFileSync(new URL(`../../src/console/assets/${file}`, import.meta.url), "utf8");
    for (const [, name = ""] of css.matchAll(/^(\.[\w-]+)(?: \{|,)$/gm)) {
      const owner = owners.get(name) ?? file;
      if (owner !== file) t.fail(`${name} stands in ${owner} and in ${file}`);
      owners.set(name, owner);
    }
  }
  t.ok(owners.size > 20, "the sheets were read");
});

t.test("what the service answered, each word of it once", async (t) => {
  t.equal(answerWords(undefined), undefined);
  t.equal(answerWords({ status: 503, title: "Service Unavailable", detail: "Service Unavailable" }), "HTTP 503, Service Unavailable");
  t.equal(answerWords({ status: 403, code: 187, detail: "Status is a duplicate." }), "HTTP 403, code 187, Status is a duplicate.");
});
