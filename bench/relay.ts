/** A program of the bench `end-to-end`: takes the calls that Perch takes, passes each on to X at once, and keeps nothing. */
import { fastify } from "fastify";
import Type from "typebox";
import { Pool } from "undici";
import { NotifyRequest } from "../src/shapes.ts";
import { tokenOf } from "./accounts.ts";
import { serve } from "./child.ts";

/** Answers when it listens on the socket. */
export type Relay = { listen: [{ socketPath: string; xUrl: string }, null] };

const Envelope = Type.Object(
  { jsonrpc: Type.Literal("2.0"), id: Type.Integer(), method: Type.Literal("notify"), params: NotifyRequest },
  { additionalProperties: false },
);

serve<Relay>({
  async listen({ socketPath, xUrl }) {
    const x = new Pool(xUrl, { connections: 64 });
    const app = fastify();
    app.post<{ Body: Type.Static<typeof Envelope> }>("/rpc", { schema: { body: Envelope } }, async ({ body: { id, params } }) => {
      const headers = { authorization: `OAuth oauth_token="${tokenOf(params.functionalUser ?? "")}"`, "content-type": "application/json" };
      const body = JSON.stringify({ text: params.text });
      const answer = await x.request({ method: "POST", path: "/2/tweets", headers, body });
      return { jsonrpc: "2.0", id, result: await answer.body.json() };
    });
    await app.listen({ path: socketPath });
    return null;
  },
});
