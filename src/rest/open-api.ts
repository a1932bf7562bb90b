/** The OpenAPI 3.1 document, made from the table of resources and the schemas that validate. */
import { HOST_FAULTS } from "../ar.ts";
import { STATUSES } from "../rpc/statuses.ts";
import { EXAMPLES, type OperationExamples, PROBLEM_EXAMPLE } from "./examples.ts";
import { Problem } from "./problem.ts";
import { RESOURCES, type Resource } from "./resources.ts";
import { type Json, type SharedSchemas, shareSchemas } from "./share-schemas.ts";
import { TOKEN_PATH } from "./token-route.ts";
import { TokenAnswer, TokenError, TokenRequest } from "./token-shapes.ts";

type Part = { [key: string]: Json };

/** Version of the published interface: it grows with the table, it is not the program's version. */
const INTERFACE_VERSION = "1.0.0";

/** `publicUrl`: where callers reach this host, or the group. */
export function openApiDocument(publicUrl: string): Part {
  const url = publicUrl.replace(/\/+$/, "");
  const shared = shareSchemas();
  const paths = { ...resourcePaths(shared), [TOKEN_PATH]: { post: tokenOperation(shared) } };
  const responses = problemResponses(shared);
  return {
    openapi: "3.1.0",
    info: {
      title: "Perch",
      version: INTERFACE_VERSION,
      description:
        "Notifications of AR System's workflow as JSON over plain HTTP, for Set Fields with a REST API. Each failure has AR System's message number and status list.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url, description: "This host, or its group" }],
    tags: [
      { name: "Deliveries", description: "Notifications, and what becomes of them" },
      { name: "Access tokens", description: "In place of a password with each call" },
    ],
    security: [{ basic: [] }, { oauth2: [] }],
    paths,
    components: { schemas: shared.schemas(), responses, securitySchemes: securitySchemes(url) },
  };
}

const securitySchemes = (url: string): Part => ({
  basic: { type: "http", scheme: "basic", description: "Name and password of a client of the credentials file" },
  oauth2: {
    type: "oauth2",
    description: "The same name and password as client_id and client_secret; a client has its role, so there are no scopes to ask for",
    flows: { clientCredentials: { tokenUrl: url + TOKEN_PATH, scopes: {} } },
  },
});

function resourcePaths(shared: SharedSchemas): Part {
  const paths: { [path: string]: Part } = {};
  for (const resource of RESOURCES) {
    paths[resource.path] = { ...paths[resource.path], [resource.verb.toLowerCase()]: operationOf(resource, shared) };
  }
  return paths;
}

function operationOf(resource: Resource, shared: SharedSchemas): Part {
  const { method, operationId, verb, failures } = resource;
  const examples: OperationExamples = EXAMPLES[operationId];
  const successes = Object.entries(resource.successes).map(([status, description]) => {
    const content = contentOf("application/json", shared.share(method.result), examples.answers[Number(status)]);
    return [status, { description, content }] as const;
  });
  return {
    operationId,
    tags: ["Deliveries"],
    summary: method.summary,
    description: `Needs the role ${method.role}. The same as the method \`${method.name}\` of POST /rpc.`,
    ...(verb === "POST"
      ? { requestBody: { required: true, content: contentOf("application/json", shared.share(method.params), examples.request) } }
      : { parameters: parametersOf(resource, examples, shared) }),
    responses: Object.fromEntries([
      ...successes,
      ...failures.map((status) => [status, { $ref: `#/components/responses/${nameOf(status)}` }]),
    ]),
  };
}

function parametersOf({ path, method }: Resource, examples: OperationExamples, shared: SharedSchemas): Json {
  const required: readonly string[] = method.params.required ?? [];
  return Object.entries(method.params.properties).map(([name, schema]) => {
    const example = examples.parameters?.[name];
    return {
      name,
      in: path.includes(`{${name}}`) ? "path" : "query",
      required: required.includes(name),
      schema: shared.share(schema),
      ...(example !== undefined && { example }),
    };
  });
}

function tokenOperation(shared: SharedSchemas): Part {
  const { request, answers } = EXAMPLES.getToken;
  const refusal = (description: string, headers: Part = {}): Part => ({
    description,
    headers,
    content: contentOf("application/json", shared.share(TokenError)),
  });
  return {
    operationId: "getToken",
    tags: ["Access tokens"],
    summary: "An access token for ten minutes, by the client credentials grant (RFC 6749, section 4.4).",
    description:
      "Name and password by HTTP Basic, or as client_id and client_secret. A token ends early when its client goes or has another password.",
    // Those in the body are no scheme that OpenAPI knows.
    security: [{ basic: [] }, {}],
    requestBody: { required: true, content: contentOf("application/x-www-form-urlencoded", shared.share(TokenRequest), request) },
    responses: {
      200: { description: "The token", content: contentOf("application/json", shared.share(TokenAnswer), answers[200]) },
      400: refusal("The request is wrong"),
      401: refusal("The name or the password is wrong or missing", { "WWW-Authenticate": CHALLENGE }),
      413: refusal("The body is too long"),
      429: refusal("Too many wrong passwords", { "Retry-After": RETRY_AFTER }),
    },
  };
}

const contentOf = (media: string, schema: Json, example?: object): Part => ({
  [media]: { schema, ...(example && { example: JSON.parse(JSON.stringify(example)) as Json }) },
});

const CHALLENGE: Part = { description: "What credentials are taken, and what is wrong with those that came", schema: { type: "string" } };
const RETRY_AFTER: Part = { description: "Seconds to wait", schema: { type: "integer" } };

/** What has no fault of its own in the table. */
const REFUSED_BY_HTTP: Readonly<Record<number, string>> = {
  413: "The body is larger than 4 MiB.",
  415: "The body is not JSON in UTF-8, or it is packed.",
  429: "Too many wrong passwords; each further try has to wait.",
  500: "A bug; the reference leads to the host's log.",
};
const HEADERS: Readonly<Record<number, Part>> = { 401: { "WWW-Authenticate": CHALLENGE }, 429: { "Retry-After": RETRY_AFTER } };

const nameOf = (status: number): string => `Problem${status}`;

function problemResponses(shared: SharedSchemas): Part {
  const statuses = [...new Set(RESOURCES.flatMap(({ failures }) => failures))].sort((one, other) => one - other);
  return Object.fromEntries(statuses.map((status) => [nameOf(status), problemResponse(status, shared)]));
}

function problemResponse(status: number, shared: SharedSchemas): Part {
  const faults = Object.entries(HOST_FAULTS).filter(([reason]) => new Map<string, number>(Object.entries(STATUSES)).get(reason) === status);
  const sentences = faults.map(([reason, { text }]) => `\`${reason}\`: ${text}`);
  const headers = HEADERS[status];
  const example = status === PROBLEM_EXAMPLE.status ? PROBLEM_EXAMPLE : undefined;
  return {
    description: [...sentences, ...(REFUSED_BY_HTTP[status] === undefined ? [] : [REFUSED_BY_HTTP[status]])].join(" "),
    ...(headers && { headers }),
    content: contentOf("application/problem+json", shared.share(Problem), example),
  };
}
