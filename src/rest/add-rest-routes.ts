import type { FastifyInstance } from "fastify";
import type { DoorParts } from "../rpc/door.ts";
import { addOpenApiRoute } from "./open-api-route.ts";
import { addResourceRoutes } from "./resource-routes.ts";
import { addTokenRoute } from "./token-route.ts";

/** The REST way in: resources as JSON, access tokens, and the document of both. `publicUrl`: where callers reach this host. */
export function addRestRoutes(app: FastifyInstance, parts: DoorParts, publicUrl: () => string): void {
  addResourceRoutes(app, parts);
  addTokenRoute(app, parts);
  addOpenApiRoute(app, parts, publicUrl);
}
