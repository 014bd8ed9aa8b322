import { bookProperties, seriesProperties } from "../recipes/library/databases.ts";
import { statusNamesDefault } from "../recipes/library/status.ts";
import type { ShelfReport } from "./library-report.ts";

type Shelf = ShelfReport["records"][number]["shelf"];

const labels: Readonly<Record<Shelf, ReadonlyMap<string, string>>> = {
  series: new Map(Object.entries(seriesProperties)),
  books: new Map(Object.entries(bookProperties)),
};

/** What people see a field of a record as: its property in Notion; its own name where it has none there. */
export function labelOf(shelf: Shelf, field: string): string {
  return labels[shelf].get(field) ?? field;
}

/** What a status is called in Notion, where the configuration has no other name for it; null: it is none. */
export function statusWordOf(status: string): string | null {
  return new Map<string, string>(Object.entries(statusNamesDefault)).get(status) ?? null;
}
