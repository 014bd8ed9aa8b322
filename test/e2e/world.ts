import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { RunReport } from "../../src/app/lockstep.ts";
import { isJsonObject } from "../../src/core/json.ts";
import { type Emulator, startEmulator, type TrueRow } from "../../src/emulator/index.ts";
import { folderWith } from "../config/folder.ts";
import { documentIn, type Ended, run, type Started, start } from "./cli.ts";

/** What `sync --json` and `runs --json` print. */
export interface RunsDocument {
  readonly ok: boolean;
  readonly runs: readonly RunReport[];
}

/** One task with the values of its newest version. */
export interface KeptTask {
  readonly sourceId: string;
  readonly title: string;
  readonly description: string | null;
  readonly status: string | null;
  readonly isDeleted: number;
  readonly state: string;
  readonly versions: number;
}

/** An emulated Notion with one database of tasks, and a folder with a configuration that backs it up. */
export class World implements AsyncDisposable {
  readonly emulator: Emulator;
  readonly cwd: string;
  readonly databaseId: string;
  readonly dataSourceId: string;
  readonly rowIds: string[];
  /** Where Notion is for the commands; a test may put something in between. */
  baseUrl: string;
  private resources = new AsyncDisposableStack();

  private constructor(emulator: Emulator, cwd: string, rows: number) {
    this.emulator = emulator;
    this.cwd = cwd;
    this.baseUrl = emulator.url;
    const { databaseId, dataSourceIds } = emulator.workspace.createDatabase({
      title: "Tasks",
      dataSources: [
        {
          name: "Tasks",
          properties: { Name: { title: {} }, Notes: { rich_text: {} }, State: { select: {} } },
        },
      ],
    });
    this.databaseId = databaseId;
    this.dataSourceId = dataSourceIds[0] ?? "";
    // Made over an hour long before any test edits, so that stamps and windows of creation tell rows apart.
    const madeAt = (index: number) => Date.now() - 7_200_000 + Math.floor((index / rows) * 60) * 60_000;
    this.rowIds = emulator.workspace.addRows(this.dataSourceId, rows, (index) => ({
      properties: { Name: titleOf(`Row ${index}`), State: { select: { name: "Open" } } },
      createdAt: madeAt(index),
      editedAt: madeAt(index),
    }));
  }

  static async open({ rows }: { readonly rows: number }): Promise<World> {
    await using resources = new AsyncDisposableStack();
    const folder = resources.use(await folderWith({}));
    const emulator = resources.use(await startEmulator({ ratePerMinute: null }));
    const world = new World(emulator, folder.path, rows);
    const link = `https://www.notion.so/acme/Tasks-${world.databaseId.replaceAll("-", "")}?v=${"f".repeat(32)}`;
    const entry = {
      name: "tasks",
      notionDatabaseId: link,
      projectScopeId: "team-a",
      fieldMappings: { Notes: "description", State: "status" },
    };
    await world.configure({ databases: [entry] });
    world.resources = resources.move();
    return world;
  }

  configure(backup: { readonly [key: string]: unknown }): Promise<void> {
    return writeFile(join(this.cwd, "lockstep.config.json"), JSON.stringify({ backup }, null, 2));
  }

  get env(): { readonly [name: string]: string } {
    return { NOTION_BASE_URL: this.baseUrl, NOTION_TOKEN: this.emulator.token };
  }

  lockstep(args: readonly string[], env: { readonly [name: string]: string } = {}): Promise<Ended> {
    return run(args, { cwd: this.cwd, env: { ...this.env, ...env } });
  }

  start(args: readonly string[], env: { readonly [name: string]: string } = {}): Started {
    return start(args, { cwd: this.cwd, env: { ...this.env, ...env } });
  }

  /** `sync --json`, and what it says of the only sync. */
  async sync(args: readonly string[] = [], env: { readonly [name: string]: string } = {}) {
    const ended = await this.lockstep(["sync", "--json", ...args], env);
    const document = documentIn<RunsDocument>(ended);
    return { ...ended, run: document.runs[0]?.run, codes: document.runs.flatMap(codesOf) };
  }

  /** The evidence, newest first. */
  async runs(): Promise<readonly RunReport["run"][]> {
    const document = documentIn<RunsDocument>(await this.lockstep(["runs", "--json", "--sync", "tasks"]));
    return document.runs.map((report) => report.run);
  }

  /** Somebody does something in Notion, through the emulator's own interface. */
  person(action: string, input: { readonly [key: string]: unknown }): Promise<unknown> {
    return postJson(`${this.emulator.url}/_emulator/person`, { action, ...input });
  }

