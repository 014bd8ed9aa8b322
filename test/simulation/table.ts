import type {
  ApplyOptions,
  Checkpoint,
  Description,
  Found,
  Observation,
  PullBatch,
  PullEnd,
  PullRequest,
  RecordWrite,
  WritableConnector,
  WriteOutcome,
} from "../../src/connector/connector.ts";
import { LockstepError } from "../../src/core/errors.ts";
import type { Json } from "../../src/core/json.ts";
import type { FieldSchema, SourceRecord } from "../../src/core/record.ts";

/** A row as it is at one moment; every change makes a new one. */
export interface Row {
  readonly id: string;
  readonly values: Readonly<Record<string, Json>>;
  /** Place of its last change among all changes of the table. */
  readonly seq: number;
  readonly isDeleted: boolean;
  /** It has left, or is gone for good. */
  readonly isOut: boolean;
  readonly marker: string | null;
  readonly isOurs: boolean;
  readonly createdAt: number;
  readonly editedAt: number;
  readonly editedBy: string;
  /** Columns that cannot be read in this row. */
  readonly hidden: readonly string[];
}

export type RowChange = Partial<Pick<Row, "values" | "isDeleted" | "isOut" | "marker" | "hidden">>;

export interface TableOptions {
  readonly now: () => number;
  readonly columns: readonly FieldSchema[];
  readonly onChange: (row: Row, before: Row | null) => void;
}

const BOT = "lockstep";
const PAGE_SIZE = 100;

/** A database table with soft deletes, a change feed and a version per row: what people, programs and we do to it. */
export class Table {
  columns: readonly FieldSchema[];
  isAccessible = true;
  /** It can be read, but not listed to its end. */
  isObstructed = false;
  readonly now: () => number;
  readonly #rows = new Map<string, Row>();
  readonly #options: TableOptions;
  #seq = 0;

  constructor(options: TableOptions) {
    this.#options = options;
    this.columns = options.columns;
    this.now = options.now;
  }

  row(id: string): Row | undefined {
    return this.#rows.get(id);
  }

  rows(): IterableIterator<Row> {
    return this.#rows.values();
  }

  byMarker(marker: string): Row | undefined {
    return this.#rows.values().find((row) => row.marker === marker);
  }

  add(values: Readonly<Record<string, Json>>, by: string, marker: string | null = null): Row {
    return this.keep(`row-${String(this.#rows.size + 1).padStart(5, "0")}`, { values, by, marker });
  }

  /** A new row, under a key of its own. */
  protected keep(
    id: string,
    { values, by, marker }: Pick<Row, "values" | "marker"> & { readonly by: string },
  ): Row {
    const now = this.now();
    const row = { id, values, isDeleted: false, isOut: false, hidden: [], marker };
    const made = { isOurs: by === BOT, createdAt: now, editedAt: now, editedBy: by };
    return this.#store({ ...row, ...made, seq: 0 }, null);
  }

  change(id: string, { values, ...rest }: RowChange, by: string): Row {
    const before = this.#rows.get(id);
    if (before === undefined) throw new RangeError(`there is no row ${id}`);
    const all = values === undefined ? before.values : { ...before.values, ...values };
    return this.#store({ ...before, ...rest, values: all, editedAt: this.now(), editedBy: by }, before);
  }

  /** A write of ours. A table with rules of its own answers what it does not take. */
  attempt(write: () => WriteOutcome): WriteOutcome {
    return write();
  }

  close(): void {}

  /** For good, without a trace in the change feed's own words. */
  remove(id: string): void {
    this.#rows.delete(id);
  }

  #store(row: Row, before: Row | null): Row {
    this.#seq += 1;
    const stored = { ...row, seq: this.#seq };
    this.#rows.set(row.id, stored);
    this.#options.onChange(stored, before);
    return stored;
  }
}

/** How a call reaches the table: when, and whether its answer comes back. */
export interface TableLine {
  /** Throws UPSTREAM_FAILED when the table cannot be reached; nothing was done then. */
  read<T>(perform: () => T): Promise<T>;
  /** `unknown`: it may or may not have been done; `unsent`: the table could not be reached. */
  write<T>(write: RecordWrite, perform: () => T): Promise<T | "unknown" | "unsent">;
  /** Of the process that calls (ms). */
  monotonic(): number;
}

/** The table as a side of a pair. Writes are refused when the row has moved on since the revision they were planned on. */
export function createTableConnector(table: Table, line: TableLine): WritableConnector {
  const demand = () => {
    if (!table.isAccessible)
      throw new LockstepError("ACCESS_LOST", "Tried to read the table, which is out of reach.");
  };
  return {
    describe: () =>
      line.read(() => {
        demand();
        return describeTable(table);
      }),
    pull: (request) => pullTable(table, line, request),
    get: (id) =>
      line.read(() => {
        demand();
        return observe(table, table.row(id));
      }),
    proveAccess: () =>
      line.read(() => {
        demand();
        return "the table was read";
      }),
    apply: async (write, options) => {
      const late = refusalBefore(line, options);
      if (late !== null) return late;
      const outcome = await line.write(write, () => {
        demand();
        return table.attempt(() => applyTo(table, write));
      });
      if (outcome === "unsent") return refused("UPSTREAM_FAILED", "the table could not be reached", 1_000);
      if (outcome !== "unknown") return outcome;
      return { kind: "doubt", reason: "the connection broke while it was under way", committedId: null };
    },
    find: (marker) =>
      line.read((): Found => {
        demand();
        const row = table.byMarker(marker);
        return {
          records: row === undefined ? [] : [toRecord(table, row)],
          accessProof: "the table was read",
        };
      }),
  };
}

