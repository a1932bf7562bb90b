import { nearest } from "../rpc/nearest.ts";
import { childrenOf, shown, textOf } from "./envelope.ts";
import { PERCH } from "./namespaces.ts";
import { type Input, OPERATIONS, type Operation } from "./operations.ts";
import type { XmlElement } from "./parse-xml.ts";
import { SoapRefusal } from "./soap-refusal.ts";

/** The operation that the Body names, with the params of its method. */
export function readOperation(request: XmlElement): { operation: Operation; params: object } {
  const operation = OPERATIONS.find(({ name }) => name === request.local);
  if (!operation) throw new SoapRefusal(`there is no operation ${shown(request)}; ${hint(request.local, namesOf(OPERATIONS))}`);
  refuseStranger(request);
  const given = new Map<string, string | number>();
  const seen = new Set<string>();
  for (const element of childrenOf(request)) {
    refuseStranger(element);
    const input = inputOf(element, operation);
    if (seen.has(input.element)) throw new SoapRefusal(`${input.element} is given twice`);
    seen.add(input.element);
    const text = textOf(element);
    if (text !== undefined) given.set(input.param, readValue(text, input));
  }
  return { operation, params: operation.gather?.(given) ?? Object.fromEntries(given) };
}

/** What a method says of its params, in the names that the caller knows: `/waitSeconds` is `WaitSeconds` here. */
export function inWordsOf({ inputs }: Operation, sentence: string): string {
  return sentence.replace(/^\/([A-Za-z]+)/, (whole, param: string) => inputs.find((input) => input.param === param)?.element ?? whole);
}

function refuseStranger(element: XmlElement): void {
  if (element.uri === PERCH) return;
  const where = element.uri === "" ? "no namespace" : `the namespace ${element.uri.slice(0, 80).toWellFormed()}`;
  throw new SoapRefusal(`${shown(element)} is in ${where}; it must be in ${PERCH}`);
}

function inputOf(element: XmlElement, { name, inputs }: Operation): Input {
  const input = inputs.find((candidate) => candidate.element === element.local);
  if (input) return input;
  const names = inputs.map((candidate) => candidate.element);
  throw new SoapRefusal(`${shown(element)} is no element of ${name}; ${hint(element.local, names)}`);
}

function hint(name: string, names: readonly string[]): string {
  const guess = nearest(name.slice(0, 64), names);
  return guess === undefined ? `there are ${names.join(", ")}` : `did you mean ${guess}?`;
}

const namesOf = (operations: readonly Operation[]) => operations.map(({ name }) => name);

const FORMS = {
  integer: { form: /^-?\d{1,9}$/, words: "a whole number in digits" },
  number: { form: /^-?\d{1,9}(\.\d{1,9})?$/, words: "a number in digits" },
} as const;

/** Strictly: what JavaScript would take besides (blanks, 0x10, 1e3, Infinity) is a mistake in a mapping. */
function readValue(text: string, { element, kind = "text" }: Input): string | number {
  if (kind === "text") return text;
  const { form, words } = FORMS[kind];
  if (!form.test(text)) throw new SoapRefusal(`${element} must be ${words}; it is ${JSON.stringify(text.slice(0, 30).toWellFormed())}`);
  return Number(text);
}
