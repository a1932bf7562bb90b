/** Checks a value against a schema at the sandbox's door. */
import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import type { Static, TSchema } from "typebox";

const ajv = new Ajv2020({ allErrors: true, strict: false });

export type Checked<T> = { ok: true; value: T } | { ok: false; errors: ErrorObject[] };

/** Compiles once, checks often. */
export function checker<Schema extends TSchema>(schema: Schema): (value: unknown) => Checked<Static<Schema>> {
  const validate = ajv.compile<Static<Schema>>(schema);
  return (value) => (validate(value) ? { ok: true, value } : { ok: false, errors: validate.errors ?? [] });
}
