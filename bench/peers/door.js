/** The same bare Fastify in front of every queue: takes the call that Perch takes, and answers when the queue has kept it. */
import Fastify from "fastify";
import { filterApiCall } from "../../src/rpc/methods/filter-api-call.ts";
import { notify } from "../../src/rpc/methods/notify.ts";

/** The schemas of Perch's own method. */
const schemaOf = ({ name, params, result }) => ({
  body: {
    type: "object",
    additionalProperties: false,
    required: ["jsonrpc", "id", "method", "params"],
    properties: { jsonrpc: { const: "2.0" }, id: { type: "integer" }, method: { const: name }, params },
  },
  response: { 200: { type: "object", properties: { jsonrpc: { type: "string" }, id: { type: "integer" }, result } } },
});

/** What Perch answers. */
const deliveryOf = ({ text, functionalUser, entryId }, id) => ({
  ...{ id, state: "queued", registrationId: "019a0000-0000-7000-8000-000000000000", functionalUser, accountName: functionalUser },
  ...{ content: "Broadcast", entryId, text, priority: 5, posts: [], attempts: 0 },
  ...{ acceptedAt: "2026-01-01T00:00:00.000Z", expiresAt: "2026-01-02T00:00:00.000Z" },
});

/** `keep` resolves with an id when the call is as durable as that queue makes it. Prints its address when it is ready. */
export async function openDoor(keep) {
  const server = Fastify({ logger: false });
  server.post("/notify", { schema: schemaOf(notify) }, async ({ body: { id, params } }) => {
    const kept = String(await keep(params));
    return { jsonrpc: "2.0", id, result: { deliveries: [deliveryOf(params, kept)] } };
  });
  server.post("/filter", { schema: schemaOf(filterApiCall) }, async ({ body: { id, params } }) => {
    const kept = String(await keep(params));
    return { jsonrpc: "2.0", id, result: { outValues: [kept, "queued", null], statusList: [] } };
  });
  process.stdout.write(`${await server.listen({ host: "127.0.0.1", port: 0 })}\n`);
}
