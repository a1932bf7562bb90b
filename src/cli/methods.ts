/** The methods of a host that the command line calls, typed by the host's own verbs. */
import type { Answer, FaultReport } from "../ar.ts";
import type { Host } from "../host/verbs.ts";

type Methods = {
  filterApiCall: Host["filterApiCall"];
  notify: Host["notify"];
  preview: Host["preview"];
  "deliveries.get": Host["getDelivery"];
  "deliveries.list": Host["listDeliveries"];
  "deliveries.retry": Host["retryDeliveries"];
  "deliveries.cancel": Host["cancelDeliveries"];
  "lanes.list": Host["listLanes"];
  "lanes.pause": Host["pauseLane"];
  "lanes.resume": Host["resumeLane"];
  "registrations.list": Host["listRegistrations"];
  "registrations.get": Host["getRegistration"];
  "registrations.create": Host["createRegistration"];
  "registrations.update": Host["updateRegistration"];
  "registrations.delete": Host["deleteRegistration"];
  "registrations.authorize": Host["authorizeRegistration"];
  "registrations.confirm": Host["confirmRegistration"];
  "users.suggest": Host["suggestUsers"];
  "plugins.list": Host["listPlugins"];
  "plugins.restart": Host["restartPlugin"];
  "server.status": Host["status"];
  "server.history": Host["history"];
  "server.reload": Host["reload"];
  "server.logLevel": Host["setLogLevel"];
  "server.logs": Host["readLog"];
  "server.backup": Host["backup"];
  "audit.list": Host["listAudit"];
};
export type Method = keyof Methods;
type FirstParameter<Verb> = Verb extends (first: infer First, ...rest: never[]) => unknown
  ? unknown extends First
    ? object
    : First
  : never;
export type Params<M extends Method> = FirstParameter<Methods[M]>;
export type Result<M extends Method> = Awaited<ReturnType<Methods[M]>> extends Answer<infer Value> ? Value : never;

/** JSON-RPC's error object; `data` is there when the host refused (contract, section 3). */
export type RpcError = { code: number; message: string; data?: Omit<FaultReport, "message"> };
export type RpcAnswer<Value> = { ok: true; value: Value } | { ok: false; error: RpcError };
