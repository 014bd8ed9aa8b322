import type { Checkpoint, PullBatch, PullEnd, PullRequest, PullWindow } from "../../connector/connector.ts";
import { type Position, readCheckpoint, type Witness } from "./checkpoint.ts";
import type { QueryPage } from "./client.ts";
import type { Collection } from "./collection.ts";
import { hasOtherColumns } from "./columns.ts";
import { judgeEmpty } from "./empty.ts";
import { enumerate, type Progress } from "./enumerate.ts";
import type { Timestamp } from "./filter.ts";
import { poll } from "./poll.ts";
import { Border, type RowKey, rowKey } from "./row-key.ts";
import { type RowReader, readRows } from "./rows.ts";
import { floorMinute, OMEGA_MS, toIso } from "./time.ts";
import type { OnWindow, Source } from "./walk.ts";

/** What is read, how, and what an empty answer would contradict. */
interface Reading {
  readonly stream: PullWindow["stream"];
  readonly pages: (source: Source, onWindow: OnWindow) => AsyncGenerator<QueryPage, string | null, void>;
  /** The order of the walk, which says where rows can come twice. */
  readonly timestamp: Timestamp;
  readonly isWanted: (key: RowKey) => boolean;
  /** Rows that the query was to list, wanted or not. */
  readonly isAskedFor: (key: RowKey) => boolean;
  readonly witness: Witness | null;
  /** A checkpoint that is true once the page is durable. */
  readonly resumeAt: (askedAt: number) => Position | null;
  /** The checkpoint after a complete reading that began at `askedAt`. */
  readonly endAt: (askedAt: number, newest: RowKey | null) => Checkpoint;
}

/** Reads the data source as asked. The engine applies a batch while the next page is on its way. */
export async function* pullNotion(
  { client, dataSourceId, decode }: Collection,
  request: PullRequest,
): AsyncGenerator<PullBatch, PullEnd, void> {
  const reading = readingOf(request);
  const source: Source = { client, dataSourceId, signal: request.signal };
  const windows: PullWindow[] = [];
  const truncated = { found: 0, completed: 0, failed: 0 };
  // Reading everything means everything: what earlier readings noted is not relied on.
  const memosOf = reading.stream === "full" ? null : request.memosOf;
  const reader: RowReader = { client, decode, memosOf, signal: request.signal, truncated };
  const border = new Border(reading.timestamp);
  let newest: RowKey | null = null;
  let askedAt: number | null = null;
  let isSchemaChanged = false;
  const pages = reading.pages(source, (window) =>
    windows.push({ stream: reading.stream, ...window, ...isoBounds(window) }),
  );
  const end = (isComplete: boolean, reason: string | null, accessProof: string | null): PullEnd => {
    const position = isComplete && askedAt !== null ? reading.endAt(askedAt, newest) : request.checkpoint;
    return { isComplete, reason, checkpoint: position, windows, truncated, isSchemaChanged, accessProof };
  };
  let missing: string | null;
  try {
    for (;;) {
      const next = await pages.next();
      if (next.done) {
        missing = next.value;
        break;
      }
      askedAt ??= next.value.askedAt;
      isSchemaChanged ||= hasOtherColumns(next.value.rows[0], request.knownFields);
      newest = newestOf(newest, next.value.rows.map(rowKey));
      const rows = next.value.rows.filter((row) => isWantedRow(reading, row) && border.isNew(row));
      const resumeAt = reading.resumeAt(askedAt);
      const read = await readRows(reader, rows);
      if (rows.length > 0) yield resumeAt === null ? read : { ...read, resumeAt };
    }
  } finally {
    await pages.return(null);
  }
  if (missing !== null) return end(false, missing, null);
  if (newest !== null) return end(true, null, `row ${newest.id} was listed`);
  const verdict = await judgeEmpty(source, reading.witness, reading.isAskedFor);
  if (!verdict.isCredible) return end(false, verdict.reason, null);
  newest = verdict.newest;
  return end(true, null, verdict.proof);
}

