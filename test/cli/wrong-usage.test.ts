import t from "tap";
import { runOn, stage } from "./stage.ts";

/** What was typed, and what is said of it. */
const TABLE: readonly (readonly [string[], string])[] = [
  [["notfy", "x"], 'Unknown command "notfy". Did you mean "notify"?'],
  [["stauts"], 'Unknown command "stauts". Did you mean "status"?'],
  [["STATUS"], 'Unknown command "STATUS". Did you mean "status"?'],
  [["reg"], 'Unknown command "reg". Did you mean "registrations"?'],
  [["frobnicate"], 'Unknown command "frobnicate".'],
  [["--verion"], 'Unknown option "--verion". Did you mean "--version"?'],
  [["help", "delivries"], 'Unknown command "delivries". Did you mean "deliveries"?'],
  [["help", "lanes", "stop"], 'Unknown command "lanes stop". There are: list, pause, resume.'],
  [["--json"], "No command was given."],
  [["lanes"], "perch lanes needs one of: list, pause, resume."],
  [["lanes", "puase", "A"], 'Unknown command "lanes puase". Did you mean "lanes pause"?'],
  [["lanes", "pause"], "perch lanes pause needs ACCOUNT (the account's name, with or without @)."],
  [["lanes", "pause", "A", "B"], 'perch lanes pause takes ACCOUNT; "B" is too much. A text with blanks goes in quotes.'],
  [["notify"], "perch notify needs TEXT (the text; - reads it from standard input)."],
  [["notify", ""], "perch notify was given an empty argument."],
  [["notify", "E-mail", "is", "down"], 'perch notify takes TEXT; "is" is too much. A text with blanks goes in quotes.'],
  [["notify", "-5 degrees"], 'Unknown option "-5" of perch notify. A text that begins with a dash goes after "--".'],
  [["notify", "x", "--prority", "1"], 'Unknown option "--prority" of perch notify. Did you mean "--priority"?'],
  [["notify", "x", "--priority"], "--priority needs a value: --priority N (if it begins with a dash: --priority=…)."],
  [["notify", "x", "--user", "--json"], "--user needs a value: --user NAME (if it begins with a dash: --user=…)."],
  [["notify", "x", "--user="], "--user needs a value: --user NAME (if it begins with a dash: --user=…)."],
  [["notify", "x", "--priority", "11"], '--priority must be a whole number from 0 to 10, not "11".'],
  [["notify", "x", "-p", "high"], '-p must be a whole number from 0 to 10, not "high".'],
  [["notify", "x", "--ttl", "0"], '--ttl must be a whole number from 1 to 31536000, not "0".'],
  [["notify", "x", "--wait", "301"], '--wait must be a whole number from 0 to 300, not "301".'],
  [["notify", "x", "--json=yes"], "--json is a switch and takes no value."],
  [["notify", "-"], "The text is empty."],
  [["preview", "-"], "The text is empty."],
  [["status", "now"], 'perch status takes no argument; "now" is too much. A text with blanks goes in quotes.'],
  [["registrations", "create", "--user", "A"], "perch registrations create needs --account NAME (Associated Account Name)."],
  [["registrations", "create", "--account", "A"], "perch registrations create needs --user NAME (AR Functional User)."],
  [["registrations", "create", "--user", "A", "--account", "B", "--status", "On"], '--status must be one of Enabled, Disabled, not "On".'],
  [["registrations", "authorize"], "perch registrations authorize needs ID|ACCOUNT"],
  [["deliveries", "show"], "perch deliveries show needs ID (the delivery's id)."],
  [
    ["deliveries", "list", "--state", "lost"],
    "--state must be one of queued, sending, waiting, in-doubt, delivered, failed, expired, cancelled",
  ],
  [["deliveries", "list", "--since", "yesterday"], "--since must be a moment (2026-11-24, 2026-11-24T10:00) or how long ago (30m, 2h, 7d)"],
  [["deliveries", "list", "--limit", "5000"], '--limit must be a whole number from 1 to 1000, not "5000".'],
  [["deliveries", "retry"], "perch deliveries retry needs ids, or a filter (--state, --account, …)."],
  [["deliveries", "cancel", "X", "--state", "queued"], "Give ids or a filter, not both."],
  [["log-level"], "perch log-level needs LEVEL"],
  [["log-level", "a", "b", "c"], 'perch log-level takes PLUGIN LEVEL; "c" is too much.'],
  [["plugins", "restart"], "perch plugins restart needs NAME"],
  [["sandbox", "--port", "70000"], '--port must be a whole number from 0 to 65535, not "70000".'],
  [["start", "--json"], 'Unknown option "--json" of perch start.'],
  [["check", "--url", "http://127.0.0.1:1"], 'Unknown option "--url" of perch check.'],
  [["status", "--client", "ops"], "--client goes with --url; over the Unix socket no name is needed."],
  [["status", "--url", "here"], "--url must be an address like http://127.0.0.1:9999."],
  [["status", "--url", "ftp://127.0.0.1"], "--url must be an address like http://127.0.0.1:9999."],
  [["status", "--url", "http://127.0.0.1:1"], "--url needs --client NAME: who calls (a client of the credentials file)."],
  [
    ["status", "--url", "http://ops:geheim@127.0.0.1:1"],
    "--url must not hold a name or password: give --client NAME, and the password in $PERCH_PASSWORD.",
  ],
  [["status", "--url", "http://127.0.0.1:1", "--client", "ops"], "The password of ops is missing: put it in $PERCH_PASSWORD."],
  [["credentials", "hash"], "No password came on standard input."],
];

t.test("each wrong use ends with 2, says what is wrong and how to get help, and does nothing", async (t) => {
  for (const [argv, sentence] of TABLE) {
    const { status, out, err } = await runOn(argv, "/");
    t.equal(status, 2, argv.join(" "));
    t.equal(out, "", argv.join(" "));
    t.ok(err.startsWith(sentence), `${argv.join(" ")}: ${err}`);
    t.match(err, /\nRun `perch help.*` to see /);
    t.notMatch(err, "geheim");
  }
});

t.test("the help that is offered is that of the command", async (t) => {
  t.match((await runOn(["lanes", "pause"], "/")).err, "Run `perch help lanes pause` to see how it is used.");
  t.match((await runOn(["nonsense"], "/")).err, "Run `perch help` to see all commands.");
});

t.test("deleting without a terminal needs --yes", async (t) => {
  const { registration } = await import("./recorded.ts");
  const { run, calls } = await stage(t, { "registrations.list": { registrations: [registration] } });
  const { status, err } = await run(["registrations", "delete", "ITSM_Notify"]);
  t.equal(status, 2);
  t.match(err, "To delete without being asked, say --yes.");
  t.same(
    calls.map(({ method }) => method),
    ["registrations.list"],
  );
});
