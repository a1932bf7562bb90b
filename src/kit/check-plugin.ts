/** The promises of contract.ts that each plug-in with a mechanism must keep, as one suite for all of them. */
import { isDeepStrictEqual } from "node:util";
import { type Answer, HOST_FAULTS } from "../ar.ts";
import type { Account, PostInDoubt, PostToDeliver, Verdict } from "../contract.ts";
import { checkFaults } from "./check-faults.ts";
import { type FaultyService, openFaultyService, type Scripted, type ServiceAnswer } from "./faulty-service.ts";
import type { PluginUnderTest, Teardown } from "./kit-files.ts";
import { openWorker, type WorkerKit } from "./open-worker.ts";
import { TROUBLES, type Trouble, type TroubleName } from "./troubles.ts";

export type PluginToCheck = {
  module: URL;
  /** Settings and secrets with which the plug-in talks to a service at this address. Its own time-out: 2 s or more. */
  settings(serviceUrl: string): PluginUnderTest["settings"];
  secrets(serviceUrl: string): PluginUnderTest["secrets"];
  /** As the host would hand it to `deliver`; a function where the service's address is part of it. */
  account: Account | ((serviceUrl: string) => Account);
  /** How the service answers when all is well: a post that it takes, and whatever else the plug-in asks. */
  accepts: Scripted;
  /** The service knows repeats by a key (`deliveryId` and `index`), so `retry` is right where others are in doubt. */
  idempotent?: boolean;
  /** Where this service is different: the verdicts that are right in a trouble, instead of the kit's. */
  expect?: Partial<Record<TroubleName, readonly Verdict["verdict"][]>>;
};

/** What the suite needs of a test runner; tap's `t` has it. */
export type Runner = Teardown & {
  test(title: string, body: (t: Runner) => Promise<void>): PromiseLike<unknown>;
  ok(value: unknown, message: string): unknown;
};

/** Found in every encoding that leaves letters and digits alone. */
const MARK = "KIT4711";
const TEXT = `Broadcast ${MARK} of the test kit`;
const POST: PostToDeliver = {
  deliveryId: "01a20d8e-791b-750c-8594-6f9e496e474e",
  text: TEXT,
  reply: false,
  index: 0,
  previousIds: [],
  notification: { text: TEXT, content: "Broadcast", entryId: "INC1", accountName: "Kit", functionalUser: "ServiceDesk", priority: 5 },
};
/** Also of a noisy machine. */
const TIMEOUT_MS = 20_000;
/** What stalls is to be ended by this, before the plug-in's own time-out. */
const STALL_MS = 1_000;

type Bench = { plugin: PluginToCheck; account: Account; service: FaultyService; worker: WorkerKit; said: string[] };

/** Runs the suite: a service of its own, and the plug-in in a real worker. */
export async function checkPlugin(t: Runner, plugin: PluginToCheck): Promise<void> {
  const service = await openFaultyService(t);
  const { module } = plugin;
  const account = typeof plugin.account === "function" ? plugin.account(service.url) : plugin.account;
  const worker = await openWorker(t, { module, settings: plugin.settings(service.url) ?? {}, secrets: plugin.secrets(service.url) ?? {} });
  const bench: Bench = { plugin, account, service, worker, said: [] };
  await t.test("its failures have numbers, texts and names of their own", async (t) => checkFaults(t, worker.manifest.faults));
  await t.test("compose answers the same posts for the same text, and asks nobody", (t) => checkCompose(t, bench));
  await t.test("deliver posts exactly once, and answers the post's id", (t) => checkDelivery(t, bench));
  await t.test("deliver has the right verdict in every trouble", (t) =>
    inEveryTrouble(bench, (trouble) => checkVerdict(t, bench, trouble)),
  );
  await t.test("lookUp concludes nothing from what says nothing", (t) => inEveryTrouble(bench, (trouble) => checkLook(t, bench, trouble)));
  await t.test("an aborted call lets go of the service", (t) => checkAbort(t, bench));
  await t.test("nobody listening is told from a post that may stand", (t) => checkClosed(t, bench));
  await t.test("no secret shows in a log line, a fault or a verdict", async (t) => checkSecrets(t, bench));
}

const about = ({ account }: Bench) => ({ account });
const accepted = ({ plugin: { accepts } }: Bench, spoil = (answer: ServiceAnswer) => answer): Scripted =>
  typeof accepts === "function" ? (request) => spoil(accepts(request)) : spoil(accepts);
/** How often the post has been sent. */
const sent = ({ service }: Bench): number => service.requests.filter(({ body, path }) => body.includes(MARK) || path.includes(MARK)).length;

/** Remembers what was said, for the search for secrets. */
function keep<T>({ said }: Bench, answer: Answer<T>): Answer<T> {
  said.push(JSON.stringify(answer));
  return answer;
}

const TEXTS = [
  TEXT,
  "x",
  "a line\r\nand another\n\n",
  "e\u0301\u{1f4e7} \u{1f468}\u200d\u{1f4bb}",
  "long ".repeat(2_000),
  "@all #vpn https://example.org/a?b=c&d",
];

async function checkCompose(t: Runner, bench: Bench): Promise<void> {
  const before = bench.service.connections;
  for (const text of TEXTS) {
    const ask = () => bench.worker.ask("compose", { text, content: "Broadcast", entryId: null, accountName: bench.account.name });
    const [first, second] = [keep(bench, await ask()), await ask()];
    const title = JSON.stringify(text.slice(0, 40));
    t.ok(first.ok, `it answers for ${title}: ${JSON.stringify(first)}`);
    t.ok(isDeepStrictEqual(first, second), `twice the same for ${title}`);
    if (!first.ok) continue;
    const composed = first.value;
    if (composed.ok) {
      t.ok(composed.value.posts.length > 0, `there are posts for ${title}`);
      for (const post of composed.value.posts)
        t.ok(post.text !== "" && Number.isInteger(post.weightedLength), `a post has a text and a length: ${JSON.stringify(post)}`);
    } else checkReason(t, bench, composed.fault.reason);
  }
  t.ok(bench.service.connections === before, "nobody was asked");
}

