import type { Static, TObject, TSchema } from "typebox";
import type { Answer } from "../ar.ts";
import type { Role } from "../contract.ts";
import type { Caller, Host } from "../host/verbs.ts";

/**
 * That an act is kept in the audit trail, and what of it: a list of what may be kept, so that a secret (a PIN, a token)
 * would have to be let in by name.
 */
export type Audited<Param extends string = string, Result extends string = string> = {
  /** The parameter, or else the member of the result, that names what is acted on. */
  target?: Param | Result;
  params?: readonly Param[];
  result?: readonly Result[];
  /** Lists of ids that are kept also of a call that the caller's role does not allow. */
  refused?: readonly Param[];
  /** Calls that only look on are none. */
  unless?: { [name in Param]?: unknown };
};

/** One row of the table of methods; every door is generated from it. */
export type Method = {
  name: string;
  /** The smallest role that may call it. */
  role: Role;
  /** One sentence, for the OpenRPC document. */
  summary: string;
  params: TObject;
  result: TSchema;
  audited?: Audited;
  /** `params` has been validated against the schema before. */
  run(host: Host, params: unknown, caller: Caller): Promise<Answer<unknown>>;
};

type Definition<Params extends TObject, Result extends TSchema> = Omit<Method, "params" | "result" | "audited" | "run"> & {
  params: Params;
  result: Result;
  audited?: Audited<keyof Static<Params> & string, keyof Static<Result> & string>;
  run(host: Host, params: Static<Params>, caller: Caller): Promise<Answer<Static<Result>>>;
};

/** Ties what `run` takes and gives to the schemas that are published. */
export const defineMethod = <Params extends TObject, Result extends TSchema>(definition: Definition<Params, Result>): Method => definition;

/** Order of the parameters where a caller gives them by position: the required ones first, as OpenRPC wants them listed. */
export function parameterNames(params: TObject): string[] {
  const required = new Set<string>(params.required ?? []);
  const names = Object.keys(params.properties);
  return [...names.filter((name) => required.has(name)), ...names.filter((name) => !required.has(name))];
}
