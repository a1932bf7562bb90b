/** Every resource that there is: a method of the table, and where it is found. Routes and the OpenAPI document follow from it. */
import type { Method } from "../rpc/method.ts";
import { deliveriesGet } from "../rpc/methods/deliveries-get.ts";
import { notify } from "../rpc/methods/notify.ts";
import { ENDED_STATES, type NotifyResult } from "../shapes.ts";
import type { OperationId } from "./examples.ts";

export type Resource = {
  verb: "GET" | "POST";
  /** As OpenAPI writes it: what stands in braces is a parameter of the method. Of the others, a POST has its body, a GET its query. */
  path: string;
  operationId: OperationId;
  method: Method;
  /** By HTTP status, what the answer means. */
  successes: Readonly<Record<number, string>>;
  /** Which of these it is; `result` is what the method's schema says. */
  statusOf(result: unknown): number;
  /** HTTP statuses of what it may be refused with. */
  failures: readonly number[];
};

export const RESOURCES: readonly Resource[] = [
  {
    verb: "POST",
    path: "/notify",
    operationId: "notify",
    method: notify,
    successes: {
      200: "Each delivery has ended (see its state), or the call is a repeat and nothing more is posted",
      202: "Accepted and kept; it goes on by itself",
    },
    statusOf: (result) => (isSettled(result as NotifyResult) ? 200 : 202),
    failures: [400, 401, 404, 409, 413, 415, 429, 500, 503],
  },
  {
    verb: "GET",
    path: "/deliveries/{id}",
    operationId: "getDelivery",
    method: deliveriesGet,
    successes: { 200: "The delivery as it is now, or as it is when it has ended or the wait is over" },
    statusOf: () => 200,
    failures: [400, 401, 404, 429, 500, 503],
  },
];

const isSettled = ({ deliveries, duplicate }: NotifyResult): boolean =>
  duplicate === true || deliveries.every(({ state }) => ENDED_STATES.includes(state));
