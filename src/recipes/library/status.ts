import type { Book, BookStatus } from "./model.ts";

/** Every status there is, in the order in which a person meets them. */
export const bookStatuses = [
  "notStarted",
  "inProgress",
  "finished",
  "poubelle",
] as const satisfies readonly BookStatus[];

/** What the statuses are called in Notion. */
export type StatusNames = Readonly<Record<BookStatus, string>>;

export const statusNamesDefault: StatusNames = {
  notStarted: "Not started",
  inProgress: "In progress",
  finished: "Finished",
  poubelle: "La Poubelle",
};

/** The status of a name, whatever its case; null when it is none of the configured ones. */
export function statusOfName(name: string, names: StatusNames = statusNamesDefault): BookStatus | null {
  const wanted = name.trim().toLowerCase();
  return bookStatuses.find((status) => names[status].trim().toLowerCase() === wanted) ?? null;
}

type Flag<L extends string> = L | "-";
/** Which statuses occur among a series' books, whatever their number: **p**oubelle, **i**n progress, **n**ot started, **f**inished. */
type Mix = `${Flag<"p">}${Flag<"i">}${Flag<"n">}${Flag<"f">}`;

/**
 * The Final Status of a series, for every mix of its books' statuses. One book in La Poubelle puts the series there until
 * a person takes it out: that is what throwing a series away means, and a new volume does not undo it.
 */
export const finalStatusTable: Readonly<Record<Mix, BookStatus>> = {
  "----": "notStarted",
  "---f": "finished",
  "--n-": "notStarted",
  "--nf": "inProgress",
  "-i--": "inProgress",
  "-i-f": "inProgress",
  "-in-": "inProgress",
  "-inf": "inProgress",
  "p---": "poubelle",
  "p--f": "poubelle",
  "p-n-": "poubelle",
  "p-nf": "poubelle",
  "pi--": "poubelle",
  "pi-f": "poubelle",
  "pin-": "poubelle",
  pinf: "poubelle",
};

/**
 * Final Status of a series with these books. Books that are only synthetic (not owned) do not count: a series that was
 * heard to the end of what there is to hear is finished.
 */
export function finalStatus(books: readonly Pick<Book, "status" | "isOwned">[]): BookStatus {
  const present = new Set(books.filter(({ isOwned }) => isOwned).map(({ status }) => status));
  const flag = <L extends string>(letter: L, status: BookStatus): Flag<L> =>
    present.has(status) ? letter : "-";
  const mix: Mix = `${flag("p", "poubelle")}${flag("i", "inProgress")}${flag("n", "notStarted")}${flag("f", "finished")}`;
  return finalStatusTable[mix];
}
