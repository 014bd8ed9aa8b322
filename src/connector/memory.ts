import type { Clock } from "../core/clock.ts";
import { LockstepError } from "../core/errors.ts";
import type { SourceRecord, TextValue } from "../core/record.ts";
import type {
  Checkpoint,
  Description,
  Found,
  Observation,
  PullBatch,
  PullEnd,
  PullRequest,
  WritableConnector,
} from "./connector.ts";
import { createWriter } from "./memory-write.ts";

const PAGE_SIZE = 100;
const MINUTE_MS = 60_000;

/** What the outside system does by itself: everything a person or a fault can do to the collection. */
export interface MemoryCollection {
  readonly connector: WritableConnector;
  /** Returns the new record's id. */
  add(title: string): string;
  edit(id: string, title: string): void;
  trash(id: string): void;
  restore(id: string): void;
  /** For good: afterwards nobody can tell it from a record that may not be read. */
  remove(id: string): void;
  /** From now on the note of this record cannot be read whole. */
  hideNote(id: string): void;
  /** From now on the collection cannot be listed to its end. */
  obstruct(): void;
  revokeAccess(): void;
  /** The answer to the next write is lost, before or after it took effect. */
  loseAnswer(when: "before" | "after"): void;
  /** How many writes were received. */
  writes(): number;
}

export interface MemoryOptions {
  readonly clock: Clock;
  /** Writes are refused when the record changed since; stamps are then counted, and not of whole minutes. */
  readonly hasPreconditions?: boolean;
}

export interface Entry {
  readonly id: string;
  readonly createdAt: number;
  readonly marker: string | null;
  readonly isOurs: boolean;
  title: TextValue;
  note: TextValue;
  editedAt: number;
  /** Counts changes of the whole collection. */
  change: number;
  isTrashed: boolean;
  isNoteHidden: boolean;
}

/** The reference: the whole contract over a Map, with stamps of whole minutes, as Notion has them. */
export function createMemoryCollection(options: MemoryOptions): MemoryCollection {
  const shelf = createShelf(options);
  const writer = createWriter(shelf);
  return {
    connector: {
      async describe() {
        shelf.demandAccess();
        return describe(options);
      },
      pull: (request) => pull(shelf, request),
      async get(id) {
        shelf.demandAccess();
        return observe(shelf, id);
      },
      async proveAccess() {
        shelf.demandAccess();
        return "the collection is at hand";
      },
      apply: writer.apply,
      find: async (marker) => find(shelf, marker),
    },
    add: (title) => shelf.add({ title: plain(title) }).id,
    edit: (id, title) => shelf.change(id, { title: plain(title) }),
    trash: (id) => shelf.change(id, { isTrashed: true }),
    restore: (id) => shelf.change(id, { isTrashed: false }),
    remove: (id) => void shelf.entries.delete(id),
    hideNote: (id) => shelf.change(id, { isNoteHidden: true }),
    obstruct() {
      shelf.isObstructed = true;
    },
    revokeAccess() {
      shelf.isAccessible = false;
    },
    loseAnswer: writer.loseAnswer,
    writes: writer.writes,
  };
}

/** The collection itself. */
export interface Shelf {
  readonly options: MemoryOptions;
  readonly entries: ReadonlyMap<string, Entry> & { delete(id: string): boolean };
  isObstructed: boolean;
  isAccessible: boolean;
  readonly minute: () => number;
  readonly add: (values: Partial<Entry>) => Entry;
  readonly change: (id: string, values: Partial<Entry>) => void;
  readonly live: () => Entry[];
  readonly demandAccess: () => void;
  readonly toRecord: (entry: Entry) => SourceRecord;
}

function createShelf(options: MemoryOptions): Shelf {
  const entries = new Map<string, Entry>();
  let added = 0;
  let changes = 0;
  const minute = () => Math.floor(options.clock.now() / MINUTE_MS) * MINUTE_MS;
  const stamp = () => {
    changes += 1;
    return { editedAt: minute(), change: changes };
  };
  const shelf: Shelf = {
    options,
    entries,
    isObstructed: false,
    isAccessible: true,
    minute,
    add(values) {
      added += 1;
      const id = `record-${added}`;
      const entry = {
        ...blank,
        note: plain(`Note of ${id}`),
        ...values,
        id,
        createdAt: minute(),
        ...stamp(),
      };
      entries.set(id, entry);
      return entry;
    },
    change(id, values) {
      const entry = entries.get(id);
      if (entry !== undefined) Object.assign(entry, values, stamp());
    },
    live() {
      shelf.demandAccess();
      return [...entries.values()].filter((entry) => !entry.isTrashed);
    },
    demandAccess() {
      if (!shelf.isAccessible)
        throw new LockstepError("ACCESS_LOST", "Tried to read the collection, which may no longer be read.");
    },
    toRecord: (entry) => toRecord(entry, options),
  };
  return shelf;
}

