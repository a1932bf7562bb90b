import t from "tap";
import { isTooHeavy } from "../../src/host/weigh.ts";

const LIMIT = 1_000;
const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);
const circle: Record<string, unknown> = {};
circle.circle = circle;

const CASES: readonly [what: string, value: unknown, tooHeavy: boolean][] = [
  ["nothing", undefined, false],
  ["a text of half as many characters", "x".repeat(LIMIT / 2), false],
  ["one character more", "x".repeat(LIMIT / 2 + 1), true],
  ["many small texts", Array.from({ length: 100 }, () => "xxxxx"), true],
  ["long keys", { ["k".repeat(600)]: 1 }, true],
  ["a long list of nothings, by its length", new Array(1e8), true],
  ["buffers", { bytes: new Uint8Array(1_001) }, true],
  ["a part of a buffer", { bytes: new Uint8Array(1_001).subarray(0, 10) }, false],
  ["a map", new Map([["key", "v".repeat(600)]]), true],
  ["a set", new Set(["v".repeat(600)]), true],
  ["a circle", circle, false],
  ["depth that the host could read", nested(50), false],
  ["depth that it could not", nested(101), true],
];
for (const [what, value, tooHeavy] of CASES)
  t.test(`${what}: ${tooHeavy ? "too heavy" : "light enough"}`, (t) => {
    t.equal(isTooHeavy(value, LIMIT), tooHeavy);
    t.end();
  });
