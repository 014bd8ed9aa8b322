import type { ApplyOptions, RecordWrite, WriteOutcome } from "../../connector/connector.ts";
import { LockstepError } from "../../core/errors.ts";
import type { SourceRecord } from "../../core/record.ts";
import { readTarget, type SqlTable, wholeInstallation } from "./access.ts";
import { type Assignments, assignments } from "./assign.ts";
import { goneRecord, hasKey, isPossibleKey, tablesOf } from "./codec.ts";
import { numberIn, type Sql, type SqlInput, textIn } from "./database.ts";
import { type Reading, readMarked, readRow } from "./get.ts";
import { quote } from "./names.ts";
import { outcomeOfFailure, refused } from "./refused.ts";
import type { Target } from "./table.ts";

/** Soon, but not at once: somebody else holds the lock, or the database starts again. */
const RETRY_AFTER_MS = 1_000;

/** One write as one transaction. Throws ACCESS_LOST only; every other fate is an outcome. */
export async function applyWrite(
  table: SqlTable,
  write: RecordWrite,
  { sendBy, signal }: ApplyOptions,
): Promise<WriteOutcome> {
  if (signal?.aborted) return refused("CANCELLED", "Cancelled before it was sent.", 0);
  const { clock, database } = table;
  const late = () =>
    clock.monotonic() > sendBy ? refused("SENT_TOO_LATE", "Its turn came too late.", 0) : null;
  const isLate = late();
  if (isLate !== null) return isLate;
  let target: Target | null = null;
  try {
    const written = await database.write(async (sql) => {
      target = await readTarget(table, sql);
      // The turn may have come only now.
      return late() ?? carryOut(table, { sql, target }, write);
    });
    if (written.kind === "committed" || written.value.kind !== "applied") return written.value;
    return {
      kind: "doubt",
      reason: "the connection broke while the write was committed",
      committedId: written.value.record.id,
    };
  } catch (error) {
    if (error instanceof LockstepError) {
      if (error.code === "ACCESS_LOST") throw error;
      return refused(error.code, error.message);
    }
    const failure = database.dialect.failureOf(error);
    return outcomeOfFailure(failure, { config: table.config, target, write, retryAfterMs: RETRY_AFTER_MS });
  }
}

type Work = { readonly sql: Sql; readonly target: Target };

async function carryOut(table: SqlTable, { sql, target }: Work, write: RecordWrite): Promise<WriteOutcome> {
  const installation = wholeInstallation(target);
  // Without triggers no revision moves, so nobody could tell whether the row changed since.
  if ("problem" in installation)
    return refused("SQL_TABLE_UNFIT", `Tried to write: ${installation.problem}.`);
  const { dialect } = table.database;
  const reading = { sql, target, dialect };
  return dialect
    .signed(sql, tablesOf(target), () =>
      write.kind === "create" ? create(table, reading, write) : change(reading, write),
    )
    .then((outcome) => (outcome.kind === "applied" ? asItIsNow(reading, outcome) : outcome));
}

/** Read after the change was signed. */
async function asItIsNow(
  reading: Reading,
  outcome: WriteOutcome & { kind: "applied" },
): Promise<WriteOutcome> {
  const record = await readRow(reading, outcome.record.id);
  return record === null ? outcome : { kind: "applied", record };
}

/** The marker is unique, so that a create that is sent again, even at the same time, finds what the first one made. */
async function create(
  { ids }: SqlTable,
  reading: Reading,
  write: RecordWrite & { kind: "create" },
): Promise<WriteOutcome> {
  const { sql, target } = reading;
  const before = await readMarked(reading, write.marker);
  if (before !== null) return { kind: "applied", record: before };
  const set = assignments(target, { write, newKey: () => ids.next() });
  if ("refused" in set) return set.refused;
  const conflict = quote((target.marker ?? target.key).name);
  const { columns, parameters, values } = listed(set);
  const [made] = await sql.query(
    `INSERT INTO ${tablesOf(target).table} AS t (${columns.join(", ")}) VALUES (${parameters.join(", ")})
     ON CONFLICT (${conflict}) DO NOTHING RETURNING ${reading.dialect.keyText(quote(target.key.name))} AS made`,
    values,
  );
  const key = made === undefined ? null : textIn(made, "made");
  const record = key === null ? await readMarked(reading, write.marker) : await readRow(reading, key);
  return record === null ? ignored(target) : { kind: "applied", record };
}

