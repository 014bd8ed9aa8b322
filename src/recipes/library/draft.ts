import type { CollectionRecord, CollectionWrite, FieldProvenance } from "../../core/collection/record.ts";
import { statusField } from "../../core/collection/write.ts";
import { canonicalJson, type Json } from "../../core/json.ts";

export type ShelfName = "series" | "books";

/** Everything that a library's collections hold. */
export interface Shelf {
  readonly collections: Readonly<Record<ShelfName, string>>;
  readonly series: readonly CollectionRecord[];
  readonly books: readonly CollectionRecord[];
}

/** A record as it would be. */
export type Drafted = Pick<CollectionRecord, "id" | "status" | "fields" | "provenance">;

/** One field that a plan changes, and why. */
export interface PlannedField {
  readonly field: string;
  readonly from: Json;
  readonly to: Json;
  readonly reason: string;
}

/** One record that a plan changes. */
export interface PlannedRecord {
  readonly shelf: ShelfName;
  readonly id: string;
  readonly title: string;
  readonly kind: "create" | "change" | "trash" | "restore";
  /** Without what is kept for Lockstep's own use. */
  readonly fields: readonly PlannedField[];
}

/** Something that a source says otherwise, and that stays as it is. */
export interface KeptField {
  readonly shelf: ShelfName;
  readonly id: string;
  readonly title: string;
  readonly field: string;
  readonly kept: Json;
  readonly offered: Json;
  readonly reason: string;
}

/** A change of a library as a value: to be shown, counted, judged, and then written. */
export interface ShelfPlan {
  readonly records: readonly PlannedRecord[];
  readonly kept: readonly KeptField[];
  readonly writes: readonly CollectionWrite[];
}

/** Fields for Lockstep's own use: changed without a word to anybody. */
const silentFields: ReadonlySet<string> = new Set([
  "judged",
  "away",
  "unshown",
  "cluster",
  "language",
  "subtitle",
  "volumes",
  "isSynthetic",
  "heardAt",
]);

/** A value, and who vouches for it; null: nobody. */
export interface Said {
  readonly value: Json;
  readonly provenance: FieldProvenance | null;
}

interface Entry {
  readonly before: CollectionRecord | null;
  after: Drafted;
  readonly reasons: Map<string, string>;
}

/** A library that is being thought about: changes are made to it, and come out as one plan. Writes nothing. */
export class Draft {
  private readonly shelf: Shelf;
  private readonly entries: Readonly<Record<ShelfName, Map<string, Entry>>>;
  private readonly kept: KeptField[] = [];

  constructor(shelf: Shelf) {
    this.shelf = shelf;
    this.entries = { series: entriesOf(shelf.series), books: entriesOf(shelf.books) };
  }

  get(shelf: ShelfName, id: string): Drafted | null {
    return this.entries[shelf].get(id)?.after ?? null;
  }

  /** Trashed ones too. */
  all(shelf: ShelfName): readonly Drafted[] {
    return [...this.entries[shelf].values()].map(({ after }) => after);
  }

  live(shelf: ShelfName): readonly Drafted[] {
    return this.all(shelf).filter(({ status }) => status === "live");
  }

  create(shelf: ShelfName, id: string): void {
    const after: Drafted = { id, status: "live", fields: {}, provenance: {} };
    this.entries[shelf].set(id, { before: null, after, reasons: new Map() });
  }

  /** The record has to be there. */
  set(shelf: ShelfName, id: string, said: Readonly<Record<string, Said>>, reason: string): void {
    const entry = this.entries[shelf].get(id);
    if (entry === undefined) throw new Error(`there is no ${shelf} ${id} to change`);
    const fields = { ...entry.after.fields };
    const provenance = { ...entry.after.provenance };
    for (const [name, { value, provenance: word }] of Object.entries(said)) {
      if (canonicalJson(fields[name] ?? null) !== canonicalJson(value)) entry.reasons.set(name, reason);
      if (value === null) delete fields[name];
      else fields[name] = value;
      if (word === null) delete provenance[name];
      else provenance[name] = word;
    }
    entry.after = { ...entry.after, fields, provenance };
  }

