/**
 * The sandbox: a server on loopback that behaves as X does, as far as a broadcaster meets it. It checks signature,
 * timestamp and nonce, keeps X's rules and limits, and can be told to fail in every way that has been seen.
 */
import Fastify, { type FastifyInstance } from "fastify";
import type { Sandbox, SandboxOptions } from "../../../src/contract.ts";
import { dateHeaders } from "./answer.ts";
import { FormBody } from "./form-body.ts";
import { problem } from "./problems.ts";
import { addApi } from "./routes/api.ts";
import { addControl } from "./routes/control.ts";
import { addPages, sendMissing } from "./routes/web.ts";
import { createState, type SandboxSettings, type State } from "./state.ts";

export type { SandboxSettings } from "./state.ts";

/** Starts it. Port 0 takes any that is free; `url` says which. */
export async function start(options: SandboxOptions & SandboxSettings): Promise<Sandbox> {
  const { port, log = () => {}, ...settings } = options;
  const state = createState(settings);
  // A hung answer must not hold `close` up.
  const app = Fastify({ forceCloseConnections: true, bodyLimit: 1024 * 1024 });
  addParsers(app);
  addDate(app, state);
  addRoom(app, (api) => addApi(api, state, log));
  addRoom(app, (control) => addControl(control, state));
  addRoom(app, (pages) => addPages(pages, state));
  app.setNotFoundHandler((request, reply) => {
    const isApi = /^\/(2|1\.1|oauth)\//.test(request.url);
    if (!isApi) return sendMissing(reply);
    const { status, body } = problem("not-found", state.settings.errorStyle);
    return reply.code(status).send(body);
  });
  const url = await app.listen({ host: "127.0.0.1", port });
  return { url, close: () => app.close() };
}

/** Each room has its own hooks and its own words for errors. */
function addRoom(app: FastifyInstance, fill: (room: FastifyInstance) => void): void {
  app.register((room, _options, done) => {
    fill(room);
    done();
  });
}

function addParsers(app: FastifyInstance): void {
  app.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, (_request, body, done) => {
    done(null, new FormBody(String(body)));
  });
  const parse = app.getDefaultJsonParser("error", "error");
  app.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
    // A POST that needs no body may still call itself JSON.
    if (body === "") done(null, undefined);
    else void parse(request, String(body), done);
  });
}

/** Pages and the control API tell the sandbox's time too; answers of the API bring their own Date. */
function addDate(app: FastifyInstance, state: State): void {
  app.addHook("onSend", async (_request, reply) => {
    reply.raw.sendDate = false;
    reply.headers(dateHeaders(state));
  });
}
