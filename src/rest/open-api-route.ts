import type { FastifyInstance } from "fastify";
import type { DoorParts } from "../rpc/door.ts";
import { refusalProblems } from "./problem.ts";

const OPEN_API_PATH = "/openapi.json";

/** `GET /openapi.json`, open to everybody: it says nothing of this host but where it is. */
export function addOpenApiRoute(
  app: FastifyInstance,
  { admission, refusals }: Pick<DoorParts, "admission" | "refusals">,
  publicUrl: () => string,
): void {
  refusals.set(OPEN_API_PATH, refusalProblems(admission.host.faults));
  let made: { url: string; text: string } | undefined;
  app.get(OPEN_API_PATH, async (_request, reply) => {
    const url = publicUrl();
    if (made?.url !== url) {
      // An idle host that nobody asks does without.
      const { openApiDocument } = await import("./open-api.ts");
      made = { url, text: JSON.stringify(openApiDocument(url)) };
    }
    return reply.type("application/json; charset=utf-8").send(made.text);
  });
}