  retitle(rowId: string, title: string): Promise<unknown> {
    return this.person("editPage", { pageId: rowId, properties: { Name: titleOf(title) } });
  }

  /** Every row there is or was, as the emulator knows it. */
  async truth(): Promise<readonly TrueRow[]> {
    const response = await fetch(`${this.emulator.url}/_emulator/rows?data_source=${this.dataSourceId}`);
    return ((await response.json()) as { rows: readonly TrueRow[] }).rows;
  }

  row(index: number): string {
    const id = this.rowIds[index];
    if (id === undefined) throw new Error(`the world has no row ${index}`);
    return id;
  }

  get storeFile(): string {
    return join(this.cwd, "lockstep.db");
  }

  query<T>(sql: string): readonly T[] {
    return queryFile(this.storeFile, sql);
  }

  /** Notion's clock moves on, and with it the minutes that stamps are made of. */
  async emulatedTimePasses(advanceMs: number): Promise<void> {
    await postJson(`${this.emulator.url}/_emulator/clock`, { advanceMs });
  }

  tasks(): ReadonlyMap<string, KeptTask> {
    return tasksIn(this.storeFile);
  }

  /** How many tasks are tombstones. */
  deleted(): number {
    return [...this.tasks().values()].filter((task) => task.isDeleted === 1).length;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.resources.disposeAsync();
  }
}

export function titleOf(text: string) {
  return { title: [{ type: "text", text: { content: text } }] };
}

/** The plain text of a title as the emulator's truth spells it. */
export function trueTitle({ properties }: TrueRow): string {
  const parts = Array.isArray(properties.Name) ? properties.Name : [];
  return parts.map((part) => (isJsonObject(part) ? part.plain_text : "")).join("");
}

export function trueState({ properties }: TrueRow): string | null {
  return isJsonObject(properties.State) && typeof properties.State.name === "string"
    ? properties.State.name
    : null;
}

/** Compares every task with its row; returns what differs, in words. */
export function differences(
  rows: readonly TrueRow[],
  tasks: ReadonlyMap<string, KeptTask>,
): readonly string[] {
  const wrong = rows.flatMap((row) => {
    const task = tasks.get(row.id);
    if (task === undefined) return [`${row.id} has no task`];
    if (row.inTrash) return task.isDeleted === 1 ? [] : [`${row.id} is in the trash, its task lives`];
    if (task.isDeleted === 1) return [`${row.id} lives, its task is deleted`];
    const isSame = task.title === trueTitle(row) && task.status === trueState(row);
    return isSame ? [] : [`${row.id} is "${trueTitle(row)}", its task "${task.title}"`];
  });
  return tasks.size === rows.length ? wrong : [...wrong, `${tasks.size} tasks for ${rows.length} rows`];
}

/** `isRecovering`: the file was left by a killed process; SQLite may have to write to read it. */
export function queryFile<T>(file: string, sql: string, { isRecovering = false } = {}): readonly T[] {
  const database = new DatabaseSync(file, { readOnly: !isRecovering });
  try {
    return database.prepare(sql).all() as T[];
  } finally {
    database.close();
  }
}

/** Tasks by row; throws when a row has two. */
export function tasksIn(
  file: string,
  options: { isRecovering?: boolean } = {},
): ReadonlyMap<string, KeptTask> {
  const found = queryFile<KeptTask>(
    file,
    `SELECT t.source_id AS sourceId, v.title, v.description, v.status, v.is_deleted AS isDeleted, l.state,
       (SELECT count(*) FROM task_versions each WHERE each.task_id = t.id) AS versions
     FROM tasks t JOIN task_versions v ON v.id = t.current_version_id
     LEFT JOIN links l ON l.sync_id = t.sync_id AND l.source_id = t.source_id
     WHERE t.source_id IS NOT NULL`,
    options,
  );
  const tasks = new Map(found.map((task) => [task.sourceId, task]));
  if (tasks.size !== found.length) throw new Error(`${found.length} tasks for ${tasks.size} rows`);
  return tasks;
}

export async function postJson(url: string, body: unknown): Promise<unknown> {
  const response = await fetch(url, { method: "POST", body: JSON.stringify(body) });
  const answer: unknown = await response.json();
  if (!response.ok) throw new Error(`POST ${url}: ${JSON.stringify(answer)}`);
  return answer;
}

export function codesOf({ run: each }: RunReport): readonly string[] {
  return each.errors.map(({ code }) => code);
}
