/**
 * The story that `perch demo` tells on the sandbox. Whether a broadcast was posted is judged by the sandbox's own record
 * (`GET /sandbox/posts`), never by what the host says of itself.
 */
import Type, { type Static, type TSchema } from "typebox";
import type { Demo, DemoKit } from "../../src/contract.ts";
import { checker } from "./sandbox/checked.ts";

const ACCOUNT = "ITSM_Notify";
const USER = "Demo_Broadcast";
const WAIT_SECONDS = 60;
/** How wrong the host's clock is made: four times what OAuth 1.0a servers usually let pass (5 minutes). */
const SLOW_SECONDS = 1200;
/** The cause that Twitter4J wrote and that workflow at BMC's customers matches on. */
const KNOWN_TEXT =
  "401:Authentication credentials (http://dev.twitter.com/pages/auth) were missing or incorrect. Ensure that you have set valid consumer key/secret, access token/secret, and the system clock in sync.";

const PLAIN = "E-mail is down in Paris, we are on it. Next update at 14:30 UTC.";
const LIVELY =
  "🚨 VPN is slow for everyone at home 🐌 Follow it here: https://status.example.com/incidents/INC000000004711?lang=en&view=full";
const LONG = [
  "Planned work in the data centre Lyon on Saturday from 20:00 to 23:30 UTC.",
  "Not available during that time: ticketing, the knowledge base, password reset and the software shop. Telephony and e-mail are not affected.",
  "Please save your work before 19:45. Whoever is on call reaches the duty manager at extension 4711; the change is CRQ000000012345, and the next notice follows when the work is done.",
].join("\n\n");

const Delivery = Type.Object({ id: Type.String(), state: Type.String() });
const shapes = {
  registration: Type.Object({ id: Type.String(), status: Type.String(), authorization: Type.String(), pinEnabled: Type.Boolean() }),
  page: Type.Object({ authorizeUrl: Type.String() }),
  pin: Type.Object({ pin: Type.String() }),
  notified: Type.Object({ deliveries: Type.Array(Delivery, { minItems: 1 }), duplicate: Type.Optional(Type.Boolean()) }),
  listed: Type.Object({ deliveries: Type.Array(Delivery) }),
  delivery: Delivery,
  record: Type.Array(Type.Object({ id: Type.String(), accountName: Type.String(), text: Type.String() })),
  requests: Type.Array(Type.Object({ method: Type.String(), path: Type.String(), status: Type.Union([Type.Integer(), Type.Null()]) })),
  refusal: Type.Object({
    message: Type.String(),
    code: Type.Integer(),
    data: Type.Object({
      statusList: Type.Array(Type.Object({ messageNum: Type.Integer(), messageText: Type.String(), appendedText: Type.String() })),
      clock: Type.Optional(Type.Object({ offsetSeconds: Type.Number(), serverDate: Type.String() })),
    }),
  }),
};
type Shapes = typeof shapes;

function read<Schema extends TSchema>(schema: Schema, value: unknown): Static<Schema> {
  const checked = checker(schema)(value);
  if (checked.ok) return checked.value;
  const wrong = checked.errors.map((error) => `${error.instancePath || "/"} ${error.message}`);
  throw new Error(`The answer has another shape than the contract's: ${wrong.join("; ")}`);
}

const call = async <Name extends keyof Shapes>(
  kit: DemoKit,
  shape: Name,
  method: string,
  params?: unknown,
): Promise<Static<Shapes[Name]>> => read(shapes[shape], await kit.call(method, params));

async function askSandbox<Name extends keyof Shapes>(
  kit: DemoKit,
  shape: Name,
  path: string,
  body?: unknown,
): Promise<Static<Shapes[Name]>> {
  const asPost = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(`${kit.sandboxUrl}/sandbox${path}`, body === undefined ? {} : asPost);
  if (!answer.ok) throw new Error(`The sandbox answered ${path} with ${answer.status}: ${await answer.text()}`);
  return read(shapes[shape], await answer.json());
}

