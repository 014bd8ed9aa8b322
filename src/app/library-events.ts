import { LockstepError } from "../core/errors.ts";
import { type Draft, titleOf } from "../recipes/library/draft.ts";
import type { BookStatus } from "../recipes/library/model.ts";
import { statusIn, textIn } from "../recipes/library/shelf-book.ts";
import type { BookEvent } from "./library-report.ts";

export interface ToldOf {
  readonly asin: string;
  readonly title: string;
  readonly from: BookStatus;
  readonly to: BookStatus;
}

const statusOfKind = { started: "inProgress", finished: "finished" } as const;

/**
 * What a player tells of a book. Starting a finished book again does not take it back, and a book that was thrown away
 * stays so, unless a status is named. Told again, it changes nothing; with its time, also after a person has changed the
 * status. Throws RECORD_NOT_FOUND.
 */
export function bookEvent(draft: Draft, { kind, asin, status, at }: BookEvent, now: number): ToldOf {
  const wanted = asin.trim().toUpperCase();
  const book = draft
    .live("books")
    .find(({ id, fields }) => (textIn(fields.asin) ?? id).toUpperCase() === wanted);
  if (book === undefined) {
    throw new LockstepError(
      "RECORD_NOT_FOUND",
      `No book of the library has the ASIN "${asin.slice(0, 40)}". Import it first, or check the ASIN.`,
      { details: { asin: asin.slice(0, 40) } },
    );
  }
  const from = statusIn(book.fields.status) ?? "notStarted";
  const heard = textIn(book.fields.heardAt);
  const told = at === null ? new Date(now).toISOString() : new Date(at).toISOString();
  // Delivered late or again: something newer was told since.
  if (at !== null && heard !== null && told <= heard)
    return { asin: wanted, title: titleOf(book), from, to: from };
  const stays = from === "poubelle" || (from === "finished" && kind === "started");
  const to = status ?? (stays ? from : statusOfKind[kind]);
  if (to !== from) {
    const said = { value: to, provenance: { origin: "audible", confidence: 1 } };
    const noted = { value: told, provenance: null };
    draft.set("books", book.id, { status: said, heardAt: noted }, `${kind}, says the player`);
  }
  return { asin: wanted, title: titleOf(book), from, to };
}