async function change(
  reading: Reading,
  write: RecordWrite & { kind: "update" | "restore" | "trash" },
): Promise<WriteOutcome> {
  const { target } = reading;
  const record = isPossibleKey(target, write.id) ? await lockRow(reading, write.id) : null;
  if (record === null) {
    return refused(
      "RECORD_NOT_FOUND",
      `Tried to ${write.kind} row ${write.id} of table ${target.catalog.table}, which is not there.`,
    );
  }
  if (record.revision !== write.expected.revision) return { kind: "stale" };
  if (write.kind === "trash") return trash(reading, record);
  if (write.kind === "update" && record.presence === "trashed") {
    return refused(
      "RECORD_TRASHED",
      `Tried to update row ${write.id} of table ${target.catalog.table}, which is marked deleted.`,
    );
  }
  const set = assignments(target, { write, newKey: null });
  if ("refused" in set) return set.refused;
  return update(reading, { record, set });
}

/** Two statements: in one, Postgres would show the version from before it waited for the lock. */
async function lockRow(reading: Reading, id: string): Promise<SourceRecord | null> {
  const { sql, target, dialect } = reading;
  await sql.query(
    `SELECT 1 AS found FROM ${tablesOf(target).table} AS t WHERE ${hasKey(target, dialect, "$1")}${dialect.forUpdate}`,
    [id],
  );
  return readRow(reading, id);
}

async function update(
  { sql, target, dialect }: Reading,
  { record, set }: { readonly record: SourceRecord; readonly set: Assignments },
): Promise<WriteOutcome> {
  const { columns, parameters, values } = listed(set);
  if (columns.length === 0) return { kind: "applied", record };
  const pairs = columns.map((column, index) => `${column} = ${parameters[index]}`);
  const changed = await sql.query(
    `UPDATE ${tablesOf(target).table} AS t SET ${pairs.join(", ")}
     WHERE ${hasKey(target, dialect, `$${values.length + 1}`)} RETURNING 1 AS changed`,
    [...values, record.id],
  );
  return changed.length === 0 ? ignored(target) : { kind: "applied", record };
}

async function trash(reading: Reading, record: SourceRecord): Promise<WriteOutcome> {
  const { sql, target, dialect } = reading;
  if (record.presence === "trashed") return { kind: "applied", record };
  const { config, softDelete } = target;
  if (softDelete !== null) {
    const value = config.softDelete?.kind === "boolean" ? "TRUE" : "CURRENT_TIMESTAMP";
    return update(reading, { record, set: [{ column: softDelete.name, sql: value }] });
  }
  if (config.hardDelete !== true) {
    return refused(
      "SQL_NO_DELETE",
      `Tried to delete row ${record.id} of table ${config.table}, which has no way to mark a row deleted. Set softDelete ` +
        "to a column for it, or hardDelete to allow DELETE.",
    );
  }
  const { table, rows } = tablesOf(target);
  const deleted = await sql.query(
    `DELETE FROM ${table} AS t WHERE ${hasKey(target, dialect, "$1")} RETURNING 1 AS deleted`,
    [record.id],
  );
  if (deleted.length === 0) return ignored(target);
  const [last] = await sql.query(`SELECT version FROM ${rows} WHERE key = $1`, [record.id]);
  const version = last === undefined ? 0 : numberIn(last, "version");
  return { kind: "applied", record: goneRecord(target, { key: record.id, version, editor: "lockstep" }) };
}

function ignored({ config }: Target): WriteOutcome {
  return refused(
    "SQL_RAISED",
    `Tried to write to table ${config.table}, and the database left the row as it was: a trigger or rule of the table ` +
      "discards the write.",
  );
}

function listed(set: Assignments): {
  readonly columns: readonly string[];
  readonly parameters: readonly string[];
  readonly values: readonly SqlInput[];
} {
  const values: SqlInput[] = [];
  const parameters = set.map((each) => ("sql" in each ? each.sql : `$${values.push(each.value)}`));
  return { columns: set.map(({ column }) => quote(column)), parameters, values };
}