const recordOf = (kit: DemoKit) => askSandbox(kit, "record", "/posts");

/** What the record holds more after `act`, and what `act` answered. */
async function watchRecord<T>(kit: DemoKit, act: () => Promise<T>): Promise<{ added: string[]; answer: T }> {
  const before = (await recordOf(kit)).length;
  const answer = await act();
  return { added: (await recordOf(kit)).slice(before).map(({ text }) => text), answer };
}

const chapter = (kit: DemoKit, title: string): void => {
  kit.say("");
  kit.say(title);
};
/** Shows what was posted, indented, with its own lines. */
const quote = (kit: DemoKit, texts: readonly string[]): void => {
  for (const text of texts) kit.say(text.replace(/^/gm, "    │ "));
};

const notify = (kit: DemoKit, text: string, entryId: string) =>
  watchRecord(kit, () => call(kit, "notified", "notify", { text, functionalUser: USER, entryId, waitSeconds: WAIT_SECONDS }));

async function register(kit: DemoKit): Promise<void> {
  chapter(kit, "An administrator registers the account and authorises it with a PIN");
  const draft = { functionalUser: USER, mechanism: "Twitter", accountName: ACCOUNT, status: "Disabled" };
  const { id } = await call(kit, "registration", "registrations.create", draft);
  const { authorizeUrl } = await call(kit, "page", "registrations.authorize", { id });
  kit.say(`    page   ${authorizeUrl}`);
  const { pin } = await askSandbox(kit, "pin", "/authorize", { authorizeUrl, accountName: ACCOUNT });
  kit.say(`    PIN    ${pin}, as X shows it to whoever logs in as @${ACCOUNT}`);
  const confirmed = await call(kit, "registration", "registrations.confirm", { id, pin });
  kit.check("the PIN was taken: the registration is authorized", confirmed.authorization === "authorized" && !confirmed.pinEnabled);
  const enabled = await call(kit, "registration", "registrations.update", { id, status: "Enabled" });
  kit.check("and now its status is Enabled", enabled.status === "Enabled");
}

async function broadcast(kit: DemoKit): Promise<void> {
  chapter(kit, "AR System sends three broadcasts");
  const plain = await notify(kit, PLAIN, "INC000000004710");
  quote(kit, plain.added);
  kit.check("the plain one was posted word for word", isOne(plain.added, PLAIN));
  const lively = await notify(kit, LIVELY, "INC000000004711");
  quote(kit, lively.added);
  kit.check("emoji and a link came through unharmed", isOne(lively.added, LIVELY));
  const long = await notify(kit, LONG, "CRQ000000012345");
  quote(kit, long.added);
  const words = long.added.map((text) => text.replace(/\s*\(\d+\/\d+\)$/, "")).join(" ");
  kit.check(`the long one became ${long.added.length} posts in order`, long.added.length > 1);
  kit.check("no word of it was lost", sameWords(words, LONG));
}

const isOne = (added: readonly string[], text: string): boolean => added.length === 1 && added[0] === text;
const sameWords = (a: string, b: string): boolean => a.split(/\s+/).join(" ") === b.split(/\s+/).join(" ");

async function repeat(kit: DemoKit): Promise<void> {
  chapter(kit, "The workflow fires twice: the same call comes again");
  const { added, answer } = await notify(kit, PLAIN, "INC000000004710");
  kit.check("the host says that it is a duplicate", answer.duplicate === true);
  kit.check("and nothing was posted a second time", added.length === 0);
}

async function correctClock(kit: DemoKit): Promise<void> {
  chapter(kit, `The host's clock goes ${SLOW_SECONDS / 60} minutes slow`);
  kit.setHostClock(-SLOW_SECONDS);
  const text = "E-mail in Paris works again. Thank you for your patience.";
  const { added } = await notify(kit, text, "INC000000004712");
  quote(kit, added);
  kit.check("it was posted all the same: the host measured X's clock and signed with that", isOne(added, text));
}

