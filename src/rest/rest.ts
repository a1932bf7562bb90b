import type { FastifyInstance } from "fastify";
import type { DoorParts } from "../rpc/door.ts";
import { addResourceRoutes } from "./routes.ts";
import { addTokenRoute } from "./token-route.ts";

/** The REST way in: resources as JSON and access tokens. */
export function addRestRoutes(app: FastifyInstance, parts: DoorParts): void {
  addResourceRoutes(app, parts);
  addTokenRoute(app, parts);
}
