import type { FastifyInstance } from "fastify";
import type { Host } from "../../host/verbs.ts";

/** Open to everybody, so they say nothing but whether to send calls here. */
export function addHealthRoutes(app: FastifyInstance, host: Pick<Host, "readiness">): void {
  app.get("/healthz", async () => ({ status: "alive" }));
  app.get("/readyz", async (_request, reply) => {
    const { ready, reasons } = await host.readiness();
    return reply.code(ready ? 200 : 503).send({ status: ready ? "ready" : "not-ready", reasons });
  });
}
