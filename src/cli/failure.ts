import type { RpcError } from "./methods.ts";
import { printable } from "./printable.ts";
import type { Screen } from "./screen.ts";

/** Says a refusal as AR System would, then what it means and what to do; with `json` the error object itself. */
export function sayFailure(screen: Screen, error: RpcError, json: boolean): void {
  if (json) {
    screen.json(error);
    return;
  }
  screen.complain(screen.paint("red", printable(error.message)));
  for (const line of explain(error.data)) screen.complain(`  ${printable(line)}`);
}

/** The notes of a status list, and the advice where no note says it already. */
export function explain(data: Partial<NonNullable<RpcError["data"]>> | undefined): string[] {
  const notes = (data?.statusList ?? []).slice(1).map(({ messageNum, messageText, appendedText }) => {
    const detail = appendedText === "" ? "" : ` : ${appendedText}`;
    return `${messageText}${detail} (ARNOTE ${messageNum})`;
  });
  const advice = data?.advice;
  return advice === undefined || advice === "" || notes.some((note) => note.includes(advice)) ? notes : [...notes, advice];
}
