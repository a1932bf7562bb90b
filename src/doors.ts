/** The ways into a host, in one piece: they are loaded while its store and its plug-ins come up. */
export { addConsoleRoutes } from "./console/console.ts";
export { addRestRoutes } from "./rest/add-rest-routes.ts";
export { buildDoor } from "./rpc/door.ts";
export { addSoapRoutes } from "./soap/add-soap-routes.ts";
