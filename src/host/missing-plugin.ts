import { type Fault, hostFault } from "../ar.ts";

/** What waits for a plug-in that the configuration does not name (any more) waits until it does, or expires. */
export const missingPlugin = (name: string): Fault => hostFault("no-such-plugin", `plug-in ${name} is not configured`);
