/** A real host behind its real door, for calls of any kind; and what shows whether a call has stored anything. */
import type { Test } from "tap";
import { Pool } from "undici";
import { openStage, PASSWORDS, type Stage } from "../stage.ts";
import { faultOfResponse, succeeded } from "./json-rpc-answer.ts";

export type FuzzStage = {
  stage: Stage;
  /** Sends the bytes as admin over HTTP; throws where the answer is not as it must be. Answers the responses. */
  send(body: Uint8Array): Promise<unknown[]>;
  /** The same, and throws where a call that was refused has stored something. `mayStore`: it held what is not answered. */
  sendChecked(body: Uint8Array, mayStore: boolean): Promise<unknown[]>;
  /** Registers the account where calls have left no registration; answers the ids of what exists. */
  furnish(): Promise<{ registration: string; delivery: string }>;
  /** Lines of the log that tell of a bug. */
  bugs(): string[];
  tidy(): Promise<void>;
};

const AUTHORIZATION = `Basic ${Buffer.from(`admin:${PASSWORDS.admin}`).toString("base64")}`;
const HEADERS = { "content-type": "application/json", authorization: AUTHORIZATION };
/** Far beyond any limit of X: what is tried here is the host. */
const NO_LIMIT = { postsPerUser: 1e9, postsPerUserDay: 1e9, postsPerAppDay: 1e9, timeline: 1e9, me: 1e9, deletes: 1e9 };
/** What only a bug is logged as. A worker that a call has restarted, and what was in flight in it, is none. */
const BUG =
  /"msg":"(lane stumbled|A method failed unexpectedly|A request failed unexpectedly|sweep failed|plug-in spoke out of turn|plug-in worker ended|account cannot be stored|store cannot be written)"/;

const ACCOUNT = "ITSM_Notify";
export const ECHO_FILTER = "FUZZ.ECHO";

export async function openFuzzStage(t: Test): Promise<FuzzStage> {
  const stage = await openStage(t, { config: { log: { level: "warn" } } });
  await stage.control("settings", { limits: NO_LIMIT });
  const echo = new URL("./echo-plugin.ts", import.meta.url).pathname;
  const plugins = [{ module: "twitter", userDefined: { apiBaseUrl: stage.sandboxUrl } }, { module: echo }];
  await stage.configure({ config: { log: { level: "warn" }, plugins } });
  await stage.register("ServiceDesk", ACCOUNT);
  const pool = new Pool(stage.host.url, { connections: 4, headersTimeout: 20_000, bodyTimeout: 20_000 });
  t.teardown(() => pool.destroy());
  const send: FuzzStage["send"] = async (body) => {
    const response = await pool.request({ method: "POST", path: "/rpc", headers: HEADERS, body });
    return readAnswer(response.statusCode, await response.body.text());
  };
  let before = await footprint(stage);
  return {
    stage,
    send,
    async sendChecked(body, mayStore) {
      const responses = await send(body);
      const after = await footprint(stage);
      const changed = after !== before;
      if (changed && !mayStore && !responses.some(succeeded)) throw new Error(`a refused call stored something: ${before} became ${after}`);
      before = after;
      return responses;
    },
    async furnish() {
      const { registrations } = await stage.call<Registrations>("registrations.list");
      const id = registrations[0]?.id ?? (await stage.register("ServiceDesk", ACCOUNT)).id;
      if (registrations.length === 0) before = await footprint(stage);
      const { deliveries } = await stage.call<Page>("deliveries.list", { limit: 1 });
      return { registration: id, delivery: deliveries[0]?.id ?? "" };
    },
    bugs: () => stage.log.filter((line) => BUG.test(line)),
    async tidy() {
      const bugs = stage.log.filter((line) => BUG.test(line));
      stage.log.length = 0;
      stage.log.push(...bugs);
      await stage.control("reset", {});
      await stage.control("settings", { limits: NO_LIMIT });
      // What calls have made of them may serve no further call.
      const { registrations } = await stage.call<Registrations>("registrations.list");
      for (const { id } of registrations) await stage.call("registrations.delete", { id });
      await stage.register("ServiceDesk", ACCOUNT);
      before = await footprint(stage);
    },
  };
}

function readAnswer(status: number, text: string): unknown[] {
  if (status === 204 && text === "") return [];
  if (status !== 200) throw new Error(`HTTP ${status}: ${text}`);
  const parsed: unknown = JSON.parse(text);
  const responses = Array.isArray(parsed) ? parsed : [parsed];
  if (responses.length === 0) throw new Error("an empty batch");
  for (const response of responses) {
    const fault = faultOfResponse(response);
    if (fault !== undefined) throw new Error(`${fault}: ${JSON.stringify(response)}`);
  }
  return responses;
}

type Page = { deliveries: { id: string }[] };
type Registrations = { registrations: { id: string; content: string; functionalUser: string; accountName: string; status: string }[] };

/** The newest delivery and the registrations: a call that stores anything changes one of them. Also: the host lives. */
async function footprint(stage: Stage): Promise<string> {
  const { deliveries } = await stage.call<Page>("deliveries.list", { limit: 1 });
  const { registrations } = await stage.call<Registrations>("registrations.list");
  const shown = registrations.map(({ id, content, functionalUser, accountName, status }) => [
    id,
    content,
    functionalUser,
    accountName,
    status,
  ]);
  return JSON.stringify([deliveries[0]?.id, shown]);
}
