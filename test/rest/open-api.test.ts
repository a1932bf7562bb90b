/** The document is judged by a linter of somebody else's, and by a real host that is sent what it shows. */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import t, { type Test } from "tap";
import { HOST_FAULTS } from "../../src/ar.ts";
import { EXAMPLES, type OperationExamples } from "../../src/rest/examples.ts";
import { openApiDocument } from "../../src/rest/open-api.ts";
import { RESOURCES } from "../../src/rest/resources.ts";
import { STATUSES } from "../../src/rpc/statuses.ts";
import { openStage, PASSWORDS, type Stage } from "../stage.ts";
import { AS_WORKFLOW, bearer, type CurlAnswer, curl, JSON_BODY } from "./rest-client.ts";

type Content = Record<string, { schema: object; example?: unknown }>;
type Answer = { $ref?: string; description?: string; headers?: object; content?: Content };
type Operation = {
  operationId: keyof typeof EXAMPLES;
  requestBody?: { content: Content };
  parameters?: { name: string; in: string; schema: object; example?: string | number }[];
  responses: Record<string, Answer>;
};
type Document = {
  openapi: string;
  servers: { url: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: {
    schemas: Record<string, object>;
    responses: Record<string, Answer>;
    securitySchemes: { oauth2: { flows: { clientCredentials: { tokenUrl: string } } } };
  };
};

const documentOf = (url = "https://perch.company.example"): Document => JSON.parse(JSON.stringify(openApiDocument(url)));
const operationsOf = (document: Document) =>
  Object.entries(document.paths).flatMap(([path, verbs]) => Object.entries(verbs).map(([verb, operation]) => ({ path, verb, operation })));

/** What validates a schema of the document, its references followed. */
function validatorOf(document: Document) {
  // Not strict: the document around the schemas is no schema.
  const ajv = new Ajv2020({ strict: false }).addSchema({ $id: "document", components: document.components });
  return (t: Test, schema: object, value: unknown, title: string) => {
    const text = JSON.stringify(schema).replaceAll('"#/components', '"document#/components');
    const validate = ajv.compile(JSON.parse(text));
    t.ok(validate(value), `${title} ${JSON.stringify(validate.errors)}`);
  };
}

const answerOf = (document: Document, { responses }: Operation, status: number): Answer => {
  const answer = responses[status] ?? {};
  return answer.$ref === undefined ? answer : (document.components.responses[answer.$ref.split("/").at(-1) ?? ""] ?? {});
};

type Lint = { totals: { errors: number; warnings: number }; problems: { ruleId: string }[] };

/** Redocly's rules, every warning an error. */
async function lint(t: Test, document: object): Promise<Lint> {
  const file = join(t.testdir(), "openapi.json");
  await writeFile(file, JSON.stringify(document));
  const args = ["node_modules/@redocly/cli/bin/cli.js", "lint", "--extends=recommended-strict", "--format=json", file];
  const env = { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" };
  const { promise, resolve } = Promise.withResolvers<string>();
  execFile(process.execPath, args, { env }, (_error, stdout) => resolve(stdout));
  return JSON.parse(await promise);
}

t.test("the linter finds nothing to say", async (t) => {
  t.same((await lint(t, documentOf())).problems, []);
});

t.test("the linter would find what is wrong", async (t) => {
  const document = documentOf();
  const { 401: _, ...rest } = document.paths["/notify"]!.post!.responses;
  const notify = { ...document.paths["/notify"]!.post!, operationId: "getDelivery", responses: { ...rest, 400: { $ref: "#/nowhere" } } };
  const { problems } = await lint(t, { ...document, paths: { ...document.paths, "/notify": { post: notify } } });
  const found = problems.map(({ ruleId }) => ruleId);
  for (const rule of ["operation-operationId-unique", "no-unresolved-refs"]) t.ok(found.includes(rule), `${rule} in ${found}`);
});

t.test("it is open to everybody, and says where the host is reached", async (t) => {
  const stage = await openStage(t);
  const answer = await curl(`${stage.host.url}/openapi.json`);
  t.equal(answer.status, 200);
  t.same(answer.headers["content-type"], ["application/json; charset=utf-8"]);
  t.same(answer.json(), documentOf(stage.host.url));
  const head = await curl("--head", `${stage.host.url}/openapi.json`);
  t.same([head.status, head.text], [200, ""]);
  const posted = await curl("-d", "x", `${stage.host.url}/openapi.json`);
  t.same(
    [posted.status, posted.headers.allow, posted.headers["content-type"]],
    [405, ["GET, HEAD"], ["application/problem+json; charset=utf-8"]],
  );
  const forged = await curl("-H", "Host: evil.example", "-H", "X-Forwarded-Host: evil.example", `${stage.host.url}/openapi.json`);
  t.notMatch(forged.text, "evil");
  const server = { port: 0, socket: "./perch.sock", publicUrl: "https://perch.company.example/plugins/" };
  const behind = await openStage(t, { config: { server } });
  const { servers, components }: Document = JSON.parse((await curl(`${behind.host.url}/openapi.json`)).text);
  t.match(servers, [{ url: "https://perch.company.example/plugins" }]);
  t.equal(components.securitySchemes.oauth2.flows.clientCredentials.tokenUrl, "https://perch.company.example/plugins/oauth2/token");
});

t.test("each resource and each of its statuses is in it, with what may be the cause", async (t) => {
  const document = documentOf();
  t.same(Object.keys(document.paths), [...RESOURCES.map(({ path }) => path), "/oauth2/token"]);
  for (const { path, verb, successes, failures, method } of RESOURCES) {
    const operation = document.paths[path]![verb.toLowerCase()]!;
    t.same(Object.keys(operation.responses).map(Number), [...Object.keys(successes).map(Number), ...failures], path);
    for (const status of failures) {
      const { description, content, headers = {} } = answerOf(document, operation, status);
      t.ok(description, `${status} has a description`);
      t.same(content?.["application/problem+json"]?.schema, { $ref: "#/components/schemas/Problem" });
      t.same(Object.keys(headers), { 401: ["WWW-Authenticate"], 429: ["Retry-After"] }[status] ?? []);
      for (const [reason, its] of Object.entries(STATUSES))
        t.equal(description?.includes(`\`${reason}\`: `), its === status, `${status}: ${reason}`);
    }
    const names = operation.parameters?.map(({ name }) => name) ?? [];
    if (verb === "GET") t.same(names, Object.keys(method.params.properties));
  }
  t.same(Object.keys(STATUSES).sort(), Object.keys(HOST_FAULTS).sort());
});

t.test("every example is what its schema says", async (t) => {
  const document = documentOf();
  const mustValidate = validatorOf(document);
  let seen = 0;
  const check = (content: Content | undefined, title: string) => {
    for (const { schema, example } of Object.values(content ?? {})) {
      if (example === undefined) continue;
      seen += 1;
      mustValidate(t, schema, example, title);
    }
  };
  for (const { path, operation } of operationsOf(document)) {
    check(operation.requestBody?.content, `${path} request`);
    for (const { name, schema, example } of operation.parameters ?? []) mustValidate(t, schema, example, `${path} ${name}`);
    for (const status of Object.keys(operation.responses))
      check(answerOf(document, operation, Number(status)).content, `${path} ${status}`);
  }
  for (const [name, { content }] of Object.entries(document.components.responses)) check(content, name);
  t.ok(seen >= 8, `${seen} examples`);
});

/** Sends an operation as its example has it; `id` stands for the delivery that there is. */
async function send(stage: Stage, path: string, operation: Operation, credentials: string[], id: string): Promise<CurlAnswer> {
  const examples: OperationExamples = EXAMPLES[operation.operationId];
  const { id: _, ...query } = examples.parameters ?? {};
  const search = Object.entries(query)
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
  const url = stage.host.url + path.replace("{id}", id) + (search === "" ? "" : `?${search}`);
  const form = "application/x-www-form-urlencoded" in (operation.requestBody?.content ?? {});
  const fields = Object.entries(examples.request ?? {}).flatMap(([name, value]) => ["-d", `${name}=${value}`]);
  const body = [...JSON_BODY, "-d", JSON.stringify(examples.request)];
  return curl(...credentials, ...(operation.requestBody ? (form ? fields : body) : []), url);
}

t.test("a real host takes every example, with a password and with a token, and answers as the document says", async (t) => {
  const stage = await openStage(t);
  await stage.register();
  const document: Document = JSON.parse((await curl(`${stage.host.url}/openapi.json`)).text);
  const mustValidate = validatorOf(document);
  const { tokenUrl } = document.components.securitySchemes.oauth2.flows.clientCredentials;
  const granted = await curl("-u", `operator:${PASSWORDS.operator}`, "-d", "grant_type=client_credentials", tokenUrl);
  const { deliveries } = await stage.notify({ text: "another", waitSeconds: 60 });
  for (const { path, operation } of operationsOf(document)) {
    for (const credentials of [AS_WORKFLOW, ...(path === "/oauth2/token" ? [] : [bearer(String(granted.json().access_token))])]) {
      const answer = await send(stage, path, operation, credentials, deliveries[0]!.id);
      t.equal(answer.status, 200, `${path} ${answer.text}`);
      const schema = answerOf(document, operation, 200).content?.["application/json"]?.schema;
      mustValidate(t, schema!, answer.json(), path);
    }
    const refused = await send(stage, path, operation, [], "x");
    t.equal(refused.status, 401);
    const [media] = refused.headers["content-type"] ?? [];
    const content = answerOf(document, operation, 401).content?.[media?.split(";")[0] ?? ""];
    mustValidate(t, content!.schema, refused.json(), `${path} 401`);
  }
});
