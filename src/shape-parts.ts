/** What many shapes are made of. */
import { Type } from "./type.ts";

export const strict = { additionalProperties: false } as const;
export const Moment = Type.String({ description: "ISO 8601, UTC" });

/** Of whatever has a name or a number, such as an account or an entry. */
export const MAX_NAME = 255;
export const Text = (description: string, maxLength = MAX_NAME) => Type.String({ minLength: 1, maxLength, description });