function refusalBefore(line: TableLine, { sendBy, signal }: ApplyOptions): WriteOutcome | null {
  if (signal?.aborted) throw new LockstepError("CANCELLED", "Cancelled before the write was sent.");
  return line.monotonic() > sendBy ? refused("SENT_TOO_LATE", "what it was planned on is too old", 0) : null;
}

function describeTable(table: Table): Description {
  return {
    id: "table",
    name: "Table",
    fields: table.columns,
    capabilities: {
      canPullChanges: true,
      canSweep: true,
      canCertifyDeaths: true,
      canWrite: true,
      hasPreconditions: true,
      lateWriteMs: 0,
      visibleAfterMs: 0,
    },
    warnings: [],
  };
}

async function* pullTable(
  table: Table,
  line: TableLine,
  { mode, checkpoint, signal }: PullRequest,
): AsyncGenerator<PullBatch, PullEnd, void> {
  const known = seqIn(checkpoint, "seq");
  const resumed = mode === "full" ? seqIn(checkpoint, "from") : 0;
  let head = mode === "full" ? seqIn(checkpoint, "since") : 0;
  let at = mode === "changes" ? known : resumed;
  let pages = 0;
  let count = 0;
  for (;;) {
    signal?.throwIfAborted();
    const page = await line.read(() => listAfter(table, at, mode === "changes"));
    if (head === 0) head = page.head;
    if (page.rows.length === 0) break;
    pages += 1;
    count += page.rows.length;
    at = page.next;
    const batch = { records: page.rows.map((row) => toRecord(table, row)), same: [], unreadable: [] };
    yield mode === "full" ? { ...batch, resumeAt: { since: head, from: at } } : batch;
    if (table.isObstructed) break;
  }
  const isComplete = !table.isObstructed;
  const reached = mode === "changes" ? { seq: Math.max(at, known) } : { seq: head };
  return {
    isComplete,
    reason: isComplete ? null : "the list ended early",
    checkpoint: isComplete && mode !== "sweep" ? reached : checkpoint,
    windows: [{ stream: mode, from: null, to: null, pages, rows: count, isCapped: !isComplete }],
    truncated: { found: 0, completed: 0, failed: 0 },
    isSchemaChanged: false,
    accessProof: isComplete ? "the table was read" : null,
  };
}

interface TablePage {
  readonly rows: readonly Row[];
  /** Where the next page begins. */
  readonly next: number;
  /** The newest change of all. */
  readonly head: number;
}

/** By change (`changes`: deletions too), or live rows by the order of their creation. */
function listAfter(table: Table, after: number, isFeed: boolean): TablePage {
  if (!table.isAccessible)
    throw new LockstepError("ACCESS_LOST", "Tried to list the table, which is out of reach.");
  const all = [...table.rows()];
  const head = Math.max(0, ...all.map((row) => row.seq));
  if (!isFeed) {
    const live = all.filter((row) => !row.isDeleted).slice(after, after + PAGE_SIZE);
    return { rows: live, next: after + live.length, head };
  }
  const changed = all.filter((row) => row.seq > after).sort((a, b) => a.seq - b.seq);
  const rows = changed.slice(0, PAGE_SIZE);
  return { rows, next: rows.at(-1)?.seq ?? after, head };
}

function observe(table: Table, row: Row | undefined): Observation {
  if (row === undefined) return { presence: "unknown", reason: "there is no such row" };
  return { presence: row.isDeleted ? "trashed" : "live", record: toRecord(table, row) };
}

function applyTo(table: Table, write: RecordWrite): WriteOutcome {
  const unknown = Object.keys(write.kind === "trash" ? {} : write.fields).find(
    (name) => !table.columns.some((column) => column.id === name),
  );
  if (unknown !== undefined) return refused("FIELD_UNKNOWN", `there is no column "${unknown}"`, null);
  if (write.kind === "create") {
    const known = table.byMarker(write.marker);
    return applied(table, known ?? table.add(write.fields, BOT, write.marker));
  }
  const row = table.row(write.id);
  if (row === undefined) return refused("RECORD_NOT_FOUND", `there is no row ${write.id}`, null);
  if (revisionOf(row) !== write.expected.revision) return { kind: "stale" };
  if (write.kind === "trash") return applied(table, table.change(row.id, { isDeleted: true }, BOT));
  if (write.kind === "update" && row.isDeleted)
    return refused("RECORD_TRASHED", `row ${write.id} is deleted`, null);
  const marked = write.marker === undefined ? {} : { marker: write.marker };
  const change = { values: write.fields, isDeleted: false, ...marked };
  return applied(table, table.change(row.id, change, BOT));
}

function applied(table: Table, row: Row): WriteOutcome {
  return { kind: "applied", record: toRecord(table, row) };
}

function refused(code: string, message: string, retryAfterMs: number | null): WriteOutcome {
  return { kind: "refused", code, message, retryAfterMs };
}

function toRecord(table: Table, row: Row): SourceRecord {
  const shown = table.columns.filter(({ id }) => !row.hidden.includes(id));
  return {
    id: row.id,
    presence: row.isDeleted ? "trashed" : "live",
    fields: Object.fromEntries(shown.map(({ id }) => [id, row.values[id] ?? null])),
    unobserved: row.hidden,
    raw: { row: row.values },
    revision: revisionOf(row),
    createdAt: new Date(row.createdAt).toISOString(),
    editedBy: row.editedBy,
    memo: null,
    marker: row.marker,
    isOurs: row.isOurs,
  };
}

/** As text it orders as the changes did. */
function revisionOf(row: Row): string {
  return String(row.seq).padStart(16, "0");
}

function seqIn(checkpoint: Checkpoint, key: string): number {
  const value = checkpoint?.[key];
  return typeof value === "number" ? value : 0;
}
