import { readAll } from "./ask.ts";
import type { Invocation } from "./command.ts";

/** The TEXT of a command; `-` is what stands on standard input, without the newline at its end. */
export async function textArgument({ args, io }: Invocation): Promise<string> {
  const [text = ""] = args;
  return text === "-" ? (await readAll(io)).replace(/(\r?\n)+$/, "") : text;
}
