import type { DoorOptions } from "../../src/rpc/door.ts";
import { addSoapRoutes } from "../../src/soap/add-soap-routes.ts";

/** The SOAP door on a door of the tests. */
export const addTestRoutes: NonNullable<DoorOptions["addRoutes"]> = (app, parts) =>
  addSoapRoutes(app, { ...parts, publicUrl: () => "http://perch.example", now: Date.now, monotonic: () => performance.now() });
