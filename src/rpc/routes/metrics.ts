import type { FastifyInstance } from "fastify";
import { hostFault } from "../../ar.ts";
import { ROLES } from "../../contract.ts";
import { errorResponse, faultError } from "../rpc-error.ts";
import { type AdmissionOptions, whoCalls } from "../who-calls.ts";

/** Names of accounts and plug-ins are no stranger's business. */
const NEEDED = "operator";

/** `GET /metrics`, for Prometheus; `read` answers the text and its media type. */
export function addMetricsRoute(
  app: FastifyInstance,
  options: AdmissionOptions & { read: () => Promise<{ type: string; text: string }> },
): void {
  app.get("/metrics", async (request, reply) => {
    const caller = await whoCalls(request, reply, options);
    if (!caller) return reply;
    if (ROLES.indexOf(caller.role) < ROLES.indexOf(NEEDED)) {
      const fault = hostFault("not-allowed", `/metrics needs the role ${NEEDED}; ${caller.name} has ${caller.role}`);
      return reply.code(403).send(errorResponse(null, faultError(fault, options.host.faults)));
    }
    const { type, text } = await options.read();
    return reply.type(type).send(text);
  });
}