function readingOf({ mode, checkpoint }: PullRequest): Reading {
  const position = readCheckpoint(checkpoint);
  if (mode === "sweep") return sweepReading(checkpoint);
  if (mode === "changes" && position?.kind === "changes") return changesReading(position);
  return fullReading(position?.kind === "full" ? position : null);
}

function changesReading({ watermark, witness }: Position & { kind: "changes" }): Reading {
  const since = Math.min(watermark, witness?.editedAt ?? watermark);
  return {
    stream: "changes",
    pages: (source, onWindow) => poll(source, { watermark, since, onWindow }),
    timestamp: "last_edited_time",
    isWanted: (key) => key.last_edited_time >= watermark,
    isAskedFor: (key) => key.last_edited_time >= since,
    witness,
    resumeAt: () => null,
    endAt: (askedAt, newest) =>
      newest === null
        ? nothingSeen(watermark)
        : changesFrom(Math.max(watermark, watermarkAt(askedAt)), newest),
  };
}

function fullReading(resumed: (Position & { kind: "full" }) | null): Reading {
  const progress: Progress = { reached: resumed?.from ?? null, missingFrom: null };
  const beganAt = (askedAt: number) => resumed?.since ?? askedAt;
  return {
    stream: "full",
    pages: (source, onWindow) => enumerate(source, { conditions: [], progress, onWindow }),
    timestamp: "created_time",
    isWanted: () => true,
    isAskedFor: (key) => resumed === null || key.created_time >= resumed.from,
    witness: null,
    resumeAt(askedAt) {
      const from = progress.missingFrom ?? progress.reached;
      return from === null ? null : { kind: "full", since: beganAt(askedAt), from };
    },
    endAt: (askedAt, newest) =>
      newest === null ? nothingSeen(0) : changesFrom(watermarkAt(beganAt(askedAt)), newest),
  };
}

function sweepReading(checkpoint: Checkpoint): Reading {
  const position = readCheckpoint(checkpoint);
  const progress: Progress = { reached: null, missingFrom: null };
  return {
    stream: "sweep",
    pages: (source, onWindow) => enumerate(source, { conditions: [], progress, onWindow }),
    timestamp: "created_time",
    isWanted: () => true,
    isAskedFor: () => true,
    witness: position?.kind === "changes" ? position.witness : null,
    resumeAt: () => null,
    endAt: () => checkpoint,
  };
}

/** Everything that was committed before this minute was visible to a query that began at `askedAt`. */
function watermarkAt(askedAt: number): number {
  return floorMinute(askedAt - OMEGA_MS);
}

function changesFrom(watermark: number, { last_edited_time: editedAt, id }: RowKey): Position {
  return { kind: "changes", watermark, witness: { editedAt, id } };
}

/**
 * Without a row to show for it, "nothing is here" may be an outage that Notion does not admit. Rows that were made
 * meanwhile carry older stamps than its end, so reading goes on from where it stood.
 */
function nothingSeen(watermark: number): Position {
  return { kind: "changes", watermark, witness: null };
}

/** What cannot be placed in time is passed on, to be reported as unreadable. */
function isWantedRow({ isWanted }: Reading, row: QueryPage["rows"][number]): boolean {
  const key = rowKey(row);
  return key === null || isWanted(key);
}

function newestOf(known: RowKey | null, keys: readonly (RowKey | null)[]): RowKey | null {
  return keys.reduce(
    (newest, key) =>
      key !== null && (newest === null || key.last_edited_time > newest.last_edited_time) ? key : newest,
    known,
  );
}

function isoBounds({ from, to }: { from: number | null; to: number | null }): {
  from: string | null;
  to: string | null;
} {
  return { from: from === null ? null : toIso(from), to: to === null ? null : toIso(to) };
}
