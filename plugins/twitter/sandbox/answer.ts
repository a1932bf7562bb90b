/** Puts an answer on the wire, whole and well or as a fault wants it. */
import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyReply } from "fastify";
import type { FaultKind } from "./faults.ts";
import { type ApiAnswer, findProblem, problem } from "./problems.ts";
import type { State } from "./state.ts";

/** How old an answer of the date format `cached` says it is. */
const CACHED_SECONDS = 3600;
const HUGE_BYTES = 16 * 1024 * 1024;
const GARBAGE = '\u0000\u001f{"data":{"id":<<<not JSON>>>';

/** The Date header from the sandbox clock; X wrote the suffix UTC until January 2025, which RFC 9110 does not know. */
export function dateHeaders(state: State, skewSeconds = 0): Record<string, string> {
  const { dateFormat } = state.settings;
  const date = (offsetSeconds: number) => new Date(state.clock() + offsetSeconds * 1000).toUTCString();
  if (dateFormat === "missing") return {};
  if (dateFormat === "cached") return { date: date(skewSeconds - CACHED_SECONDS), age: String(CACHED_SECONDS) };
  return { date: dateFormat === "UTC" ? date(skewSeconds).replace("GMT", "UTC") : date(skewSeconds) };
}

/** What a fault answers in place of X, if anything. */
export function answerInstead(kind: FaultKind, state: State): ApiAnswer | undefined {
  const name = kind.named === undefined ? undefined : findProblem(kind.named);
  const base = name && problem(name, kind.style ?? state.settings.errorStyle);
  if (kind.redirect !== undefined) return { status: kind.status ?? 307, body: "", headers: { location: kind.redirect, ...kind.headers } };
  if (!base && kind.status === undefined) return undefined;
  const body = kind.body === undefined ? base?.body : kind.body;
  return {
    status: kind.status ?? base?.status ?? 200,
    body: typeof body === "string" || (typeof body === "object" && body !== null) ? body : body === undefined ? "" : JSON.stringify(body),
    headers: { ...base?.headers, ...kind.headers },
  };
}

type Wire = { status: number; headers: Record<string, string>; body: Buffer };

function toWire(answer: ApiAnswer, kind: FaultKind, state: State): Wire {
  const isText = typeof answer.body === "string";
  const headers = {
    "content-type": isText ? "text/plain; charset=utf-8" : "application/json; charset=utf-8",
    ...answer.headers,
    ...(kind.contentType !== undefined && { "content-type": kind.contentType }),
    ...dateHeaders(state, kind.skewDateSeconds),
    ...(kind.headers ?? {}),
  };
  return { status: answer.status, headers, body: spoil(kind, isText ? String(answer.body) : JSON.stringify(answer.body)) };
}

function spoil(kind: FaultKind, body: string): Buffer {
  if (kind.garbage) return Buffer.from(GARBAGE);
  if (kind.huge === undefined) return Buffer.from(body);
  return Buffer.from(JSON.stringify({ data: "x".repeat(kind.huge === true ? HUGE_BYTES : kind.huge) }));
}

/** Sends the answer, or as much of it as the fault lets through. */
export function sendAnswer(reply: FastifyReply, answer: ApiAnswer, kind: FaultKind, state: State): void {
  const wire = toWire(answer, kind, state);
  reply.raw.sendDate = false;
  reply.hijack();
  if (kind.hang) return;
  if (kind.reset === "after") reply.raw.socket?.resetAndDestroy();
  else if (kind.drop) reply.raw.socket?.end();
  else writeWire(reply.raw, wire, kind);
}

/** Whether the client gets to see a status line at all. */
export const isAnswered = (kind: FaultKind): boolean => !kind.hang && !kind.drop && kind.reset !== "after" && kind.reset !== "before";

function writeWire(raw: ServerResponse, { status, headers, body }: Wire, kind: FaultKind): void {
  raw.writeHead(status, { ...headers, "content-length": body.length });
  const half = body.subarray(0, Math.floor(body.length / 2));
  if (kind.reset === "during") raw.write(half, () => raw.socket?.resetAndDestroy());
  else if (kind.truncate) raw.write(half, () => raw.socket?.end());
  else if (kind.slowBytesMs !== undefined) void drip(raw, body, kind.slowBytesMs);
  else raw.end(body);
}

async function drip(raw: ServerResponse, body: Buffer, pauseMs: number): Promise<void> {
  raw.flushHeaders();
  for (const byte of body) {
    if (raw.destroyed) return;
    await sleep(pauseMs, undefined, { ref: false });
    raw.write(Buffer.of(byte));
  }
  raw.end();
}
