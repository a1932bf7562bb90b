import t from "tap";
import { faultOfResponse } from "./json-rpc-answer.ts";
import { rpc } from "./rpc.ts";
import { fuzz, totalRuns } from "./suite.ts";

void fuzz(t, rpc, totalRuns(process.env));

t.test("the judge of answers sees what is none", async (t) => {
  const entry = { messageType: "ERROR", messageNum: 8753, messageText: "Error in plugin", appendedText: "x" };
  const data = { statusList: [entry], reason: "bad-input", retryable: false, advice: "" };
  const error = { code: 8753, message: "Error in plugin : x (ARERR 8753)", data };
  const refusal = { jsonrpc: "2.0", id: 1, error };
  t.equal(faultOfResponse(refusal), undefined);
  t.equal(faultOfResponse({ jsonrpc: "2.0", id: null, result: null }), undefined);
  const wrong: [value: unknown, fault: RegExp][] = [
    [{ ...refusal, jsonrpc: "1.0" }, /not 2.0/],
    [{ ...refusal, id: {} }, /no id/],
    [{ ...refusal, result: 1 }, /not either/],
    [{ ...refusal, error: { ...error, code: -32603 } }, /internal error/],
    [{ ...refusal, error: { ...error, code: 8761 } }, /differ/],
    [{ ...refusal, error: { ...error, message: "x" } }, /differ/],
    [{ ...refusal, error: { ...error, data: { ...data, statusList: [] } } }, /empty/],
    [{ ...refusal, error: { ...error, data: { ...data, statusList: [entry, { ...entry, appendedText: "é".repeat(128) }] } } }, /255/],
  ];
  for (const [value, fault] of wrong) t.match(faultOfResponse(value), fault);
});