const plain = (text: string): TextValue => ({ plain: text, rich: null });

const blank = { title: plain(""), marker: null, isOurs: false, isTrashed: false, isNoteHidden: false };

function describe({ hasPreconditions = false }: MemoryOptions): Description {
  return {
    id: "memory",
    name: "Memory",
    fields: [
      { id: "title", name: "Title", type: "text", vendorType: "text", isDerived: false },
      { id: "note", name: "Note", type: "text", vendorType: "text", isDerived: false },
    ],
    capabilities: {
      canPullChanges: true,
      canSweep: true,
      canCertifyDeaths: true,
      canWrite: true,
      hasPreconditions,
      lateWriteMs: 0,
      visibleAfterMs: 0,
    },
    warnings: [],
  };
}

/** Oldest first, from where the checkpoint says. A minute that is still running is read again next time. */
async function* pull(shelf: Shelf, request: PullRequest): AsyncGenerator<PullBatch, PullEnd, void> {
  const { mode, checkpoint, signal } = request;
  const startedAt = shelf.minute();
  const watermark = mode === "changes" ? timeIn(checkpoint, "watermark") : null;
  const resumed = mode === "full" ? timeIn(checkpoint, "from") : null;
  const wanted = shelf
    .live()
    .filter((entry) => entry.editedAt >= (watermark ?? 0) && entry.createdAt >= (resumed ?? 0))
    .sort((a, b) => a.createdAt - b.createdAt);
  const listed = shelf.isObstructed ? wanted.slice(0, wanted.length / 2) : wanted;
  const since = timeIn(checkpoint, "since") ?? startedAt;
  let pages = 0;
  for (; pages * PAGE_SIZE < listed.length; pages += 1) {
    signal?.throwIfAborted();
    const page = listed.slice(pages * PAGE_SIZE, (pages + 1) * PAGE_SIZE);
    const records = page.map(shelf.toRecord);
    const from = page.at(-1)?.createdAt ?? startedAt;
    const batch = { records, same: [], unreadable: [] };
    yield mode === "full" ? { ...batch, resumeAt: { kind: "full", since, from } } : batch;
    shelf.demandAccess();
  }
  const isComplete = !shelf.isObstructed;
  const reached = { kind: "changes", watermark: mode === "full" ? since : startedAt };
  return {
    isComplete,
    reason: isComplete ? null : "the list ended early",
    checkpoint: isComplete && mode !== "sweep" ? reached : checkpoint,
    windows: [{ stream: mode, from: null, to: null, pages, rows: listed.length, isCapped: !isComplete }],
    truncated: { found: 0, completed: 0, failed: 0 },
    isSchemaChanged: false,
    accessProof: isComplete ? "the collection was listed" : null,
  };
}

function observe(shelf: Shelf, id: string): Observation {
  const entry = shelf.entries.get(id);
  if (entry === undefined)
    return { presence: "unknown", reason: "there is nothing to be seen under this id" };
  return { presence: entry.isTrashed ? "trashed" : "live", record: shelf.toRecord(entry) };
}

function find(shelf: Shelf, marker: string): Found {
  if (!shelf.isAccessible) return { records: [], accessProof: null };
  const marked = [...shelf.entries.values()].filter((entry) => entry.marker === marker);
  const records = marked.sort((a, b) => a.createdAt - b.createdAt).map(shelf.toRecord);
  return { records, accessProof: "the collection was searched" };
}

function toRecord(entry: Entry, { hasPreconditions = false }: MemoryOptions): SourceRecord {
  const { id, title, note, marker, isOurs, change } = entry;
  const editedAt = new Date(entry.editedAt).toISOString();
  return {
    id,
    presence: entry.isTrashed ? "trashed" : "live",
    fields: entry.isNoteHidden ? { title } : { title, note },
    unobserved: entry.isNoteHidden ? ["note"] : [],
    raw: { properties: { title: title.plain }, page: { id } },
    revision: hasPreconditions ? String(change).padStart(16, "0") : editedAt,
    createdAt: new Date(entry.createdAt).toISOString(),
    editedBy: null,
    memo: null,
    marker,
    isOurs,
  };
}

function timeIn(checkpoint: Checkpoint, key: string): number | null {
  const value = checkpoint?.[key];
  return typeof value === "number" ? value : null;
}
