import t from "tap";
import { redactLine } from "../../src/log/redact.ts";

const record = (fields: unknown) => `${JSON.stringify(fields)}\n`;

t.test("values under keys of secrets are taken out at the top and two levels below", (t) => {
  const line = record({ level: "info", token: "a", one: { pin: 1, two: [{ password: "b", kept: "c" }] }, err: { secret: { deep: "d" } } });
  const wanted = {
    level: "info",
    token: "[secret]",
    one: { pin: "[secret]", two: [{ password: "b", kept: "c" }] },
    err: { secret: "[secret]" },
  };
  t.equal(redactLine(line), record(wanted));
  t.equal(redactLine(record({ one: { two: { authorization: "x" } } })), record({ one: { two: { authorization: "[secret]" } } }));
  t.end();
});

t.test("a line without such a key stays as it is, whatever its texts say", (t) => {
  const line = record({ text: 'my "token": is in a text', tokens: 3, state: "queued" });
  t.equal(redactLine(line), line);
  t.end();
});
