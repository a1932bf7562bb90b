import t from "tap";
import {
  DELIVERY_ID,
  delivered,
  enabled,
  failed,
  hostStatus,
  lane,
  notified,
  plugin,
  preview,
  REGISTRATION_ID,
  registration,
  unauthorized,
  waiting,
} from "./recorded.ts";
import { type Answers, runOn, signals, stage } from "./stage.ts";

process.env.TZ = "UTC";
// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape is what colour begins with
const COLOUR = /\u001b\[/;

const ANSWERS: Answers = {
  "server.status": hostStatus,
  "server.reload": {
    changed: ["log levels"],
    needsRestart: ["server.port"],
    why: { "server.port": "it is listened at" },
    warnings: ["not tried"],
  },
  "server.logLevel": (params: Record<string, unknown>) => params,
  notify: notified,
  preview,
  "registrations.list": { registrations: [registration, unauthorized] },
  "registrations.create": unauthorized,
  "registrations.update": (params: Record<string, unknown>) => ({ ...registration, ...params }),
  "registrations.delete": { id: REGISTRATION_ID, cancelled: [DELIVERY_ID] },
  "registrations.authorize": { authorizeUrl: "https://x.example/oauth/authorize?oauth_token=T" },
  "registrations.confirm": registration,
  "deliveries.list": { deliveries: [delivered, failed, waiting], cursor: "next" },
  "deliveries.get": failed,
  "deliveries.retry": { ids: [failed.id] },
  "deliveries.cancel": { ids: [] },
  "lanes.list": { lanes: [lane] },
  "lanes.pause": { ...lane, state: "paused", paused: true },
  "lanes.resume": { ...lane, state: "idle" },
  "plugins.list": { plugins: [plugin] },
  "plugins.restart": plugin,
};

/** The command, the last method that it calls with its params, and what a pipe gets. */
const TABLE: readonly (readonly [string[], string, object, string | RegExp])[] = [
  [["status"], "server.status", {}, /^Host {11}ready\nVersion {8}0\.1\.0 \(Node 24\.0\.0, process 4242\), up 2 h 10 min\n/],
  [["status"], "server.status", {}, "Deliveries     12 delivered, 1 failed"],
  [["status"], "server.status", {}, "example\tready\tARSYS.ALRT.EXAMPLE ARSYS.ARF.EXAMPLE\t1\t2\t0\t1200 s slow\t\n"],
  [
    ["reload"],
    "server.reload",
    {},
    "In force now: log levels\nChanged, in force after a restart of the host: server.port (it is listened at)\nLook at this: not tried\n",
  ],
  [["reload", "--force"], "server.reload", { force: true }, "In force now: log levels\n"],
  [["status"], "server.status", {}, "\nVault          key test, 0 sealed\n"],
  [["log-level", "debug"], "server.logLevel", { level: "debug" }, "The host logs at debug now.\n"],
  [["log-level", "example", "FINE"], "server.logLevel", { level: "FINE", plugin: "example" }, "example logs at FINE now.\n"],
  [
    ["notify", "x"],
    "notify",
    { text: "x", waitSeconds: 30 },
    `delivered  ITSM_Notify  ${DELIVERY_ID}  https://x.example/ITSM_Notify/status/1700000000000000001\n`,
  ],
  [["notify", "x", "--no-wait"], "notify", { text: "x", waitSeconds: 0 }, "delivered"],
  [["notify", "--wait=5", "--", "-5 degrees"], "notify", { text: "-5 degrees", waitSeconds: 5 }, "delivered"],
  [
    ["notify", "x", "-c", "Alert", "-u", "Allen", "-e", "INC1", "-p", "0", "--ttl", "60", "--key", "k"],
    "notify",
    {
      text: "x",
      content: "Alert",
      functionalUser: "Allen",
      entryId: "INC1",
      priority: 0,
      ttlSeconds: 60,
      idempotencyKey: "k",
      waitSeconds: 30,
    },
    "delivered",
  ],
  [
    ["preview", "x", "--user", "Allen"],
    "preview",
    { text: "x", functionalUser: "Allen" },
    "Post 1 of 2 (16 characters):\n  (1/2) first half\nPost 2 of 2 (17 characters):\n",
  ],
  [["preview", "x", "--mechanism", "Webhook"], "preview", { text: "x", mechanism: "Webhook" }, "Post 1 of 2 (16 characters):\n"],
  [
    ["registrations", "list"],
    "registrations.list",
    {},
    `${REGISTRATION_ID}\tITSM_Notify\tDisabled\tauthorized\tyes\tBroadcast\tGlobal\tExample\tAllen Allbrook\n`,
  ],
  [
    ["registrations", "create", "-u", "Mary Mann", "-a", "@Paris_Desk", "--status", "disabled"],
    "registrations.create",
    { functionalUser: "Mary Mann", accountName: "Paris_Desk", status: "Disabled" },
    `Paris_Desk is registered: ${unauthorized.id} (Disabled)\nNext: perch registrations authorize ${unauthorized.id}\n`,
  ],
  [
    ["registrations", "authorize", "@itsm_notify"],
    "registrations.authorize",
    { id: REGISTRATION_ID },
    `  https://x.example/oauth/authorize?oauth_token=T\n\nThen type the PIN that it shows: perch registrations authorize ${REGISTRATION_ID} --pin PIN\n`,
  ],
  [
    ["registrations", "authorize", REGISTRATION_ID, "--pin", "1234567"],
    "registrations.confirm",
    { id: REGISTRATION_ID, pin: "1234567" },
    `ITSM_Notify is authorised (protected, access read-write), disabled.\nNext: perch registrations enable ${REGISTRATION_ID}\n`,
  ],
  [
    ["registrations", "authorize", REGISTRATION_ID, "--pin", "1234567", "--enable"],
    "registrations.update",
    { id: REGISTRATION_ID, status: "Enabled" },
    "ITSM_Notify is authorised (protected, access read-write), enabled.\n",
  ],
  [
    ["registrations", "enable", "ITSM_Notify"],
    "registrations.update",
    { id: REGISTRATION_ID, status: "Enabled" },
    "ITSM_Notify is enabled now",
  ],
  [
    ["registrations", "disable", "ITSM_Notify"],
    "registrations.update",
    { id: REGISTRATION_ID, status: "Disabled" },
    "ITSM_Notify is disabled now",
  ],
  [
    ["registrations", "delete", "ITSM_Notify", "-y"],
    "registrations.delete",
    { id: REGISTRATION_ID },
    "deleted; deliveries cancelled: 1.\n",
  ],
  [
    ["deliveries", "list"],
    "deliveries.list",
    {},
    `${DELIVERY_ID}\tdelivered\t2026-11-24T11:59:50.000Z\tITSM_Notify\tINC000000012345\tE-mail is down in Paris, we are on it\n`,
  ],
  [["deliveries", "list"], "deliveries.list", {}, "\tITSM_Notify\t\tVPN is slow⏎since 09:00\n"],
  [
    [
      "deliveries",
      "list",
      "-s",
      "failed",
      "-s",
      "waiting",
      "-a",
      "@A",
      "-e",
      "INC1",
      "--since",
      "2h",
      "--until",
      "2026-11-24T11:00:00Z",
      "--text",
      "down",
      "-n",
      "5",
      "--cursor",
      "c",
    ],
    "deliveries.list",
    {
      states: ["waiting", "failed"],
      accountName: "A",
      entryId: "INC1",
      since: "2026-11-24T10:00:00.000Z",
      until: "2026-11-24T11:00:00.000Z",
      text: "down",
      limit: 5,
      cursor: "c",
    },
    "ID\tSTATE",
  ],
  [["deliveries", "retry", "a", "b"], "deliveries.retry", { ids: ["a", "b"] }, `1 put back:\n${failed.id}\n`],
  [["deliveries", "retry", "--state", "failed"], "deliveries.retry", { states: ["failed"] }, "1 put back"],
  [["deliveries", "cancel", "a"], "deliveries.cancel", { ids: ["a"] }, "None of them could be cancelled.\n"],
  [
    ["lanes", "list"],
    "lanes.list",
    {},
    "ITSM_Notify\theld\t7\texample\t2026-11-24T11:59:30.000Z\t2026-11-24T12:14:30.000Z\trate-limited\n",
  ],
  [
    ["lanes", "pause", "@ITSM_Notify"],
    "lanes.pause",
    { accountName: "ITSM_Notify" },
    "ITSM_Notify is paused; 7 queued. Go on with: perch lanes resume ITSM_Notify\n",
  ],
  [["lanes", "resume", "ITSM_Notify"], "lanes.resume", { accountName: "ITSM_Notify" }, "ITSM_Notify goes on (idle); 7 queued.\n"],
  [["plugins", "list"], "plugins.list", {}, "PLUG-IN\tSTATE\tFILTERS\tWORKERS\tRESTARTS\tIN FLIGHT\tCLOCK\tWHAT HAPPENED\n"],
  [["plugins", "restart", "example"], "plugins.restart", { name: "example" }, "example is ready\n"],
  [
    ["deliveries", "show", failed.id],
    "deliveries.get",
    { id: failed.id },
    `It failed after 3 attempts. When the cause is mended: perch deliveries retry ${failed.id}\n`,
  ],
];

t.test("each command calls its method, prints plain text to a pipe, colour to a terminal, and JSON when asked", async (t) => {
  const { run, calls } = await stage(t, ANSWERS);
  for (const [argv, method, params, shown] of TABLE) {
    const name = argv.join(" ");
    const plain = await run(argv);
    t.same({ status: plain.status, err: plain.err }, { status: 0, err: "" }, name);
    t.match(plain.out, shown, name);
    t.notMatch(plain.out, COLOUR, name);
    t.match(calls.at(-1), { method }, name);
    t.same(calls.at(-1)?.params, params, name);

    const terminal = await run(argv, { terminal: true });
    t.equal(terminal.status, 0, name);
    t.notMatch((await run(argv, { terminal: true, env: { NO_COLOR: "1" } })).out, COLOUR, `${name} without colour`);

    const dashes = argv.indexOf("--");
    const json = await run(dashes < 0 ? [...argv, "--json"] : argv.toSpliced(dashes, 0, "--json"));
    t.equal(json.status, 0, name);
    t.type(JSON.parse(json.out), "object", name);
    t.equal(json.err, "", name);
  }
});

t.test("a terminal gets coloured states and a table in its width", async (t) => {
  const { run } = await stage(t, ANSWERS);
  const { out } = await run(["deliveries", "list"], { terminal: true, columns: 120 });
  t.match(out, "\u001b[32mdelivered\u001b[39m");
  t.match(out, "\u001b[31mfailed\u001b[39m");
  t.match(out, /11:59:50 .*\n.*23 Nov 11:00/);
  t.match(out, "There are more: --cursor next");
  const lines = (await run(["deliveries", "list"], { terminal: true, columns: 110, env: { NO_COLOR: "1" } })).out.split("\n");
  t.ok(
    lines.every((line) => line.length <= 110),
    lines.join("\n"),
  );
  t.match(lines.join("\n"), "…");
});

t.test("deliveries show tells the whole story", async (t) => {
  const { run } = await stage(t, ANSWERS);
  const { out } = await run(["deliveries", "show", failed.id]);
  for (const part of [
    "  Text       VPN is slow\n             since 09:00\n",
    `ITSM_Notify (registration ${REGISTRATION_ID})`,
    "Allen Allbrook, content Broadcast, priority 5",
    "Entry      none",
    "Attempts   3",
    "Post 1 of 2  posted  https://x.example/ITSM_Notify/status/1700000000000000002\n    VPN is slow\n",
    "Post 2 of 2  queued\n    since 09:00\n",
    "Last error:\n    Error in plugin : 401:Authentication credentials",
    "Perch: The host's clock is wrong. Synchronise the clock (NTP). : the host is 1200 s slow (ARNOTE 20001)",
    "The service answered HTTP 401, code 135, Timestamp out of bounds.",
    "The host's clock was 1200 s slow: the service said Tue, 24 Nov 2026 12:20:00 GMT.",
  ]) {
    t.match(out, part);
  }
});

t.test("deliveries show tells of each attempt, a line each", async (t) => {
  const error = failed.lastError;
  if (!error) throw new Error("it has no error");
  const refused = { at: failed.acceptedAt, index: 0, outcome: "retry", error, nextAttemptAt: failed.acceptedAt } as const;
  const history = [...Array.from({ length: 10 }, () => refused), { at: failed.acceptedAt, index: 0, outcome: "posted" } as const];
  const { run } = await stage(t, { "deliveries.get": { ...failed, history, historyLeftOut: 7 } });
  const { out } = await run(["deliveries", "show", failed.id]);
  t.match(out, "AT\tPOST\tOUTCOME\tANSWER\tNEXT\tERROR\n");
  t.match(out, `${failed.acceptedAt}\t1\tretry\tHTTP 401, code 135\t${failed.acceptedAt}\t${error.message}\n\t\t7 more\t\t\t\n`);
  t.match(out, `${failed.acceptedAt}\t1\tposted\t\t\t\n`);
});

t.test("each state has its sentence", async (t) => {
  const states = {
    queued: "its turn",
    sending: "1 of 2 posts are out",
    waiting: "after 3 attempts",
    "in-doubt": "time line",
    expired: "time to live",
    cancelled: "before it began",
  };
  for (const [state, sentence] of Object.entries(states)) {
    const { run } = await stage(t, { "deliveries.get": { ...failed, state } });
    t.match((await run(["deliveries", "show", failed.id])).out, sentence);
  }
  const { run } = await stage(t, { "deliveries.get": delivered });
  t.match((await run(["deliveries", "show", DELIVERY_ID])).out, "It was delivered at 11:59:52, 2 s after it was accepted (1 attempt).");
});

t.test("what a terminal would obey is shown as it is written", async (t) => {
  const evil = { ...delivered, text: "a\u001b[2Jb\u009b31mc\u202ed\te", accountName: "x\u0007y" };
  const { run } = await stage(t, { "deliveries.list": { deliveries: [evil] }, "deliveries.get": evil, notify: { deliveries: [evil] } });
  for (const argv of [
    ["deliveries", "list"],
    ["deliveries", "show", "x"],
    ["notify", "x"],
  ]) {
    for (const more of [[], ["--json"]]) {
      const { out } = await run([...argv, ...more]);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there
      t.notMatch(out, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/, [...argv, ...more].join(" "));
    }
  }
  t.same(JSON.parse((await run(["deliveries", "show", "x", "--json"])).out), evil);
});

t.test("notify reads the text from standard input and ends with 1 when a delivery failed", async (t) => {
  const { run, calls } = await stage(t, { notify: { deliveries: [delivered, failed] } });
  const { status, out } = await run(["notify", "-"], { stdin: "two\nlines\n" });
  t.equal(status, 1);
  t.equal(calls[0]?.params.text, "two\nlines");
  t.match(out, /failed .*\n {2}Error in plugin : 401/);
});

t.test("notify ends with 0 when a delivery still waits, and says so; a repeat is told as one", async (t) => {
  const { run } = await stage(t, { notify: { deliveries: [waiting], duplicate: true } });
  const { status, out } = await run(["notify", "x"]);
  t.equal(status, 0);
  t.match(out, "This call is a repeat; nothing new is posted.");
  t.match(out, "The next attempt is at 12:01:00.");
  t.match(out, `It is kept and goes out by itself. Look again with: perch deliveries show ${waiting.id}`);
});

t.test("notify shows a spinner on a terminal only, and takes it away", async (t) => {
  const { run } = await stage(t, ANSWERS);
  const { err } = await run(["notify", "x"], { terminal: true });
  t.match(err, /⠋.* sending; the outcome is waited for up to 30 s/);
  t.ok(err.endsWith("\r\u001b[K"));
  t.equal((await run(["notify", "x"])).err, "");
});

t.test("registrations authorize asks for the PIN on a terminal", async (t) => {
  const { run, calls } = await stage(t, ANSWERS);
  const { status, out, err } = await run(["registrations", "authorize", "ITSM_Notify", "--enable"], { typed: " 1234567 \n" });
  t.equal(status, 0);
  t.match(out, "https://x.example/oauth/authorize?oauth_token=T");
  t.equal(err, "PIN: ");
  t.same(
    calls.slice(1).map(({ method, params }) => [method, params]),
    [
      ["registrations.authorize", { id: REGISTRATION_ID }],
      ["registrations.confirm", { id: REGISTRATION_ID, pin: "1234567" }],
      ["registrations.update", { id: REGISTRATION_ID, status: "Enabled" }],
    ],
  );
  const empty = await run(["registrations", "authorize", "ITSM_Notify"], { typed: "\n" });
  t.equal(empty.status, 1);
  t.match(
    empty.err,
    `No PIN was typed; the account is not authorised. While the page is open: perch registrations authorize ${REGISTRATION_ID} --pin PIN`,
  );
});

t.test("an account that no registration or more than one has is refused", async (t) => {
  const twin = { ...enabled, id: "other", content: "Alert" };
  const { run, calls } = await stage(t, { "registrations.list": { registrations: [registration, twin] } });
  for (const name of ["authorize", "enable", "disable", "delete"]) {
    const none = await run(["registrations", name, "ITSM_Notfy"]);
    t.equal(none.status, 1);
    t.match(none.err, "no registration ITSM_Notfy; did you mean ITSM_Notify? (ARERR 8753)");
    t.match(none.err, "(ARNOTE 20028)");
    t.match(
      (await run(["registrations", name, "itsm_notify"])).err,
      `2 registrations have the account itsm_notify; give an id: ${REGISTRATION_ID} (Broadcast), other (Alert)`,
    );
  }
  t.ok(calls.every(({ method }) => method === "registrations.list"));
});

t.test("deleting asks on a terminal, and anything but yes deletes nothing", async (t) => {
  const { run, calls } = await stage(t, ANSWERS);
  const no = await run(["registrations", "delete", "ITSM_Notify"], { typed: "y\n" });
  t.equal(no.status, 1);
  t.match(no.err, `Delete the registration of ITSM_Notify for Allen Allbrook (${REGISTRATION_ID})? Type yes: Nothing was deleted.`);
  t.notOk(calls.some(({ method }) => method === "registrations.delete"));
  t.equal((await run(["registrations", "delete", "ITSM_Notify"], { typed: "yes\n" })).status, 0);
  t.ok(calls.some(({ method }) => method === "registrations.delete"));
});

t.test("empty lists say so to a person and give a pipe the head alone", async (t) => {
  const { run } = await stage(t, {
    "deliveries.list": { deliveries: [] },
    "registrations.list": { registrations: [] },
    "lanes.list": { lanes: [] },
  });
  for (const [group, sentence] of [
    ["deliveries", "No deliveries."],
    ["registrations", "There is no registration yet."],
    ["lanes", "No lanes"],
  ] as const) {
    t.match((await run([group, "list"], { terminal: true })).out, sentence);
    t.equal((await run([group, "list"])).out.split("\n").length, 2);
  }
});

t.test("a held lane says why it waits, on a terminal", async (t) => {
  const { run } = await stage(t, ANSWERS);
  t.match(
    (await run(["lanes", "list"], { terminal: true })).out,
    /ITSM_Notify is held: Error in plugin : 401.*\n {2}Perch: The host's clock/,
  );
});

t.test("deliveries tail prints each change once, goes on when the host is away, and ends at Ctrl-C", async (t) => {
  const steps: object[][] = [[{ ...waiting, state: "queued" }], [waiting], [waiting], []];
  let at = 0;
  const { onSignal, send, listening } = signals();
  const { run } = await stage(t, {
    "deliveries.list": (params: Record<string, unknown>) => {
      if (at === 2 && !params.states) return { error: { code: -32603, message: "away" } };
      return { deliveries: steps[Math.min(at, 3)] };
    },
    "deliveries.get": { ...delivered, id: waiting.id },
  });
  const wait = async () => {
    at += 1;
    if (at === 6) send("SIGINT");
  };
  const { status, out, err } = await run(["deliveries", "tail"], { machine: { onSignal, wait } });
  t.equal(status, 0);
  t.equal(listening(), 0);
  t.equal(err, "away; it is tried again every second.\n");
  const lines = out
    .trimEnd()
    .split("\n")
    .map((line) => line.split("\t"));
  t.same(
    lines.map(([, state, id]) => [state, id]),
    [
      ["queued", waiting.id],
      ["waiting", waiting.id],
      ["delivered", waiting.id],
    ],
  );
  t.equal(lines[2]?.[4], "https://x.example/ITSM_Notify/status/1700000000000000001");
});

t.test("deliveries tail begins with the newest that were asked for, and prints a line of JSON for each with --json", async (t) => {
  const { onSignal, send } = signals();
  const { run, calls } = await stage(t, ANSWERS);
  const wait = async () => send("SIGTERM");
  const none = await run(["deliveries", "tail", "-n", "0", "-a", "@A"], { machine: { onSignal, wait } });
  t.same(none, { status: 0, out: "", err: "" });
  t.ok(calls.every(({ params }) => params.accountName === "A"));
  const json = await run(["deliveries", "tail", "--json"], { machine: { onSignal, wait } });
  const printed = json.out.trimEnd().split("\n");
  t.same(
    printed.map((line) => JSON.parse(line).id),
    [failed.id, waiting.id, DELIVERY_ID],
  );
});

t.test("deliveries tail fails at once when there is no host", async (t) => {
  const { run } = await stage(t);
  t.match(await run(["deliveries", "tail"]), { status: 1, err: "Method not found: deliveries.list" });
});

t.test("check prints each problem on a line of its own and ends with 1, else 0", async (t) => {
  const bad = { checkConfiguration: async () => ({ problems: ["a.yaml:1:2: no", "b.yaml:3:4: no"], summary: [] }) };
  t.same(await runOn(["check"], "/", { machine: bad }), { status: 1, out: "a.yaml:1:2: no\nb.yaml:3:4: no\n2 problems.\n", err: "" });
  const good = { checkConfiguration: async (file: string) => ({ problems: [], summary: [`read ${file}`] }) };
  t.same(await runOn(["check", "--config", "c.yaml"], "/srv", { machine: good }), {
    status: 0,
    out: "read /srv/c.yaml\nThe configuration is right.\n",
    err: "",
  });
  const json = await runOn(["check", "--json"], "/", { machine: bad });
  t.equal(json.status, 1);
  t.match(JSON.parse(json.out), { ok: false, problems: ["a.yaml:1:2: no", "b.yaml:3:4: no"] });
});

t.test("a reload of nothing says what the host took up by itself before", async (t) => {
  const nothing = { changed: [], needsRestart: [], why: {}, warnings: [] };
  const lastChange = { at: "2020-01-02T16:24:06.000Z", changed: ["outbox", "aliases"] };
  const faster = await stage(t, { "server.reload": { ...nothing, lastChange } });
  t.equal((await faster.run(["reload"])).out, "Nothing more has changed.\nIn force since 2020-01-02 16:24: outbox; aliases\n");
  const idle = await stage(t, { "server.reload": nothing });
  t.equal((await idle.run(["reload"])).out, "Nothing has changed.\n");
});

t.test("credentials init writes beside the configuration, or where it is told", async (t) => {
  const machine = { initCredentials: async (file: string) => ({ ok: true as const, file }) };
  t.match((await runOn(["credentials", "init"], "/srv", { machine })).out, "/srv/config/credentials.yaml is there now");
  t.same(JSON.parse((await runOn(["credentials", "init", "--file", "x.yaml", "--json"], "/srv", { machine })).out), {
    file: "/srv/x.yaml",
  });
  const refused = { initCredentials: async () => ({ ok: false as const, problems: ["x.yaml exists; it was left alone."] }) };
  t.match(await runOn(["credentials", "init"], "/srv", { machine: refused }), { status: 1, err: "x.yaml exists" });
});

t.test("credentials hash takes the password from a pipe or, twice, from a terminal", async (t) => {
  const asked: string[] = [];
  const machine = {
    hashPassword: async (password: string) => {
      asked.push(password);
      return "scrypt$…";
    },
  };
  t.same(await runOn(["credentials", "hash"], "/", { machine, stdin: " geheim \n" }), { status: 0, out: "scrypt$…\n", err: "" });
  t.same(asked, [" geheim "]);
  const typed = await runOn(["credentials", "hash", "--json"], "/", { machine, typed: "geheim\ngeheim\n" });
  t.same(JSON.parse(typed.out), { hash: "scrypt$…" });
  t.notMatch(typed.err, "geheim");
  t.match(await runOn(["credentials", "hash"], "/", { machine, typed: "geheim\nandere\n" }), { status: 1, out: "", err: "differ" });
});

t.test("a registration that lacks something else than a PIN says what, and no PIN is asked for", async (t) => {
  const advice = "There is no PIN: put the account into the credentials file.";
  const lacking = { ...unauthorized, advice };
  const { run } = await stage(t, { "registrations.create": lacking, "registrations.list": { registrations: [registration, lacking] } });
  const created = await run(["registrations", "create", "-u", "Mary Mann", "-a", "Paris_Desk"]);
  t.match(created.out, `\nNext: ${advice}\n`);
  t.match((await run(["registrations", "list"], { terminal: true })).out, `\nParis_Desk: ${advice}\n`);
  t.notMatch((await run(["registrations", "list"])).out, advice, "a pipe gets rows only");
});

t.test("a functional user whom the directory does not know is told, with those who are near", async (t) => {
  const users = [{ name: "mary.mann", fullName: "Mary Mann" }, { name: "mara" }, { name: "bob" }];
  const known = ({ prefix }: Record<string, unknown>) => ({
    users: users.filter(({ name }) => name.startsWith(String(prefix).toLowerCase())),
  });
  const { run, calls } = await stage(t, { "registrations.create": unauthorized, "users.suggest": known });
  const create = (user: string, terminal = true) => run(["registrations", "create", "-u", user, "-a", "Paris_Desk"], { terminal });
  const asked = () => calls.filter(({ method }) => method === "users.suggest").length;
  t.match(await create("Mary Man"), {
    status: 0,
    err: "The directory has no user Mary Man; workflow must call with exactly that name. Near: mary.mann, mara\n",
  });
  t.match(await create("Xaver"), { status: 0, err: "The directory has no user Xaver; workflow must call with exactly that name.\n" });
  t.match(await create("BOB"), { status: 0, err: "" });
  const before = asked();
  t.match(await create("Xaver", false), { status: 0, err: "" });
  t.equal(asked(), before, "nobody reads it in a pipe");
});

t.test("a directory that can't be asked is no reason to say anything when a registration is made", async (t) => {
  const { run } = await stage(t, { "registrations.create": unauthorized });
  t.match(await run(["registrations", "create", "-u", "Mary", "-a", "Paris_Desk"], { terminal: true }), { status: 0, err: "" });
});
