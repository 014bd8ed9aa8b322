import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { WriteOutcome } from "../../../src/connector/connector.ts";
import type { Json } from "../../../src/core/json.ts";
import type { FieldSchema } from "../../../src/core/record.ts";
import type { RunSql, SqlRow, SqlValue, TaskDatabase } from "../../../src/recipes/pipeline/database.ts";
import { migrations } from "../../../src/recipes/pipeline/table.ts";
import { type Row, type RowChange, Table, type TableOptions } from "../table.ts";

const names = ["title", "channel_id", "topic", "story_direction", "status", "stage", "priority"] as const;

const columns: readonly FieldSchema[] = names.map((name) => ({
  id: name,
  name,
  type: "text",
  vendorType: "text",
  isDerived: false,
}));

/** Counts what becomes pending, past everything that is tested. */
const counting = `
CREATE TABLE counted (task_id TEXT);
CREATE TRIGGER counted_new AFTER INSERT ON tasks WHEN NEW.status = 'pending' BEGIN
  INSERT INTO counted VALUES (NEW.id);
END;
CREATE TRIGGER counted AFTER UPDATE ON tasks WHEN NEW.status = 'pending' AND OLD.status <> 'pending' BEGIN
  INSERT INTO counted VALUES (NEW.id);
END;`;

/** How often a task became pending, and what the queue made of it. */
export interface Queued {
  readonly transitions: number;
  readonly jobs: number;
  /** Waiting or under way. */
  readonly open: number;
}

/**
 * The real table of tasks in a SQLite of its own, with its constraints, its triggers and its queue. What the sync is shown
 * of it, the simulated table keeps.
 */
export class TaskTable extends Table {
  /** As workers hold it. */
  readonly database: TaskDatabase;
  readonly #sqlite: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #count = 0;

  constructor(options: Omit<TableOptions, "columns">) {
    super({ ...options, columns });
    this.#sqlite = new DatabaseSync(":memory:", { enableForeignKeyConstraints: true });
    for (const migration of migrations.sqlite) this.#sqlite.exec(migration);
    this.#sqlite.exec(counting);
    const run: RunSql = async (sql, values) => this.#run(sql, values ?? []);
    this.database = {
      product: "sqlite",
      write: (work) => this.#transaction(() => work(run)),
      waitForJob: async () => {},
      [Symbol.asyncDispose]: async () => {},
    };
  }

  override add(values: Readonly<Record<string, Json>>, by: string, marker: string | null = null): Row {
    this.#count += 1;
    const id = `7a5c0000-0000-4000-8000-${this.#count.toString(16).padStart(12, "0")}`;
    const row: Record<string, Json> = { id, notion_page_id: marker, ...values };
    const listed = Object.keys(row);
    const places = listed.map((_, index) => `$${index + 1}`);
    this.#run(`INSERT INTO tasks (${listed.join(", ")}) VALUES (${places.join(", ")})`, valuesOf(row));
    this.#mirror(by);
    return this.#demand(id);
  }

  override change(id: string, change: RowChange, by: string): Row {
    const { values = {}, marker, ...rest } = change;
    const set: Record<string, Json> = {
      ...values,
      ...(marker === undefined ? {} : { notion_page_id: marker }),
    };
    const listed = Object.keys(set).map((name, index) => `${name} = $${index + 2}`);
    if (listed.length > 0) {
      this.#run(`UPDATE tasks SET ${listed.join(", ")} WHERE id = $1`, [id, ...valuesOf(set)]);
      this.#mirror(by);
    }
    return Object.keys(rest).length > 0 ? super.change(id, rest, by) : this.#demand(id);
  }

  override attempt(write: () => WriteOutcome): WriteOutcome {
    try {
      return write();
    } catch (error) {
      if (!(error instanceof Error && "errcode" in error)) throw error;
      return { kind: "refused", code: "SQL_CHECK", message: error.message, retryAfterMs: null };
    }
  }

  override close(): void {
    this.#sqlite.close();
  }

  queued(id: string): Queued {
    const [found] = this.#run(
      `SELECT (SELECT count(*) FROM counted WHERE task_id = $1) AS transitions, count(*) AS jobs,
         count(*) FILTER (WHERE state IN ('ready', 'running')) AS open FROM task_jobs WHERE task_id = $1`,
      [id],
    );
    return {
      transitions: Number(found?.transitions),
      jobs: Number(found?.jobs),
      open: Number(found?.open),
    };
  }

  async #transaction<T>(work: () => Promise<T>): Promise<T> {
    this.#sqlite.exec("BEGIN IMMEDIATE");
    try {
      const value = await work();
      this.#sqlite.exec("COMMIT");
      this.#mirror("worker");
      return value;
    } catch (error) {
      if (this.#sqlite.isTransaction) this.#sqlite.exec("ROLLBACK");
      throw error;
    }
  }

  /** Notes every row that is not as it was last seen. */
  #mirror(by: string): void {
    for (const found of this.#run(
      `SELECT id, notion_page_id, ${names.join(", ")} FROM tasks ORDER BY id`,
      [],
    )) {
      const id = String(found.id);
      const values = Object.fromEntries(names.map((name) => [name, textIn(found, name)]));
      const marker = textIn(found, "notion_page_id");
      const known = this.row(id);
      if (known === undefined) this.keep(id, { values, by, marker });
      else if (known.marker !== marker || names.some((name) => known.values[name] !== values[name]))
        super.change(id, { values, marker }, by);
    }
  }

  #demand(id: string): Row {
    const row = this.row(id);
    if (row === undefined) throw new RangeError(`there is no row ${id}`);
    return row;
  }

  #run(sql: string, values: readonly SqlValue[]): readonly SqlRow[] {
    const statement = this.#statements.get(sql) ?? this.#sqlite.prepare(sql);
    this.#statements.set(sql, statement);
    return statement.all(Object.fromEntries(values.map((value, index) => [`$${index + 1}`, value])));
  }
}

function valuesOf(row: Readonly<Record<string, Json>>): readonly SqlValue[] {
  return Object.values(row).map((value) => (typeof value === "string" ? value : null));
}

function textIn(row: SqlRow, name: string): string | null {
  const value = row[name];
  return typeof value === "string" ? value : null;
}
