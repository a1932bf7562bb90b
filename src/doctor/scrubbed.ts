import type { DoctorLine } from "../cli/machine.ts";
import type { DiagnosisLine } from "../contract.ts";
import { createScrubber } from "../log/scrub.ts";

/** Lines of one part, without any of these secrets: a service may send back what it was sent. */
export async function* scrubbed(
  part: string,
  lines: Iterable<DiagnosisLine> | AsyncIterable<DiagnosisLine>,
  secrets: readonly string[],
): AsyncGenerator<DoctorLine> {
  const { scrub } = createScrubber(() => secrets);
  for await (const { check, state, found, remedy, ofCredentials } of lines)
    yield {
      part,
      check: scrub(check),
      state,
      found: scrub(found),
      ...(remedy !== undefined && { remedy: scrub(remedy) }),
      ...(ofCredentials && { ofCredentials }),
    };
}
