/**
 * The error bodies of X, each in the forms that have been seen: v1.1 `{errors:[{code,message}]}` and the v2 form that
 * looks like RFC 7807. Codes and texts from X's response-code table and from bodies that people have published.
 */
export type ApiAnswer = { status: number; body: object | string; headers?: Record<string, string> };
export type ErrorStyle = "v1" | "v2" | "plain401";

type Problem = { status: number; code?: number; message?: string; v2?: Record<string, unknown>; v2Status?: number };

const blank = (status: number, title: string, detail: string = title) => ({ title, type: "about:blank", status, detail });
const X_TYPE = "https://api.x.com/2/problems/";
const TWITTER_TYPE = "https://api.twitter.com/2/problems/";
const UNAUTHORIZED = blank(401, "Unauthorized");
const forbidden = (detail: string) => ({ detail, type: "about:blank", title: "Forbidden", status: 403 });

const PROBLEMS = {
  unauthorized: { status: 401, code: 32, message: "Could not authenticate you.", v2: UNAUTHORIZED },
  "bad-authentication-data": { status: 400, code: 215, message: "Bad Authentication data.", v2: UNAUTHORIZED, v2Status: 401 },
  "invalid-token": { status: 401, code: 89, message: "Invalid or expired token.", v2: UNAUTHORIZED },
  "timestamp-out-of-bounds": { status: 401, code: 135, message: "Timestamp out of bounds", v2: UNAUTHORIZED },
  "account-suspended": {
    status: 403,
    code: 64,
    message: "Your account is suspended and is not permitted to access this feature.",
  },
  "account-locked": {
    status: 403,
    code: 326,
    message:
      "To protect our users from spam and other malicious activity, this account is temporarily locked. Please log in to https://twitter.com to unlock your account.",
  },
  "rate-limited": { status: 429, code: 88, message: "Rate limit exceeded", v2: blank(429, "Too Many Requests") },
  "usage-capped": {
    status: 429,
    v2: {
      title: "UsageCapExceeded",
      period: "Monthly",
      scope: "Account",
      detail: "Usage cap exceeded: Monthly product cap",
      type: `${TWITTER_TYPE}usage-capped`,
    },
  },
  "daily-limit": { status: 403, code: 185, message: "User is over daily status update limit." },
  "over-capacity": { status: 503, code: 130, message: "Over capacity", v2: blank(503, "Service Unavailable") },
  "internal-error": { status: 500, code: 131, message: "Internal error", v2: blank(500, "Internal Server Error") },
  "too-long": {
    status: 403,
    code: 186,
    message: "Tweet needs to be a bit shorter.",
    v2: blank(
      400,
      "Invalid Request",
      "Your Tweet text is too long. For more information on how Twitter determines text length, see https://docs.x.com.",
    ),
    v2Status: 400,
  },
  duplicate: {
    status: 403,
    code: 187,
    message: "Status is a duplicate.",
    v2: forbidden("You are not allowed to create a Tweet with duplicate content."),
  },
  "oauth1-permissions": {
    status: 403,
    code: 261,
    message:
      "Application cannot perform write actions. Contact Twitter Platform Operations through https://help.twitter.com/forms/platform.",
    v2: {
      title: "Forbidden",
      status: 403,
      type: `${X_TYPE}oauth1-permissions`,
      detail: "Your client app is not configured with the appropriate oauth1 app permissions for this endpoint.",
    },
  },
  "credentials-refused": { status: 403, code: 220, message: "Your credentials do not allow access to this resource." },
  "looks-automated": {
    status: 403,
    code: 226,
    message:
      "This request looks like it might be automated. To protect our users from spam and other malicious activity, we can't complete this action right now.",
  },
  cashtags: { status: 403, v2: forbidden("You are not allowed to create a Post with more than one cashtag.") },
  "reply-refused": {
    status: 403,
    code: 433,
    message: "The original Tweet author restricted who can reply to this Tweet.",
    v2: forbidden(
      "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by the author of the post you are replying to.",
    ),
  },
  "reply-to-nothing": {
    status: 403,
    code: 385,
    message: "You attempted to reply to a Tweet that is deleted or not visible to you.",
    v2: forbidden("You attempted to reply to a Tweet that is deleted or not visible to you."),
  },
  "not-own-post": {
    status: 403,
    code: 183,
    message: "You may not delete another user's status.",
    v2: forbidden("You are not allowed to delete this Tweet."),
  },
  "callback-not-approved": { status: 403, code: 415, message: "Callback URL not approved for this client application." },
  "app-suspended": { status: 401, code: 416, message: "The application has been suspended." },
  "oob-only": { status: 401, code: 417, message: "Desktop applications only support the oauth_callback value 'oob'" },
  "access-level": {
    status: 403,
    code: 453,
    message:
      "You currently have access to a subset of X API V2 endpoints and limited v1.1 endpoints (e.g. media post, oauth) only. If you need access to this endpoint, you may need a different access level.",
  },
  "client-not-enrolled": {
    status: 403,
    v2: {
      title: "Client Forbidden",
      required_enrollment: "Appropriate Level of API Access",
      reason: "client-not-enrolled",
      detail:
        "When authenticating requests to the Twitter API v2 endpoints, you must use keys and tokens from a Twitter developer App that is attached to a Project.",
      type: `${TWITTER_TYPE}client-forbidden`,
    },
  },
  "credits-depleted": {
    status: 402,
    v2: {
      title: "CreditsDepleted",
      detail: "Your enrolled account [1500000000000000000] does not have any credits to fulfill this request.",
      type: `${TWITTER_TYPE}credits`,
    },
  },
  "not-found": {
    status: 404,
    code: 34,
    message: "Sorry, that page does not exist.",
    v2: { title: "Not Found Error", type: `${X_TYPE}resource-not-found`, status: 404, detail: "Could not find the resource." },
  },
} as const satisfies Record<string, Problem>;

