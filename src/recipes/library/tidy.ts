import type { Draft, Drafted } from "./draft.ts";

const rule = { origin: "heuristic", confidence: 1 } as const;

/** Puts the volumes that an import made up for what is missing into the trash; one that a person has written on stays. */
export function cleanUp(draft: Draft): void {
  for (const book of draft.live("books")) {
    if (book.fields.isSynthetic !== true || book.fields.isOwned === true) continue;
    const written = fieldOfPerson(book);
    if (written === null) draft.setStatus("books", book.id, "trashed", rule);
    else {
      const reason = "a person wrote on it";
      draft.keep({
        shelf: "books",
        id: book.id,
        field: written,
        kept: book.fields[written] ?? null,
        offered: null,
        reason,
      });
    }
  }
}

/** Puts every series and every book into the trash. An import brings back what it names. */
export function resetShelf(draft: Draft): void {
  for (const shelf of ["books", "series"] as const)
    for (const { id } of draft.live(shelf)) draft.setStatus(shelf, id, "trashed", rule);
}

/** Statuses change by a cascade, too, which counts as a person's word. */
function fieldOfPerson({ provenance }: Drafted): string | null {
  const found = Object.entries(provenance).find(
    ([field, { origin }]) => origin === "person" && field !== "status",
  );
  return found?.[0] ?? null;
}
