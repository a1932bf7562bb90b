/** What the OpenAPI document shows of each operation: requests that can be sent as they are, and what comes back. */
import type { Delivery, NotifyRequest, NotifyResult } from "../shapes.ts";
import type { Problem } from "./problem.ts";
import type { TokenAnswer } from "./token-shapes.ts";

const notifyRequest: NotifyRequest = { text: "E-mail is down in Paris, we are on it", entryId: "INC000000012345", waitSeconds: 10 };

const delivery: Delivery = {
  id: "01a20d8e-791b-750c-8594-6f9e496e474e",
  state: "delivered",
  registrationId: "01a20d8d-f79f-754e-ab26-1a4696c716fd",
  functionalUser: "Allen Allbrook",
  accountName: "ITSM_Notify",
  content: "Broadcast",
  entryId: "INC000000012345",
  text: notifyRequest.text,
  priority: 5,
  posts: [
    {
      index: 0,
      state: "posted",
      text: notifyRequest.text,
      id: "2125206844111585280",
      url: "https://x.com/ITSM_Notify/status/2125206844111585280",
    },
  ],
  attempts: 1,
  acceptedAt: "2026-11-24T12:36:10.651Z",
  expiresAt: "2026-11-25T12:36:10.651Z",
  deliveredAt: "2026-11-24T12:36:10.733Z",
};
const { deliveredAt: _, ...accepted }: Delivery = { ...delivery, state: "queued", posts: [], attempts: 0 };

const advice = "Correct the input that is named.";
const problem: Problem = {
  type: "urn:problem-type:perch:bad-input",
  title: "An input is missing or wrong.",
  status: 400,
  detail: "Error in plugin : /text is missing (ARERR 8753)",
  instance: "/notify",
  arerr: 8753,
  statusList: [
    { messageType: "ERROR", messageNum: 8753, messageText: "Error in plugin", appendedText: "/text is missing" },
    {
      messageType: "NOTE",
      messageNum: 20023,
      messageText: `Perch: An input is missing or wrong. ${advice}`,
      appendedText: "/text is missing",
    },
  ],
  reason: "bad-input",
  retryable: false,
  advice,
};

const token: TokenAnswer = { access_token: "eyJhbGciOiJIUzI1NiIs…", token_type: "Bearer", expires_in: 600, scope: "workflow" };

export type OperationExamples = {
  /** The body. */
  request?: object;
  /** By name of the parameter. */
  parameters?: Readonly<Record<string, string | number>>;
  /** By HTTP status. */
  answers: Readonly<Record<number, object>>;
};

/** By operation. */
export const EXAMPLES = {
  notify: {
    request: notifyRequest,
    answers: { 200: { deliveries: [delivery] } satisfies NotifyResult, 202: { deliveries: [accepted] } satisfies NotifyResult },
  },
  getDelivery: { parameters: { id: delivery.id, waitSeconds: 10 }, answers: { 200: delivery } },
  getToken: { request: { grant_type: "client_credentials" }, answers: { 200: token } },
} as const satisfies Readonly<Record<string, OperationExamples>>;
export type OperationId = keyof typeof EXAMPLES;

export const PROBLEM_EXAMPLE = problem;
