/** What X says in the body of an answer, in any of its forms: v2 problems, v1.1 errors, plain text. */
import type { XFacts } from "../../src/ar.ts";
import type { Answered } from "./requests.ts";

export type Said = {
  status: number;
  /** v1.1 error code. */
  code?: number;
  /** Last segment of a v2 problem's `type`; its host changed with the company's name. */
  problem?: string;
  /** Of a client-forbidden problem: `client-not-enrolled`, … */
  reason?: string;
  title?: string;
  /** The sentence for people, in one line; "" where there is none. */
  text: string;
};

/** Enough for every sentence that X is known to send; AR cuts at 255 bytes. */
const MAX_SAID = 400;

type Fields = Readonly<Record<string, unknown>>;
const asFields = (value: unknown): Fields => (typeof value === "object" && value !== null ? (value as Fields) : {});
const asText = (value: unknown): string | undefined => (typeof value === "string" ? oneLine(value) : "") || undefined;
const oneLine = (text: string): string => cutWords(flat(text));
const flat = (text: string): string => text.replace(/[\s\p{Cc}]+/gu, " ").trim();

/** Cut between words: the beginning of a secret would be known to nobody as one, and be shown. */
function cutWords(text: string): string {
  if (text.length <= MAX_SAID) return text;
  return text
    .slice(0, MAX_SAID)
    .replace(/[\w.~%+/=-]+$/, "")
    .trimEnd();
}

export function readSaid({ status, body, text }: Pick<Answered, "status" | "body" | "text">): Said {
  const whole = asFields(body);
  const first = asFields(Array.isArray(whole.errors) ? whole.errors[0] : undefined);
  const code = first.code;
  const problem = asText(whole.type)?.split("/").at(-1);
  const reason = asText(whole.reason);
  const title = asText(whole.title);
  return {
    status,
    ...(typeof code === "number" && Number.isInteger(code) && { code }),
    ...(problem !== undefined && problem !== "about:blank" && { problem }),
    ...(reason !== undefined && { reason }),
    ...(title !== undefined && { title }),
    text: asText(whole.detail) ?? asText(first.message) ?? title ?? plainText(body, text),
  };
}

/** A body that is neither JSON nor a page: X's old `Failed to validate oauth signature and token`. */
const plainText = (body: unknown, text: string): string => (body !== undefined || /^\s*</.test(text) ? "" : oneLine(text));

export const factsOf = (said: Said): XFacts => ({
  status: said.status,
  ...(said.code !== undefined && { code: said.code }),
  ...(said.title !== undefined && { title: said.title }),
  ...(said.text !== "" && { detail: said.text }),
});