async function failOnClock(kit: DemoKit): Promise<string> {
  chapter(kit, "The same with the correction switched off, as it has always been");
  await kit.configure({ clock: { correction: "off" } });
  const text = "VPN is back to normal speed.";
  const inValues = [USER, "INC000000004713", text];
  const { added, answer: refusal } = await watchRecord(kit, () =>
    refusalOf(kit, "filterApiCall", { plugin: "ARSYS.ALRT.TWITTER", inValues, waitSeconds: WAIT_SECONDS }),
  );
  const [error, note] = refusal.data.statusList;
  kit.say(`    ${refusal.message}`);
  kit.say(`    NOTE ${note?.messageNum}: ${note?.messageText} ${note?.appendedText}`);
  kit.check("ARERR 8753 Error in plugin", refusal.code === 8753 && error?.messageText === "Error in plugin");
  kit.check("with the text that workflow matches on", error?.appendedText.startsWith(KNOWN_TEXT) === true);
  kit.check("the note 20001 says that it is the clock, and by how many seconds", tellsSeconds(note, refusal.data.clock?.offsetSeconds));
  kit.check("nothing was posted", added.length === 0);
  return text;
}

/** A second or two go by between measuring and telling. */
function tellsSeconds(note: { messageNum: number; appendedText: string } | undefined, offsetSeconds = 0): boolean {
  const isRight = Math.abs(offsetSeconds - SLOW_SECONDS) <= 5;
  const told = note?.appendedText.match(/\d+/g)?.map(Number) ?? [];
  return note?.messageNum === 20001 && isRight && told.some((seconds) => Math.abs(seconds - SLOW_SECONDS) <= 5);
}

async function refusalOf(kit: DemoKit, method: string, params: unknown): Promise<Static<Shapes["refusal"]>> {
  try {
    await kit.call(method, params);
  } catch (error) {
    // An Error's message is not among its own enumerable properties.
    if (error instanceof Error) return read(shapes.refusal, { ...error, message: error.message });
    throw error;
  }
  throw new Error(`${method} was to be refused and was not`);
}

async function retry(kit: DemoKit, text: string): Promise<void> {
  chapter(kit, "The operator switches the correction on again and sends what failed once more");
  await kit.configure({ clock: { correction: "auto" } });
  const { deliveries } = await call(kit, "listed", "deliveries.list", { states: ["failed"] });
  const ids = deliveries.map(({ id }) => id);
  const { added, answer } = await watchRecord(kit, async () => {
    await kit.call("deliveries.retry", { ids });
    return Promise.all(ids.map((id) => call(kit, "delivery", "deliveries.get", { id, waitSeconds: WAIT_SECONDS })));
  });
  quote(kit, added);
  kit.check("it was kept, and now it is posted, once", isOne(added, text));
  kit.check("and its state is delivered", answer.length === 1 && answer[0]?.state === "delivered");
  kit.setHostClock(0);
}

async function look(kit: DemoKit): Promise<void> {
  chapter(kit, "What X has seen");
  const posts = await recordOf(kit);
  const refused = (await askSandbox(kit, "requests", "/requests")).filter(({ status }) => status === 401);
  kit.say(`    ${posts.length} posts by @${ACCOUNT}; requests refused because of the clock: ${refused.length}`);
  kit.check("no text stands there twice", new Set(posts.map(({ text }) => text)).size === posts.length);
}

export const demo: Demo = {
  settings: (sandboxUrl) => ({ apiBaseUrl: sandboxUrl }),
  secrets: () => ({ consumerKey: "sandbox-consumer-key", consumerSecret: "sandbox-consumer-secret" }),
  async tell(kit) {
    await register(kit);
    await broadcast(kit);
    await repeat(kit);
    await correctClock(kit);
    await retry(kit, await failOnClock(kit));
    await look(kit);
  },
};