export type ProblemName = keyof typeof PROBLEMS;
export const PROBLEM_NAMES = Object.keys(PROBLEMS);

/** Finds a body by its name or by its v1.1 code (`"135"`). */
export function findProblem(nameOrCode: string): ProblemName | undefined {
  const entries: [string, Problem][] = Object.entries(PROBLEMS);
  const found = entries.find(([name, row]) => name === nameOrCode || String(row.code) === nameOrCode)?.[0];
  return found !== undefined && isProblem(found) ? found : undefined;
}
const isProblem = (name: string): name is ProblemName => Object.hasOwn(PROBLEMS, name);

/** The plain text that `oauth/request_token` used from 2009 to 2013, which ends BMC's well-known message. */
const PLAIN_401: ApiAnswer = {
  status: 401,
  body: "Failed to validate oauth signature and token",
  headers: { "content-type": "text/html; charset=utf-8" },
};

/** The answer for a problem in the form asked for; where that form has never been seen, in the other. */
export function problem(name: ProblemName, style: ErrorStyle): ApiAnswer {
  const row: Problem = PROBLEMS[name];
  if (style === "plain401" && row.status === 401) return PLAIN_401;
  const v1 = row.code !== undefined && { status: row.status, body: { errors: [{ code: row.code, message: row.message }] } };
  const v2 = row.v2 && { status: row.v2Status ?? row.status, body: row.v2 };
  return (style === "v1" ? v1 || v2 : v2 || v1) || { status: row.status, body: "" };
}

/** One complaint of `invalid-request`, as X words it. */
export type Complaint = { parameters: Record<string, string[]>; message: string };

export const invalidRequest = (errors: Complaint[]): ApiAnswer => ({
  status: 400,
  body: {
    errors,
    title: "Invalid Request",
    detail: "One or more parameters to your request was invalid.",
    type: `${TWITTER_TYPE}invalid-request`,
  },
});
