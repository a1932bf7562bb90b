/** `POST /oauth2/token`: the client credentials grant (RFC 6749, section 4.4). Section numbers are those of RFC 6749. */
import type { IncomingMessage } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { DoorParts } from "../rpc/door.ts";
import { readBody } from "../rpc/read-body.ts";
import { TOKEN_SECONDS } from "../rpc/tokens.ts";
import { BASIC_CHALLENGE, type Gate, type Grant, type Pair, readBasic } from "../rpc/who.ts";
import { addressOf } from "../rpc/who-calls.ts";
import { readForm } from "./read-form.ts";
import type { TokenAnswer, TokenError } from "./token-shapes.ts";

export const TOKEN_PATH = "/oauth2/token";
/** Names and passwords; whoever sends them is still a stranger. Bytes. */
const MAX_FORM = 16_384;
const FORM_MEDIA = /^application\/x-www-form-urlencoded\s*(;|$)/i;
const JSON_MEDIA = "application/json; charset=utf-8";

const wrong = (error: TokenError["error"], error_description: string): TokenError => ({ error, error_description });

export function addTokenRoute(app: FastifyInstance, { admission, refusals }: Pick<DoorParts, "admission" | "refusals">): void {
  refusals.set(TOKEN_PATH, ({ sentence, reference }) => ({
    type: JSON_MEDIA,
    body: JSON.stringify(wrong(reference === undefined ? "invalid_request" : "server_error", sentence)),
  }));

  async function answer(request: FastifyRequest, reply: FastifyReply) {
    // Section 5.1; Cache-Control is set for every answer of a door.
    reply.header("pragma", "no-cache");
    const asked = readRequest(request);
    if ("error" in asked) return reply.code(400).send(asked);
    const granted = await grantOneOf(asked.pairs, admission.gate, addressOf(request));
    if (granted.ok) {
      // The role, for who wants to know; it is looked up anew at each call.
      const { token, caller } = granted;
      const answer: TokenAnswer = { access_token: token, token_type: "Bearer", expires_in: TOKEN_SECONDS, scope: caller.role };
      return reply.send(answer);
    }
    if (granted.status === 429) {
      return reply.code(429).header("retry-after", granted.retryAfterSeconds).send(wrong("temporarily_unavailable", granted.cause));
    }
    const given = asked.pairs[0] !== undefined;
    const cause = given ? granted.cause : "client_id and client_secret are missing: send them by HTTP Basic, or in the body";
    return reply.code(401).header("www-authenticate", BASIC_CHALLENGE).send(wrong("invalid_client", cause));
  }

  app.register((scope, _options, registered) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", (_request: FastifyRequest, payload: IncomingMessage) => readBody(payload, MAX_FORM));
    scope.post(TOKEN_PATH, answer);
    registered();
  });
}

/** The last one's refusal is answered. */
async function grantOneOf([pair, ...others]: readonly (Pair | undefined)[], gate: Gate, address: string): Promise<Grant> {
  const granted = await gate.grant(pair, address);
  return granted.ok || others.length === 0 ? granted : grantOneOf(others, gate, address);
}

function readRequest(request: FastifyRequest): { pairs: readonly (Pair | undefined)[] } | TokenError {
  if (!FORM_MEDIA.test(request.headers["content-type"] ?? "")) {
    return wrong("invalid_request", "Content-Type must be application/x-www-form-urlencoded");
  }
  const read = readForm(Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0));
  if (!read.ok) return wrong("invalid_request", read.sentence);
  const { grant_type: grant, client_id: name, client_secret: password } = read.form;
  if (grant === undefined) return wrong("invalid_request", "grant_type is missing; it must be client_credentials");
  if (grant !== "client_credentials") return wrong("unsupported_grant_type", "grant_type must be client_credentials");
  if (request.headers.authorization === undefined) {
    return { pairs: [name === undefined || password === undefined ? undefined : { name, password }] };
  }
  if (password !== undefined) return wrong("invalid_request", "credentials belong in the header or in the body, not in both (section 2.3)");
  const pair = readBasic(request.headers.authorization);
  if (pair && name !== undefined && name !== pair.name && name !== formDecoded(pair.name)) {
    return wrong("invalid_request", "client_id is another client than the header's");
  }
  return { pairs: spellingsOf(pair) };
}

/** Section 2.3.1: both are form-encoded before they become HTTP Basic. Most clients don't, so as it came goes first. */
function spellingsOf(pair: Pair | undefined): readonly (Pair | undefined)[] {
  if (!pair) return [undefined];
  const decoded = { name: formDecoded(pair.name), password: formDecoded(pair.password) };
  return decoded.name === pair.name && decoded.password === pair.password ? [pair] : [pair, decoded];
}

/** As it is, where it is no encoding. */
function formDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}
