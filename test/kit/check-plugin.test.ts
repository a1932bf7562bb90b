/** The suite for plug-ins is a guard, so each of its promises is shown to be noticed when a plug-in breaks it. */
import t, { type Test } from "tap";
import { checkPlugin, type PluginToCheck } from "../../src/kit/kit.ts";
import type { WRONGS } from "../fixtures/plugins/breaks-contract.ts";

type Runner = Parameters<typeof checkPlugin>[0];

const contrary = (wrong: string, more: Partial<PluginToCheck> = {}): PluginToCheck => ({
  module: new URL("../fixtures/plugins/breaks-contract.ts", import.meta.url),
  settings: (url) => ({ url, wrong }),
  secrets: () => ({}),
  account: { id: "7", name: "Contrary_Mary", token: { token: "marked-token" } },
  accepts: { status: 201, body: { id: "100" } },
  ...more,
});

/** What the suite complains of, as `title: message`; only tests whose title holds one of `only` are run. */
async function complaints(t: Test, plugin: PluginToCheck, ...only: string[]): Promise<string[]> {
  const found: string[] = [];
  const runner = (about: string): Runner => ({
    teardown: (work) => t.teardown(work as () => void),
    ok: (value, message) => void (value || found.push(`${about}: ${message}`)),
    test: async (title, body) => {
      if (only.length === 0 || only.some((part) => title.includes(part))) await body(runner(title));
    },
  });
  await checkPlugin(runner(""), plugin);
  return found;
}

/** What is wrong, the tests that are run for it, and a complaint that must come. */
const NOTICED: Record<Exclude<(typeof WRONGS)[number], "nothing">, [only: string[], complaint: RegExp]> = {
  "composes by chance": [["compose"], /twice the same for "Broadcast/],
  "asks while it composes": [["compose"], /nobody was asked/],
  "posts twice": [["exactly once"], /the post was sent once, not 2 times/],
  "takes all for delivered": [["right verdict"], /a 400: failed or retry, and it is .*delivered/],
  "gives up what may stand": [["right verdict"], /the connection is reset before an answer: in-doubt, and it is .*failed/],
  "follows redirects": [["right verdict"], /a 307 to elsewhere: the post was sent once at most, not \d+ times/],
  "finds nothing in nothing": [["lookUp"], /a 500: unknown, and it is {"finding":"absent"}/],
  "ignores the signal": [["aborted"], /the request ends when the context's signal is aborted/],
  "tells its token": [["right verdict", "no secret"], /no \*{12}: .*refused Bearer marked-token/],
  "logs its token": [["exactly once", "no secret"], /no \*{12}: .*asking/],
  throws: [["right verdict"], /a 400: deliver answers a verdict; it said a 400/],
  "invents a reason": [["right verdict"], /the fault whim has a row/],
};

// Most of the time goes into waiting for what stalls.
t.jobs = 4;
for (const [wrong, [only, complaint]] of Object.entries(NOTICED))
  t.test(`a plug-in that ${wrong} is noticed`, async (t) => {
    const found = await complaints(t, contrary(wrong), ...only);
    t.ok(
      found.some((line) => complaint.test(line)),
      found.join("\n"),
    );
  });

t.test("a plug-in that keeps the contract is not complained of", async (t) => {
  t.strictSame(await complaints(t, contrary("nothing")), []);
});

t.test("what is right at one service may be said, and repeats that a service knows may be tried at once", async (t) => {
  const found = await complaints(t, contrary("nothing", { expect: { "a 404": ["delivered"] } }), "right verdict");
  t.strictSame(found.length, 1);
  t.match(found[0], /a 404: delivered, and it is .*failed/);
  const busy = contrary("nothing", { idempotent: true, expect: { "a 429": ["in-doubt"] } });
  t.strictSame(await complaints(t, busy, "right verdict"), []);
});

t.test("a plug-in that can't be loaded or takes other settings is told at once", async (t) => {
  const module = new URL("../fixtures/plugins/no-default.ts", import.meta.url);
  await t.rejects(complaints(t, contrary("nothing", { module })), /default export is not a plug-in/);
});
