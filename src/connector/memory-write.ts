import { isJsonObject, type Json } from "../core/json.ts";
import type { TextValue } from "../core/record.ts";
import type { ApplyOptions, RecordWrite, WriteOutcome } from "./connector.ts";
import type { Entry, Shelf } from "./memory.ts";

/** The writing half of the reference. */
export function createWriter(shelf: Shelf): {
  readonly apply: (write: RecordWrite, options: ApplyOptions) => Promise<WriteOutcome>;
  readonly loseAnswer: (when: "before" | "after") => void;
  readonly writes: () => number;
} {
  let writes = 0;
  let lost: "before" | "after" | null = null;
  return {
    async apply(write, { sendBy, signal }) {
      const fields = textsIn(write.kind === "trash" ? {} : write.fields);
      if (fields === null)
        return refused("FIELD_UNKNOWN", "The record has a title and a note, both of them texts.");
      if (signal?.aborted)
        return { ...refused("CANCELLED", "Cancelled before it was sent."), retryAfterMs: 0 };
      if (shelf.options.clock.monotonic() > sendBy)
        return { ...refused("SENT_TOO_LATE", "Its turn came too late."), retryAfterMs: 0 };
      shelf.demandAccess();
      writes += 1;
      const when = lost;
      lost = null;
      const outcome = when === "before" ? null : carryOut(shelf, write, fields);
      if (when === null && outcome !== null) return outcome;
      return { kind: "doubt", reason: "the connection ended without an answer", committedId: null };
    },
    loseAnswer(when) {
      lost = when;
    },
    writes: () => writes,
  };
}

type Texts = Partial<Pick<Entry, "title" | "note">>;

function carryOut(shelf: Shelf, write: RecordWrite, texts: Texts): WriteOutcome {
  if (write.kind === "create") {
    const made = shelf.add({ note: { plain: "", rich: null }, ...texts, marker: write.marker, isOurs: true });
    return { kind: "applied", record: shelf.toRecord(made) };
  }
  const entry = shelf.entries.get(write.id);
  if (entry === undefined) return refused("RECORD_NOT_FOUND", `There is no record ${write.id}.`);
  const { hasPreconditions = false } = shelf.options;
  if (hasPreconditions && shelf.toRecord(entry).revision !== write.expected.revision)
    return { kind: "stale" };
  if (write.kind === "trash") shelf.change(write.id, { isTrashed: true });
  else {
    if (write.kind === "update" && entry.isTrashed)
      return refused("RECORD_TRASHED", `Record ${write.id} is in the trash.`);
    const marked = write.marker === undefined ? {} : { marker: write.marker };
    shelf.change(write.id, { ...texts, ...marked, isTrashed: false });
  }
  return { kind: "applied", record: shelf.toRecord(entry) };
}

/** null: a field that the record does not have, or a value that is no text. */
function textsIn(fields: Readonly<Record<string, Json>>): Texts | null {
  const texts: { title?: TextValue; note?: TextValue } = {};
  for (const [id, value] of Object.entries(fields)) {
    if ((id !== "title" && id !== "note") || !isText(value)) return null;
    texts[id] = value;
  }
  return texts;
}

function isText(value: Json): value is TextValue {
  return isJsonObject(value) && typeof value.plain === "string" && "rich" in value;
}

function refused(code: string, message: string): WriteOutcome & { kind: "refused" } {
  return { kind: "refused", code, message, retryAfterMs: null };
}
