/** A value of JSON. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export type SharedSchemas = {
  /** The schema as it stands in a document: what has a title is a reference. */
  share(schema: object): Json;
  /** What was referred to, by title. */
  schemas(): { [title: string]: Json };
};

/** Gathers the schemas that have a title, so that a document holds each once (OpenAPI 3.1, `components.schemas`). */
export function shareSchemas(): SharedSchemas {
  const gathered = new Map<string, Json>();

  function replace(value: Json): Json {
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map(replace);
    const replaced = Object.fromEntries(Object.entries(value).map(([key, member]) => [key, replace(member)]));
    const { title } = value;
    // A property may have that name too, and is a schema then.
    if (typeof title !== "string") return replaced;
    gathered.set(title, replaced);
    return { $ref: `#/components/schemas/${title}` };
  }

  return {
    share: (schema) => replace(JSON.parse(JSON.stringify(schema)) as Json),
    schemas: () => Object.fromEntries([...gathered].sort(([one], [other]) => one.localeCompare(other))),
  };
}