async function checkDelivery(t: Runner, bench: Bench): Promise<void> {
  bench.service.answer(accepted(bench));
  const answer = keep(bench, await bench.worker.ask("deliver", POST, about(bench), TIMEOUT_MS));
  t.ok(answer.ok && answer.value.verdict === "delivered" && typeof answer.value.id === "string", JSON.stringify(answer));
  t.ok(sent(bench) === 1, `the post was sent once, not ${sent(bench)} times`);
}

type Named = { title: string; trouble: Trouble; verdicts: readonly Verdict["verdict"][] };

async function inEveryTrouble(bench: Bench, check: (named: Named) => Promise<void>): Promise<void> {
  for (const [title, trouble] of Object.entries<Trouble>(TROUBLES)) {
    if (trouble.spoil === "closed") continue;
    const spoiled = accepted(bench, trouble.spoil);
    // Who resets at the connect has not read what is asked.
    const { breaks } = trouble.spoil({});
    bench.service.answer(breaks === "reset-at-connect" ? { breaks } : spoiled);
    bench.service.requests.length = 0;
    await check({ title, trouble, verdicts: verdictsIn(bench, title as TroubleName, trouble) });
  }
}

function verdictsIn({ plugin }: Bench, title: TroubleName, { verdicts }: Trouble): readonly Verdict["verdict"][] {
  const wanted = plugin.expect?.[title] ?? verdicts;
  return plugin.idempotent && wanted.includes("in-doubt") ? [...wanted, "retry"] : wanted;
}

async function checkVerdict(t: Runner, bench: Bench, { title, trouble, verdicts }: Named): Promise<void> {
  const timeoutMs = trouble.stalls ? STALL_MS : TIMEOUT_MS;
  const answer = keep(bench, await bench.worker.ask("deliver", POST, about(bench), timeoutMs));
  const timesSent = sent(bench);
  t.ok(timesSent <= 1, `${title}: the post was sent once at most, not ${timesSent} times`);
  if (!answer.ok) {
    t.ok(trouble.stalls && answer.fault.reason === "time-out", `${title}: deliver answers a verdict; it said ${answer.fault.cause}`);
    return;
  }
  const verdict = answer.value;
  t.ok(verdicts.includes(verdict.verdict), `${title}: ${verdicts.join(" or ")}, and it is ${JSON.stringify(verdict)}`);
  if (verdict.verdict === "delivered") return;
  checkReason(t, bench, verdict.fault.reason);
  t.ok(verdict.fault.cause !== "", `${title}: the fault says its cause`);
  const row = bench.worker.manifest.faults[verdict.fault.reason];
  t.ok(!row || row.verdict === verdict.verdict, `${title}: the row ${verdict.fault.reason} says ${row?.verdict}, and so does the verdict`);
}

async function checkLook(t: Runner, bench: Bench, { title, trouble }: Named): Promise<void> {
  if (!trouble.hides) return;
  const post: PostInDoubt = { ...POST, ownedIds: [], begunAt: Date.now() };
  const answer = keep(bench, await bench.worker.ask("lookUp", post, about(bench), trouble.stalls ? STALL_MS : TIMEOUT_MS));
  if (answer.ok) t.ok(answer.value.finding === "unknown", `${title}: unknown, and it is ${JSON.stringify(answer.value)}`);
  else t.ok(trouble.stalls && answer.fault.reason === "time-out", `${title}: lookUp answers a finding; it said ${answer.fault.cause}`);
}

async function checkAbort(t: Runner, bench: Bench): Promise<void> {
  bench.service.answer({ breaks: "silent" });
  bench.service.requests.length = 0;
  await bench.worker.ask("deliver", POST, about(bench), STALL_MS);
  const deadline = performance.now() + STALL_MS;
  const isOpen = () => bench.service.requests.some(({ open }) => open);
  while (isOpen() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
  t.ok(bench.service.requests.length > 0, "the service was asked");
  t.ok(!isOpen(), "the request ends when the context's signal is aborted");
}

async function checkClosed(t: Runner, bench: Bench): Promise<void> {
  const title = "nobody listens";
  await bench.service.close();
  await checkVerdict(t, bench, { title, trouble: TROUBLES[title], verdicts: verdictsIn(bench, title, TROUBLES[title]) });
}

function checkReason(t: Runner, { worker }: Bench, reason: string): void {
  const known = Object.hasOwn(worker.manifest.faults, reason) || Object.hasOwn(HOST_FAULTS, reason);
  t.ok(known, `the fault ${reason} has a row in its table, or in the host's`);
}

function checkSecrets(t: Runner, { plugin, account, service, worker, said }: Bench): void {
  const secrets = [...textsIn(plugin.secrets(service.url)), ...textsIn(account.token)].filter((text) => text.length >= 6);
  t.ok(secrets.length > 0, "there are secrets to look for, of 6 characters or more");
  const lines = [...worker.log, ...said];
  for (const secret of new Set(secrets)) {
    const line = lines.find((one) => one.includes(secret));
    t.ok(line === undefined, `no ${"*".repeat(secret.length)}: ${line ?? ""}`);
  }
}

function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
