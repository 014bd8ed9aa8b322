import type { PullBatch, PullEnd, PullRequest, PullWindow } from "../../connector/connector.ts";
import type { Json } from "../../core/json.ts";
import type { SourceRecord } from "../../core/record.ts";
import { look, readHorizon, type SqlTable, wholeInstallation } from "./access.ts";
import { isUsable, type Position, readCheckpoint } from "./checkpoint.ts";
import { decodeRow, goneRecord, hasKey, recordColumns, recordTables, tablesOf } from "./codec.ts";
import { numberIn, type Sql, type SqlRow, textIn } from "./database.ts";
import { quote } from "./names.ts";
import { hasOtherFields } from "./schema.ts";
import type { Target } from "./table.ts";

/** Keeps a page's transaction short, and its memory small. */
const PAGE_ROWS = 500;

/** What is read, from where, up to where. */
interface Plan {
  readonly installation: number;
  /** Changes from here on come next time. */
  readonly horizon: number;
  readonly isSchemaChanged: boolean;
  readonly reading:
    | { readonly kind: "changes"; readonly from: number }
    | { readonly kind: "rows"; readonly after: string | null };
}

interface Page {
  readonly records: readonly SourceRecord[];
  readonly rows: number;
  /** Where the next page begins; null: this was the last. */
  readonly next: Cursor | null;
}

type Cursor = { readonly tick: number; readonly seq: number } | { readonly after: string | null };

/** Each page in a short transaction of its own: none is open while the engine works on a batch. */
export async function* pullTable(
  table: SqlTable,
  request: PullRequest,
): AsyncGenerator<PullBatch, PullEnd, void> {
  const { mode, signal } = request;
  const plan = await look(table, (sql, target) => makePlan(table, { sql, target, request }), signal);
  if ("problem" in plan)
    return ended(request, { reason: plan.problem, pages: 0, rows: 0, isSchemaChanged: false });
  const { reading } = plan;
  let cursor: Cursor | null = reading.kind === "changes" ? { tick: reading.from, seq: -1 } : reading;
  let [pages, rows] = [0, 0];
  while (cursor !== null) {
    const at: Cursor = cursor;
    const page: Page | { readonly problem: string } = await look(
      table,
      async (sql, target) => {
        const installation = wholeInstallation(target);
        if ("problem" in installation) return installation;
        if (installation.id !== plan.installation)
          return { problem: "the capture was installed anew meanwhile" };
        return readPage(table, { sql, target, plan, request }, at);
      },
      signal,
    );
    if ("problem" in page) {
      return ended(request, { reason: page.problem, pages, rows, isSchemaChanged: plan.isSchemaChanged });
    }
    pages += 1;
    rows += page.rows;
    cursor = page.next;
    yield {
      records: page.records,
      same: [],
      unreadable: [],
      ...resume(plan, { mode, records: page.records }),
    };
  }
  return ended(request, { plan, reason: null, pages, rows, isSchemaChanged: plan.isSchemaChanged });
}

async function makePlan(
  table: SqlTable,
  { sql, target, request }: { readonly sql: Sql; readonly target: Target; readonly request: PullRequest },
): Promise<Plan | { readonly problem: string }> {
  const installation = wholeInstallation(target);
  if ("problem" in installation) return installation;
  const now = await readHorizon(table, sql, target);
  const known = request.mode === "sweep" ? null : readCheckpoint(request.checkpoint);
  const position = known !== null && isUsable(known, installation, now) ? known : null;
  const isChanges = request.mode === "changes" && position?.kind === "changes";
  return {
    installation: installation.id,
    horizon: position?.kind === "full" ? position.at : now,
    isSchemaChanged: hasOtherFields(target, request.knownFields),
    reading: isChanges
      ? { kind: "changes", from: position.at }
      : { kind: "rows", after: position?.kind === "full" ? position.after : null },
  };
}

interface PageRequest {
  readonly sql: Sql;
  readonly target: Target;
  readonly plan: Plan;
  readonly request: PullRequest;
}

function readPage(table: SqlTable, page: PageRequest, cursor: Cursor): Promise<Page> {
  return "after" in cursor ? readRows(table, page, cursor.after) : readChanges(table, page, cursor);
}

/** By key, which no change moves. Rows that change behind the reading come again as changes. */
async function readRows(
  { database: { dialect } }: SqlTable,
  { sql, target, request }: PageRequest,
  after: string | null,
): Promise<Page> {
  const key = `t.${quote(target.key.name)}`;
  const conditions = [
    dialect.keyIsUsable(key, target.key.kind),
    after === null ? null : `${key} > ${dialect.keyValue("$1", target.key.kind)}`,
    // Deleted rows are not part of the table any more; when changes were missed, they are among what was.
    request.mode === "changes" ? null : liveCondition(target),
  ].filter((condition) => condition !== null);
  const rows = await sql.query(
    `SELECT ${recordColumns(target, dialect)} FROM ${recordTables(target, dialect)}
     WHERE ${conditions.join(" AND ")} ORDER BY ${key} LIMIT ${PAGE_ROWS}`,
    after === null ? [] : [after],
  );
  const records = rows.map((row) => decodeRow(target, row));
  const last = records.at(-1);
  return {
    records,
    rows: rows.length,
    next: rows.length < PAGE_ROWS || last === undefined ? null : { after: last.id },
  };
}

