import { DONE, FAILED, type Invocation } from "./command.ts";
import { sayFailure } from "./failure.ts";
import type { Method, Params, Result, RpcAnswer } from "./methods.ts";

/** Calls a method and prints its result: as JSON where that is asked for, else as `render` does. */
export async function show<M extends Method>(
  invocation: Invocation,
  method: M,
  params: Params<M>,
  render: (value: Result<M>) => void,
): Promise<number> {
  return present(invocation, await invocation.call(method, params), render);
}

/** Prints an answer, or its refusal, and answers the exit status. */
export function present<Value>({ screen, json }: Invocation, answer: RpcAnswer<Value>, render: (value: Value) => void): number {
  if (!answer.ok) {
    sayFailure(screen, answer.error, json);
    return FAILED;
  }
  if (json) screen.json(answer.value);
  else render(answer.value);
  return DONE;
}
