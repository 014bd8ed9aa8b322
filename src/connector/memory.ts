import type { Clock } from "../core/clock.ts";
import { LockstepError } from "../core/errors.ts";
import type { SourceRecord } from "../core/record.ts";
import type {
  Checkpoint,
  Connector,
  Description,
  Observation,
  PullBatch,
  PullEnd,
  PullRequest,
} from "./connector.ts";

const PAGE_SIZE = 100;
const MINUTE_MS = 60_000;

/** What the outside system does by itself: everything a person or a fault can do to the collection. */
export interface MemoryCollection {
  readonly connector: Connector;
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
}

interface Entry {
  readonly id: string;
  readonly createdAt: number;
  title: string;
  editedAt: number;
  isTrashed: boolean;
  isNoteHidden: boolean;
}

/** The reference: the whole contract over a Map, with stamps of whole minutes, as Notion has them. */
export function createMemoryCollection({ clock }: { readonly clock: Clock }): MemoryCollection {
  const entries = new Map<string, Entry>();
  const state = { isObstructed: false, isAccessible: true };
  const minute = () => Math.floor(clock.now() / MINUTE_MS) * MINUTE_MS;
  const change = (id: string, values: Partial<Entry>) => {
    const entry = entries.get(id);
    if (entry !== undefined) Object.assign(entry, { editedAt: minute(), ...values });
  };
  const live = () => {
    demandAccess(state.isAccessible);
    return [...entries.values()].filter((entry) => !entry.isTrashed);
  };
  return {
    connector: {
      async describe() {
        demandAccess(state.isAccessible);
        return description;
      },
      pull: (request) => pull({ live, minute, isObstructed: () => state.isObstructed }, request),
      async get(id) {
        demandAccess(state.isAccessible);
        return observe(entries.get(id));
      },
      async proveAccess() {
        demandAccess(state.isAccessible);
        return "the collection is at hand";
      },
    },
    add(title) {
      const id = `record-${entries.size + 1}`;
      const now = minute();
      entries.set(id, { id, title, createdAt: now, editedAt: now, isTrashed: false, isNoteHidden: false });
      return id;
    },
    edit: (id, title) => change(id, { title }),
    trash: (id) => change(id, { isTrashed: true }),
    restore: (id) => change(id, { isTrashed: false }),
    remove: (id) => void entries.delete(id),
    hideNote: (id) => change(id, { isNoteHidden: true }),
    obstruct() {
      state.isObstructed = true;
    },
    revokeAccess() {
      state.isAccessible = false;
    },
  };
}

const description: Description = {
  id: "memory",
  name: "Memory",
  fields: [
    { id: "title", name: "Title", type: "text", vendorType: "text", isDerived: false },
    { id: "note", name: "Note", type: "text", vendorType: "text", isDerived: false },
  ],
  capabilities: { canPullChanges: true, canSweep: true, canCertifyDeaths: true, canWrite: false },
  warnings: [],
};

interface Shelf {
  readonly live: () => Entry[];
  readonly minute: () => number;
  readonly isObstructed: () => boolean;
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
  const listed = shelf.isObstructed() ? wanted.slice(0, wanted.length / 2) : wanted;
  const since = timeIn(checkpoint, "since") ?? startedAt;
  let pages = 0;
  for (; pages * PAGE_SIZE < listed.length; pages += 1) {
    signal?.throwIfAborted();
    const page = listed.slice(pages * PAGE_SIZE, (pages + 1) * PAGE_SIZE);
    const records = page.map(toRecord);
    const from = page.at(-1)?.createdAt ?? startedAt;
    const batch = { records, same: [], unreadable: [] };
    yield mode === "full" ? { ...batch, resumeAt: { kind: "full", since, from } } : batch;
    shelf.live();
  }
  const isComplete = !shelf.isObstructed();
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

function observe(entry: Entry | undefined): Observation {
  if (entry === undefined)
    return { presence: "unknown", reason: "there is nothing to be seen under this id" };
  return { presence: entry.isTrashed ? "trashed" : "live", record: toRecord(entry) };
}

function toRecord(entry: Entry): SourceRecord {
  const title = { plain: entry.title, rich: null };
  const note = { plain: `Note of ${entry.id}`, rich: null };
  return {
    id: entry.id,
    presence: entry.isTrashed ? "trashed" : "live",
    fields: entry.isNoteHidden ? { title } : { title, note },
    unobserved: entry.isNoteHidden ? ["note"] : [],
    raw: { properties: { title: entry.title }, page: { id: entry.id } },
    revision: new Date(entry.editedAt).toISOString(),
    createdAt: new Date(entry.createdAt).toISOString(),
    editedBy: null,
    memo: null,
  };
}

function timeIn(checkpoint: Checkpoint, key: string): number | null {
  const value = checkpoint?.[key];
  return typeof value === "number" ? value : null;
}

function demandAccess(isAccessible: boolean): void {
  if (!isAccessible)
    throw new LockstepError("ACCESS_LOST", "Tried to read the collection, which may no longer be read.");
}