  setStatus(shelf: ShelfName, id: string, status: Drafted["status"], word: FieldProvenance): void {
    const entry = this.entries[shelf].get(id);
    if (entry === undefined) throw new Error(`there is no ${shelf} ${id} to change`);
    entry.after = { ...entry.after, status, provenance: { ...entry.after.provenance, [statusField]: word } };
  }

  keep(kept: Omit<KeptField, "title">): void {
    this.kept.push({ ...kept, title: titleOf(this.get(kept.shelf, kept.id)) });
  }

  /** Series first: the books' relation leads to them. */
  plan(): ShelfPlan {
    const changed = (["series", "books"] as const).flatMap((shelf) =>
      [...this.entries[shelf].values()].flatMap((entry) => {
        const write = this.writeOf(shelf, entry);
        return write === null ? [] : [{ shelf, entry, write }];
      }),
    );
    const records = changed.map(({ shelf, entry, write }) => describe(shelf, entry, write));
    return {
      records: records.filter(({ kind, fields }) => kind !== "change" || fields.length > 0),
      kept: this.kept,
      writes: changed.map(({ write }) => write),
    };
  }

  private writeOf(shelf: ShelfName, { before, after, reasons }: Entry): CollectionWrite | null {
    const names = new Set([...Object.keys(before?.fields ?? {}), ...Object.keys(after.fields)]);
    const fields: Record<string, Json> = {};
    for (const name of names) {
      const [from, to] = [before?.fields[name] ?? null, after.fields[name] ?? null];
      if (canonicalJson(from) !== canonicalJson(to)) fields[name] = to;
    }
    const provenance = changedWords(before?.provenance ?? {}, after.provenance);
    const isMoved = before !== null && before.status !== after.status;
    const isSame = Object.keys(fields).length === 0 && Object.keys(provenance).length === 0 && !isMoved;
    if (before !== null && isSame) return null;
    return {
      collection: this.shelf.collections[shelf],
      id: after.id,
      expected: before?.revision ?? 0,
      fields,
      provenance,
      ...(isMoved ? { status: after.status } : {}),
      reason: [...new Set(reasons.values())].join("; ") || (before === null ? "new" : "kept up"),
    };
  }
}

function entriesOf(records: readonly CollectionRecord[]): Map<string, Entry> {
  return new Map(
    records.map((record) => {
      const { id, status, fields, provenance } = record;
      return [
        id,
        { before: record, after: { id, status, fields, provenance }, reasons: new Map<string, string>() },
      ];
    }),
  );
}

type Words = Readonly<Record<string, FieldProvenance>>;

function changedWords(before: Words, after: Words): Readonly<Record<string, FieldProvenance | null>> {
  const changed: Record<string, FieldProvenance | null> = {};
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [from, to] = [before[name], after[name]];
    if (from?.origin !== to?.origin || from?.confidence !== to?.confidence) changed[name] = to ?? null;
  }
  return changed;
}

function describe(
  shelf: ShelfName,
  { before, after, reasons }: Entry,
  write: CollectionWrite,
): PlannedRecord {
  const fields = Object.entries(write.fields)
    .filter(([field]) => !silentFields.has(field))
    .map(([field, to]) => {
      const reason = reasons.get(field) ?? "";
      return { field, from: before?.fields[field] ?? null, to, reason };
    });
  return { shelf, id: after.id, title: titleOf(after), kind: kindOf(before, after), fields };
}

function kindOf(before: CollectionRecord | null, after: Drafted): PlannedRecord["kind"] {
  if (before === null) return "create";
  if (before.status === after.status) return "change";
  return after.status === "trashed" ? "trash" : "restore";
}

/** How people know a series or a book. */
export function titleOf(record: Pick<Drafted, "id" | "fields"> | null): string {
  const title = record?.fields.title ?? record?.fields.name;
  return typeof title === "string" ? title : (record?.id ?? "");
}