function liveCondition({ softDelete, config }: Target): string | null {
  if (softDelete === null) return null;
  const column = `t.${quote(softDelete.name)}`;
  return config.softDelete?.kind === "boolean" ? `${column} IS NOT TRUE` : `${column} IS NULL`;
}

/**
 * The next changes, and with the last change of each row the row as it is now. A row whose last change lies beyond the
 * horizon is given as it is, too, and comes again.
 */
async function readChanges(
  { database: { dialect } }: SqlTable,
  { sql, target, plan }: PageRequest,
  cursor: { readonly tick: number; readonly seq: number },
): Promise<Page> {
  const { changes, rows: rowTable, table } = tablesOf(target);
  const { tick } = dialect;
  const origin = dialect.name === "postgres" ? "application" : "NULL AS application";
  const isLast = `(r.version = p.seq OR r.${tick.rows} >= $3)`;
  const found = await sql.query(
    `WITH p AS (
       SELECT ${tick.changes} AS tick, seq, key, operation, prior, note, at, editor AS change_editor, ${origin}
       FROM ${changes} WHERE (${tick.changes}, seq) > ($1, $2) AND ${tick.changes} < $3
       ORDER BY ${tick.changes}, seq LIMIT ${PAGE_ROWS})
     SELECT p.tick, p.seq, p.key, p.operation, p.prior, p.note, p.at, p.change_editor, p.application,
       CASE WHEN ${isLast} THEN 1 ELSE 0 END AS is_last, ${recordColumns(target, dialect)}
     FROM p LEFT JOIN ${rowTable} AS r ON r.key = p.key
     LEFT JOIN ${table} AS t ON ${isLast} AND ${hasKey(target, dialect, "p.key")}
     ORDER BY p.tick, p.seq`,
    [cursor.tick, cursor.seq, plan.horizon],
  );
  const last = found.at(-1);
  const isEnd = last === undefined || found.length < PAGE_ROWS;
  return {
    records: lastPerKey(found).map((row) => changedRecord(target, row)),
    rows: found.length,
    next: isEnd ? null : { tick: numberIn(last, "tick"), seq: numberIn(last, "seq") },
  };
}

function lastPerKey(found: readonly SqlRow[]): readonly SqlRow[] {
  const byKey = new Map<string, SqlRow>();
  for (const row of found) {
    const key = textIn(row, "key") ?? "";
    if (numberIn(row, "is_last") === 0) continue;
    // In the order of last changes.
    byKey.delete(key);
    byKey.set(key, row);
  }
  return [...byKey.values()];
}

function changedRecord(target: Target, row: SqlRow): SourceRecord {
  const key = textIn(row, "key") ?? "";
  const isGone = row.row_key === null;
  const gone = { key, version: numberIn(row, "version"), editor: textIn(row, "editor") };
  const record = isGone ? goneRecord(target, gone) : decodeRow(target, row);
  const change: Record<string, Json> = {};
  for (const name of ["seq", "operation", "note", "at", "change_editor", "application"]) {
    change[name === "change_editor" ? "editor" : name] =
      name === "seq" ? numberIn(row, name) : textIn(row, name);
  }
  return { ...record, raw: { ...record.raw, change, prior: priorIn(textIn(row, "prior")) } };
}

/** The old values as they were noted; null: there were none. */
function priorIn(text: string | null): Json {
  if (text === null) return null;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

function resume(
  plan: Plan,
  { mode, records }: { readonly mode: PullRequest["mode"]; readonly records: readonly SourceRecord[] },
): { readonly resumeAt?: Position } {
  const last = records.at(-1);
  if (mode !== "full" || last === undefined) return {};
  return { resumeAt: { kind: "full", installation: plan.installation, at: plan.horizon, after: last.id } };
}

interface Ending {
  /** null: everything was read. */
  readonly reason: string | null;
  readonly plan?: Plan;
  readonly pages: number;
  readonly rows: number;
  readonly isSchemaChanged: boolean;
}

function ended(
  { mode, checkpoint }: PullRequest,
  { reason, plan, pages, rows, isSchemaChanged }: Ending,
): PullEnd {
  const isComplete = reason === null && plan !== undefined;
  const reached: Position | null = isComplete
    ? { kind: "changes", installation: plan.installation, at: plan.horizon }
    : null;
  const stream: PullWindow["stream"] = plan?.reading.kind === "rows" && mode === "changes" ? "full" : mode;
  return {
    isComplete,
    reason,
    checkpoint: mode === "sweep" || reached === null ? checkpoint : reached,
    windows: [{ stream, from: null, to: null, pages, rows, isCapped: false }],
    truncated: { found: 0, completed: 0, failed: 0 },
    isSchemaChanged,
    accessProof: isComplete ? `the table was read in place, up to change ${plan.horizon}` : null,
  };
}
