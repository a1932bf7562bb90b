/** Writes the JSON Schemas for editors: `node src/config/publish.ts`. */
import { writeFile } from "node:fs/promises";
import { Config, Credentials } from "./schema.ts";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** By file name in `config/`. */
export const PUBLISHED: Readonly<Record<string, object>> = { "perch.schema.json": Config, "credentials.schema.json": Credentials };

/** In an editor a reference may stand for any scalar, and what has a default may be left out. */
export function publishedText(schema: object): string {
  const plain: Json = JSON.parse(JSON.stringify(schema));
  const body = relaxed(plain);
  const $defs = { reference: { type: "string", pattern: "\\$\\{(env|file):[^}]+\\}", description: `\${env:NAME} or \${file:PATH}` } };
  const root = typeof body === "object" && body !== null && !Array.isArray(body) ? body : {};
  return `${JSON.stringify({ $schema: "https://json-schema.org/draft/2020-12/schema", ...root, $defs }, null, 2)}\n`;
}

function relaxed(schema: Json | undefined): Json {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return schema ?? null;
  const { description, default: initial, "x-path": _path, "x-expected": _expected, ...rest } = schema;
  const notes = { ...(description !== undefined && { description }), ...(initial !== undefined && { default: initial }) };
  return isConstrainedScalar(rest) ? { ...notes, anyOf: [rest, { $ref: "#/$defs/reference" }] } : { ...notes, ...relaxedParts(rest) };
}

const isConstrainedScalar = (schema: { [key: string]: Json }): boolean =>
  schema.enum !== undefined || schema.pattern !== undefined || ["integer", "number", "boolean"].includes(String(schema.type));

function relaxedParts(schema: { [key: string]: Json }): { [key: string]: Json } {
  const result: { [key: string]: Json } = { ...schema };
  for (const key of ["properties", "patternProperties"]) {
    const parts = schema[key];
    if (isObject(parts)) result[key] = Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, relaxed(part)]));
  }
  if (schema.items !== undefined) result.items = relaxed(schema.items);
  const { properties, required } = schema;
  if (Array.isArray(required) && isObject(properties)) result.required = required.filter((name) => !hasDefault(properties[String(name)]));
  return result;
}

const isObject = (value: Json | undefined): value is { [key: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const hasDefault = (schema: Json | undefined): boolean => isObject(schema) && schema.default !== undefined;

if (import.meta.main) {
  for (const [name, schema] of Object.entries(PUBLISHED)) {
    await writeFile(new URL(`../../config/${name}`, import.meta.url), publishedText(schema));
  }
}
