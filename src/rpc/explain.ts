import type { ErrorObject } from "ajv";
import { nearest } from "./nearest.ts";
import { pointerStep } from "./plain-data.ts";

const MAX_SHOWN_VALUES = 12;

/** Says in one sentence where params are wrong and what would be right, from the errors of one failed validation. */
export function explain(errors: readonly ErrorObject[], parameters: readonly string[]): string {
  // The last error is that of the outermost keyword: of `anyOf`, not of one of its branches.
  const error = errors.at(-1);
  if (!error) return "params do not validate";
  const where = error.instancePath;
  switch (error.keyword) {
    case "required":
      return `${where}/${error.params.missingProperty} is missing`;
    case "additionalProperties":
      return `${where}/${pointerStep(String(error.params.additionalProperty))} is not a parameter${hint(error, parameters)}`;
    case "enum":
      return `${where} must be one of ${error.params.allowedValues.slice(0, MAX_SHOWN_VALUES).join(", ")}`;
    case "anyOf":
      if (error.parentSchema?.title !== "ARValue") return `${where} has none of the shapes that are allowed here`;
      return `${where} must be a string, a number, null or { "type", "value" } with one of AR's data types`;
    default:
      return `${where === "" ? "params" : where} ${error.message ?? "does not validate"}`;
  }
}

function hint(error: ErrorObject, parameters: readonly string[]): string {
  const guess = nearest(String(error.params.additionalProperty), parameters);
  if (guess !== undefined) return `; did you mean ${guess}?`;
  return parameters.length === 0 ? "; there are none" : `; there are ${parameters.join(", ")}`;
}
