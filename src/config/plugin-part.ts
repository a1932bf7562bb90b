/** A plug-in's own part of both files, checked with the schemas that it brings. */
import { existsSync } from "node:fs";
import type { LoadedConfig } from "./load.ts";
import { type Problem, sortProblems } from "./problem.ts";
import { type Path, placeOf, problemAt, type Source } from "./source.ts";
import { type Validated, validate } from "./validate.ts";

export type PluginSchemas = { settingsSchema?: object | undefined; secretsSchema?: object | undefined };
/** `files`: those that its settings name with `x-path: "file"`; to be watched like the configuration's own. */
export type PluginPart = { files: string[] } & ({ ok: true; settings: unknown; secrets: unknown } | { ok: false; problems: Problem[] });

/**
 * Validates `userDefined` and `credentials.plugins[name]`, each on a copy with defaults filled in and paths absolute.
 * Without a schema a part is handed on as it stands. Throws for a name that is not configured.
 */
export function checkPluginPart(loaded: LoadedConfig, name: string, schemas: PluginSchemas): PluginPart {
  const index = loaded.config.plugins.findIndex((plugin) => plugin.name === name);
  const plugin = loaded.config.plugins[index];
  if (!plugin) throw new Error(`No plug-in is configured as ${name}.`);
  const { config, credentials } = loaded.sources;
  const secretsGiven = Object.hasOwn(loaded.credentials.plugins, name) ? loaded.credentials.plugins[name] : {};
  const settings = check(schemas.settingsSchema, config, ["plugins", index, "userDefined"], plugin.userDefined, "settings");
  const secrets = check(schemas.secretsSchema, credentials, ["plugins", name], secretsGiven, "secrets");
  const problems = sortProblems([...settings.problems, ...secrets.problems]);
  const files = [...settings.files, ...secrets.files];
  if (problems.length > 0) return { ok: false, problems, files };
  return { ok: true, settings: settings.value, secrets: secrets.value, files };
}

function check(schema: object | undefined, source: Source, at: Path, data: unknown, what: string): Validated {
  if (!schema) return { value: structuredClone(data), problems: [], files: [] };
  try {
    return validate(schema, source, at, data);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    return { value: data, problems: [problemAt(source, at, "key", `the plug-in's schema of its ${what} is wrong: ${cause}`)], files: [] };
  }
}

/** For `perch check`: plug-ins whose file does not exist. The host itself starts without them and answers 8756. */
export function checkModules(loaded: LoadedConfig): Problem[] {
  return loaded.config.plugins.flatMap((plugin, index) => {
    if (existsSync(plugin.moduleFile)) return [];
    const place = placeOf(loaded.sources.config, ["plugins", index, "module"], "value");
    return [{ file: loaded.file, ...place, message: `there is no such plug-in: ${plugin.moduleFile} does not exist` }];
  });
}
