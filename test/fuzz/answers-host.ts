/** X's answers, however wrong, to a whole host: every delivery still comes to its end. */
import fc from "fast-check";
import { FAULTS } from "../../plugins/twitter/faults.ts";
import { HOST_FAULTS } from "../../src/ar.ts";
import type { Delivery, Lane } from "../../src/shapes.ts";
import { openStage, type Stage } from "../stage.ts";
import { fieldsOf } from "./json-rpc-answer.ts";
import { type ScriptedAnswer, type ScriptedX, startScriptedX } from "./scripted-x.ts";
import type { Suite } from "./suite.ts";
import { anyAnswer, MARK, postAnswer } from "./x-answers.ts";

const ACCOUNT = "ITSM_Notify";
const REASONS: ReadonlySet<string> = new Set([...Object.keys(FAULTS), ...Object.keys(HOST_FAULTS)]);
/** Pauses and waits are cut short by a resume, so that a case takes as long as its requests. */
const RESUME_EVERY_SECONDS = 0.05;
const STALLED_MS = 20_000;

const script = fc.array(fc.oneof({ weight: 3, arbitrary: postAnswer }, anyAnswer), { minLength: 1, maxLength: 4 });

export const answersToHost: Suite = {
  name: "answers to a host",
  statement: "whatever X answers, a delivery ends delivered, with an id that X gave, or failed, with a reason",
  share: 0.005,
  async open(t) {
    const x = await startScriptedX(t);
    const stage = await openStage(t);
    await stage.register("ServiceDesk", ACCOUNT);
    const { lanes } = await stage.call<{ lanes: Lane[] }>("lanes.list");
    const accountId = lanes[0]?.accountId ?? "";
    await stage.configure({ userDefined: { apiBaseUrl: x.url, requestTimeoutSeconds: 0.3 } });
    let cases = 0;
    return {
      property: fc.asyncProperty(script, fc.boolean(), async (answers, split) => {
        cases += 1;
        x.play(answers, { otherwise: sensible(accountId, cases * 1_000) });
        const text = split ? `Case ${cases}. ${"A sentence of some length. ".repeat(15)}` : `Case ${cases}`;
        const { deliveries } = await stage.notify({ text, functionalUser: "ServiceDesk" });
        const faults = faultsOf(await ended(stage, deliveries[0]?.id ?? ""), x);
        if (faults.length > 0) throw new Error(`${faults.join("; ")}: ${JSON.stringify(x.served()).slice(0, 3000)}`);
      }),
      tidy: async () => void stage.log.splice(0),
      verdict: async () =>
        stage.log.filter(
          (line) => /"msg":"(lane stumbled|sweep failed|plug-in worker ended|account cannot be stored)"/.test(line) || line.includes(MARK),
        ),
    };
  },
};

/** X in good order, once the script is over: it takes every post, and shows none (what it took in the script is lost). */
function sensible(accountId: string, firstId: number): (method: string, path: string) => ScriptedAnswer {
  let lastId = firstId;
  const answer = (status: number, body: unknown): ScriptedAnswer => {
    return { frame: "length", status, headers: [["date", new Date().toUTCString()]], body: JSON.stringify(body) };
  };
  return (method, path) => {
    if (path === "/2/users/me") return answer(200, { data: { id: accountId, username: ACCOUNT, name: ACCOUNT, protected: true } });
    if (method === "GET") return answer(200, { meta: { result_count: 0 } });
    lastId += 1;
    return path === "/2/tweets" ? answer(201, { data: { id: String(lastId), text: "" } }) : answer(200, {});
  };
}

async function ended(stage: Stage, id: string): Promise<Delivery> {
  const givesUpAt = performance.now() + STALLED_MS;
  for (;;) {
    const delivery = await stage.call<Delivery>("deliveries.get", { id, waitSeconds: RESUME_EVERY_SECONDS });
    if (["delivered", "failed", "expired", "cancelled"].includes(delivery.state)) return delivery;
    if (performance.now() > givesUpAt) throw new Error(`it does not end: ${JSON.stringify(delivery)}`);
    const { lanes } = await stage.call<{ lanes: Lane[] }>("lanes.list");
    for (const { accountName } of lanes) await stage.call("lanes.resume", { accountName });
  }
}

function faultsOf(delivery: Delivery, x: ScriptedX): string[] {
  const { state, lastError, posts } = delivery;
  if (state === "failed") {
    const known = lastError !== undefined && REASONS.has(lastError.reason) && lastError.statusList.length > 0;
    return known ? [] : [`failed without a reason: ${JSON.stringify(lastError)}`];
  }
  if (state !== "delivered") return [`it ended ${state}`];
  const given = new Set(x.served().flatMap(({ body }) => idsIn(body)));
  const strange = posts.filter(({ id, state: postState }) => postState !== "posted" || (id !== undefined && !given.has(id)));
  return strange.length === 0 && posts.length > 0 ? [] : [`delivered, and not by X: ${JSON.stringify(posts)}`];
}

/** Ids of a post's own answer, and of a time line. */
function idsIn(body: string): string[] {
  try {
    const { data } = fieldsOf(JSON.parse(body));
    return (Array.isArray(data) ? data : [data]).map((one) => String(fieldsOf(one).id));
  } catch {
    return [];
  }
}
