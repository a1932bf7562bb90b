/**
 * The test kit for authors of plug-ins: all that a plug-in's test imports. What is here may grow; it does not change.
 *
 * - {@link openKit}: a whole host with the plug-in in a real worker, and a clock that a test turns;
 * - {@link openWorker}: the plug-in alone in a real worker, for single calls;
 * - {@link openFaultyService}: a service on loopback that answers, or breaks, as a script says;
 * - {@link checkPlugin}: what each plug-in with a mechanism must hold to, tested in every trouble that is known.
 */
export { checkPlugin, type PluginToCheck } from "./check-plugin.ts";
export { BREAKS, type Break, type FaultyService, openFaultyService, type ServiceAnswer, type ServiceRequest } from "./faulty-service.ts";
export type { PluginUnderTest } from "./kit-files.ts";
export { type Kit, type KitOptions, KitRefusal, openKit, type RegisterOptions } from "./open-kit.ts";
export { openWorker, type WorkerKit } from "./open-worker.ts";
export { TROUBLES, type Trouble } from "./troubles.ts";
