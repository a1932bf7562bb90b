/** Whatever is sent, the answer is well-formed and of a status that the document names, and nobody's bug is found. */
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import t from "tap";
import { Problem } from "../../src/rest/problem.ts";
import { TokenError } from "../../src/rest/token-shapes.ts";
import { basic, testDoor } from "../rpc/test-door.ts";
import { testHost } from "../rpc/test-host.ts";

const authorization = basic("ar-server", "w-pass");
const ajv = new Ajv2020();
const isProblem = ajv.compile(Problem);
const isTokenError = ajv.compile(TokenError);
const NAMES = ["text", "entryId", "priority", "waitSeconds", "ttlSeconds", "__proto__", "constructor", "Text"];

const value = fc.oneof(fc.jsonValue(), fc.string({ unit: "binary" }), fc.double(), fc.constant("x"));
const nearly = fc.dictionary(fc.constantFrom(...NAMES), value).map((object) => JSON.stringify(object));
const body = fc.oneof(nearly, fc.json(), fc.string({ unit: "binary" })).map((text) => Buffer.from(text));
const bodies = fc.oneof(
  body,
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
);

t.test("any body for /notify", async (t) => {
  const { door, logged } = await testDoor(t, { host: testHost().host });
  const headers = { authorization, "content-type": "application/json" };
  await fc.assert(
    fc.asyncProperty(bodies, async (sent) => {
      const answer = await fetch(`${door.url}/notify`, { method: "POST", headers, body: new Uint8Array(sent) });
      const said: unknown = await answer.json();
      return answer.status === 202 || (answer.status === 400 && isProblem(said));
    }),
    { numRuns: 1_000 },
  );
  t.same(logged, []);
});

t.test("any address below /deliveries", async (t) => {
  const { door, logged } = await testDoor(t, { host: testHost().host });
  const segment = fc.oneof(
    fc.webSegment(),
    fc.string({ unit: "grapheme" }).map(encodeURIComponent),
    fc.constantFrom("%zz", "%00", "..%2f", "%ff"),
  );
  // That one leads up and away.
  const step = segment.filter((text) => !/^(\.|%2e){2}$/i.test(text));
  const query = fc.oneof(fc.webQueryParameters(), fc.constantFrom("waitSeconds=0", "waitSeconds=-1", "waitSeconds=1e9", "=&=", "%zz=%zz"));
  await fc.assert(
    fc.asyncProperty(step, query, async (id, search) => {
      const answer = await fetch(`${door.url}/deliveries/${id}?${search}`, { headers: { authorization } });
      const said: unknown = await answer.json();
      return answer.status === 200 || ([400, 404, 414].includes(answer.status) && isProblem(said));
    }),
    { numRuns: 1_000 },
  );
  t.same(logged, []);
});

t.test("any form for /oauth2/token", async (t) => {
  const { door, logged } = await testDoor(t, { host: testHost().host });
  const names = fc.constantFrom("grant_type", "scope", "x", "client_secret");
  const form = fc
    .array(fc.tuple(names, fc.oneof(fc.constant("client_credentials"), fc.string())))
    .map((fields) => String(new URLSearchParams(fields)));
  const headers = { authorization, "content-type": "application/x-www-form-urlencoded" };
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        form.map((text) => Buffer.from(text)),
        bodies,
      ),
      async (sent) => {
        const answer = await fetch(`${door.url}/oauth2/token`, { method: "POST", headers, body: new Uint8Array(sent) });
        const said: unknown = await answer.json();
        return answer.status === 200 || (answer.status === 400 && isTokenError(said));
      },
    ),
    { numRuns: 1_000 },
  );
  t.same(logged, []);
});
