/** A list of the host's as a download: page after page, as the browser takes them. */
import { CSV_START, csvLine } from "../csv.ts";
import type { Called } from "./asked.ts";

const EXPORT_PAGE = 500;

type Listed = { cursor?: string };
/** `head` names the columns; `rowsOf` has a text for each of them. */
type Export<Page extends Listed> = { head: readonly string[]; rowsOf(page: Page): readonly (readonly string[])[] };

/** `list` is asked at once for the first page, so that a refusal is answered as one. */
export async function exportCsv<Page extends Listed>(
  list: (page: { limit: number; cursor?: string }) => Promise<Called<Page>>,
  { head, rowsOf }: Export<Page>,
): Promise<Called<AsyncIterable<string>>> {
  const first = await list({ limit: EXPORT_PAGE });
  return first.ok ? { ok: true, value: lines(first.value) } : first;

  async function* lines(begin: Page): AsyncGenerator<string> {
    yield CSV_START + csvLine(head);
    let page = begin;
    for (;;) {
      yield rowsOf(page).map(csvLine).join("");
      if (page.cursor === undefined) return;
      const next = await list({ limit: EXPORT_PAGE, cursor: page.cursor });
      // Better a download that breaks off than one that looks complete.
      if (!next.ok) throw new Error(next.report.message);
      page = next.value;
    }
  }
}
