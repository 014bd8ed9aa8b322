import type { Book, ExportedBook } from "./model.ts";
import { placeBooks, type SeriesSources } from "./place-books.ts";

/** Exported books with all that can be found out about them, each field with who says so. */
export async function enrich(
  exported: readonly ExportedBook[],
  sources: SeriesSources,
): Promise<readonly Book[]> {
  return placeBooks(exported, sources);
}
