/** One row of the sandbox's API, and what its `run` is given. */

import type { LimitName } from "../limits.ts";
import type { TokenKind } from "../oauth-check.ts";
import type { ApiAnswer, ErrorStyle } from "../problems.ts";
import type { AccessToken, RequestToken, SandboxAccount, State } from "../state.ts";

export type ApiCall = {
  state: State;
  /** Form of the errors of this path. */
  style: ErrorStyle;
  /** All signed parameters: header, query, form body. */
  signed: ReadonlyMap<string, string>;
  query: ReadonlyMap<string, string>;
  /** Of the path, `id`. */
  id: string;
  body: unknown;
  request?: RequestToken;
};
/** A call with an access token. */
export type UserCall = ApiCall & { access: AccessToken; account: SandboxAccount };

export type ApiRoute = { method: "GET" | "POST" | "DELETE"; path: string } & (
  | { token: Exclude<TokenKind, "access">; run(call: ApiCall): ApiAnswer }
  | { token: "access"; limit?: LimitName; writes?: true; run(call: UserCall): ApiAnswer }
);
