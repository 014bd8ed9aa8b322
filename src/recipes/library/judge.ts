import { type CascadeChange, planCascade } from "./cascade.ts";
import type { Day } from "./day.ts";
import { recomputeSeries } from "./derive.ts";
import { type Draft, titleOf } from "./draft.ts";
import { placesIn } from "./places.ts";
import { shelfBook, statusIn } from "./shelf-book.ts";

export interface Judgement {
  /** Books that follow others into La Poubelle. */
  readonly cascade: readonly CascadeChange[];
  /** Why it was not done; null: it was. Everything else was. */
  readonly refusal: string | null;
}

/** A cascade is what a person set going, and stays until a person takes it back. */
const consequence = { origin: "person", confidence: 1 } as const;

/**
 * Carries through what follows from the statuses that changed since they were last looked at, whoever changed them, and
 * computes the series anew. Each book keeps the status that was looked at, so that this happens once for each change,
 * whatever dies in between. `cascadeMax`: more books than this do not follow without a person's word; null: all may.
 */
export function judgeShelf(
  draft: Draft,
  { today, cascadeMax }: { readonly today: Day; readonly cascadeMax: number | null },
): Judgement {
  const books = draft.live("books");
  const entered = new Set<string>();
  for (const { id, fields } of books) {
    const status = statusIn(fields.status) ?? "notStarted";
    if (status === (statusIn(fields.judged) ?? "notStarted")) continue;
    if (status === "poubelle") entered.add(id);
    else draft.set("books", id, { judged: { value: status, provenance: null } }, "looked at");
  }
  const byRecord = books.map((book) => ({ ...shelfBook(book), asin: book.id }));
  const { changes, series } = planCascade(byRecord, [...entered]);
  const isRefused = cascadeMax !== null && changes.length > cascadeMax;
  if (!isRefused) {
    for (const id of entered)
      draft.set("books", id, { judged: { value: "poubelle", provenance: null } }, "looked at");
    for (const { asin: id, follows } of changes) throwAway(draft, id, follows);
    for (const id of series) {
      if (draft.get("series", id) === null) continue;
      const said = { finalStatus: { value: "poubelle", provenance: consequence } };
      draft.set("series", id, said, "a book of it went to La Poubelle");
    }
  }
  noteAway(draft);
  recomputeSeries(draft, today);
  return {
    cascade: isRefused ? [] : changes,
    refusal: isRefused ? refusal(changes.length, cascadeMax) : null,
  };
}

/**
 * A book notes which of its series are in the trash: Notion shows no relation to them, so that a book has to be looked at
 * again when one of its series goes, and when it comes back. One that is in the trash does, too: what it is brought back with is
 * planned on what was seen of it last.
 */
function noteAway(draft: Draft): void {
  for (const { id, fields } of draft.all("books")) {
    const away = placesIn(fields.series)
      .map((place) => place.id)
      .filter((series) => draft.get("series", series)?.status === "trashed")
      .sort();
    const value = away.length === 0 ? null : away;
    draft.set("books", id, { away: { value, provenance: null } }, "its series went or came back");
  }
}

function throwAway(draft: Draft, id: string, cause: string): void {
  const reason = `follows "${titleOf(draft.get("books", cause))}"`;
  const status = { value: "poubelle", provenance: consequence };
  draft.set("books", id, { status, judged: { value: "poubelle", provenance: null } }, reason);
}

function refusal(count: number, max: number): string {
  return (
    `${count} books would follow into La Poubelle, and ${max} may go without a person's word. ` +
    `If it is meant: lockstep library recompute --allow-cascade ${count}`
  );
}
