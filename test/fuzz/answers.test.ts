import t from "tap";
import type { Finding, Verdict } from "../../src/contract.ts";
import { answers, faultsOfFinding, faultsOfVerdict } from "./answers.ts";
import type { Served } from "./scripted-x.ts";
import { fuzz, totalRuns } from "./suite.ts";
import { type GeneratedAnswer, MARK, WANTED } from "./x-answers.ts";

void fuzz(t, answers, totalRuns(process.env));

const IN_DOUBT = { reason: "in-doubt", cause: "No answer" };
const post = (draft: Partial<GeneratedAnswer>): Served => {
  const answer: GeneratedAnswer = { tame: true, frame: "length", status: 201, headers: [], body: "", ...draft };
  return { ...answer, method: "POST", path: "/2/tweets" };
};

t.test("the judge of verdicts sees what does not follow from what was served", async (t) => {
  const created = post({ body: '{"data":{"id":"7"}}' });
  const delivered: Verdict = { verdict: "delivered", id: "7" };
  const cases: [verdict: Verdict, served: Served[], wrong: RegExp | undefined][] = [
    [delivered, [created], undefined],
    [delivered, [post({ status: 403, body: created.body })], /without a readable 2xx/],
    [{ ...delivered, id: "8" }, [created], /without a readable 2xx/],
    [{ ...delivered, pause: { holds: "lane", waitMs: -1, fault: IN_DOUBT } }, [created], /a wait of -1/],
    [{ verdict: "in-doubt", fault: IN_DOUBT }, [created], /in place of delivered/],
    [{ verdict: "failed", fault: IN_DOUBT }, [post({ body: '{"data":{"id":7}}' })], /in place of in-doubt/],
    [{ verdict: "retry", fault: IN_DOUBT }, [post({ frame: "reset", tame: false })], /in place of in-doubt/],
    [{ verdict: "retry", fault: IN_DOUBT }, [post({ status: 502 })], /in place of in-doubt/],
    [{ verdict: "in-doubt", fault: IN_DOUBT }, [], /nothing was sent/],
    [{ verdict: "failed", fault: { reason: "no-such", cause: "x" } }, [post({ status: 403 })], /no fault is called/],
    [{ verdict: "failed", fault: { reason: "too-long", cause: MARK } }, [post({ status: 403 })], /a secret shows/],
    [{ verdict: "retry", fault: IN_DOUBT, waitMs: Number.NaN }, [post({ status: 503 })], /a wait of NaN/],
  ];
  for (const [verdict, served, wrong] of cases) {
    const faults = faultsOfVerdict(verdict, served);
    if (wrong) t.match(faults, [wrong]);
    else t.same(faults, []);
  }
});

t.test("the judge of findings sees a post that was shown, and one that was not", async (t) => {
  const page = (status: number, body: unknown): Served => ({
    ...post({ status, body: JSON.stringify(body) }),
    method: "GET",
    path: "/2/users/1/tweets",
  });
  const shown = page(200, { data: [{ id: "7", text: WANTED }] });
  const looked = { ownedIds: ["3"], afterId: "1" };
  const absent: Finding = { finding: "absent" };
  t.same(faultsOfFinding({ finding: "found", id: "7" }, [shown], looked), []);
  t.match(faultsOfFinding({ finding: "found", id: "8" }, [shown], looked), [/was not shown/]);
  t.match(faultsOfFinding({ finding: "found", id: "7" }, [shown], { ...looked, ownedIds: ["7"] }), [/was not shown/]);
  t.same(faultsOfFinding(absent, [page(200, { meta: { result_count: 0 } })], looked), []);
  t.match(faultsOfFinding(absent, [shown], looked), [/absent, and it was shown/]);
  t.match(faultsOfFinding(absent, [page(503, {})], looked), [/says nothing/]);
});
