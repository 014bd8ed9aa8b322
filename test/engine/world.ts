import { expect } from "vitest";
import type { FieldMappingConfig } from "../../src/config/config.ts";
import type { Connector } from "../../src/connector/connector.ts";
import {
  type Emulator,
  type EmulatorOptions,
  startEmulator,
  type TrueRow,
} from "../../src/emulator/index.ts";
import { type RunOptions, runSync } from "../../src/engine/run.ts";
import type { EngineDeps, SyncDefinition } from "../../src/engine/sync.ts";
import { backupRecipe } from "../../src/recipes/backup/recipe.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import type { Link, Run, Store, Task, TaskVersion } from "../../src/store/store.ts";
import { countingIds } from "../../src/store/suite/case.ts";
import { connect } from "../connectors/notion-world.ts";
import { type ManualClock, manualClock } from "./manual-clock.ts";

export const MINUTE = 60_000;
export const DAY = 24 * 60 * MINUTE;
/** Longer than any test: no sweep but the first. */
export const never = 1_000 * DAY;

export const mappings: readonly FieldMappingConfig[] = [
  { property: "Notes", field: "description" },
  { property: "State", field: "status" },
  { property: "Count", field: "metadata.count" },
];

const properties = {
  Name: { title: {} },
  Notes: { rich_text: {} },
  State: { select: { options: [{ name: "Open" }, { name: "Doing" }, { name: "Done" }] } },
  Count: { number: {} },
  Who: { people: {} },
};

/** What a person fills in. */
export interface RowInput {
  readonly name?: string;
  readonly notes?: string;
  readonly state?: string | null;
  readonly count?: number | null;
}

export function spelled({ name, notes, state, count }: RowInput) {
  return {
    ...(name === undefined ? {} : { Name: { title: [{ text: { content: name } }] } }),
    ...(notes === undefined
      ? {}
      : { Notes: { rich_text: notes === "" ? [] : [{ text: { content: notes } }] } }),
    ...(state === undefined ? {} : { State: { select: state === null ? null : { name: state } } }),
    ...(count === undefined ? {} : { Count: { number: count } }),
  };
}

export type RunChoice = Partial<RunOptions> & {
  readonly sync?: Partial<SyncDefinition>;
  readonly deps?: Partial<EngineDeps>;
};

/** A workspace behind HTTP, a store in SQLite, and a person's and an agent's hands. */
export interface World extends AsyncDisposable {
  readonly emulator: Emulator;
  readonly clock: ManualClock;
  readonly store: Store;
  readonly deps: EngineDeps;
  readonly sync: SyncDefinition;
  readonly databaseId: string;
  readonly dataSourceId: string;
  add(row: RowInput): string;
  edit(id: string, row: RowInput): void;
  /** A minute passes, then one run. */
  run(choice?: RunChoice): Promise<Run>;
  task(sourceId: string): Promise<Task>;
  link(sourceId: string): Promise<Link>;
  history(sourceId: string): Promise<readonly TaskVersion[]>;
  /** An agent's edit of a task, on its newest version. */
  agentEdits(sourceId: string, changes: AgentEdit): Promise<void>;
  truth(): readonly TrueRow[];
  /** Everything that a run could write, for comparing before and after. */
  snapshot(): Promise<unknown>;
}

export interface AgentEdit {
  readonly title?: string;
  readonly description?: string | null;
  readonly status?: string | null;
  readonly resolution?: string | null;
  readonly metadata?: { readonly [key: string]: string | number };
}

export async function openWorld(
  options: Pick<EmulatorOptions, "queryCap" | "cursorStyle" | "randomSeed"> & { readonly path?: string } = {},
): Promise<World> {
  const { path = ":memory:", ...emulatorOptions } = options;
  const time = manualClock();
  const emulator = await startEmulator({ ratePerMinute: null, clock: time, ...emulatorOptions });
  const { databaseId, dataSourceIds } = emulator.workspace.createDatabase({
    title: "Tasks",
    dataSources: [{ name: "Tasks", properties }],
  });
  const dataSourceId = dataSourceIds[0] ?? "";
  const ids = countingIds();
  const store = await openSqliteStore({ path, ids });
  const { connector, stats, clock: patience } = connect(emulator, dataSourceId);
  const clock: ManualClock = {
    ...time,
    advance(ms) {
      // What waits between requests has a clock of its own, on which waiting costs nothing.
      patience.advance(ms);
      time.advance(ms);
    },
  };
  const deps: EngineDeps = { store, clock, ids, owner: "test/1", isDead: () => false };
  const sync = definitionOf(connector, dataSourceId, stats);
  const world: World = {
    emulator,
    clock,
    store,
    deps,
    sync,
    databaseId,
    dataSourceId,
    add(row) {
      const make = () => ({ properties: spelled(row) });
      return emulator.workspace.addRows(dataSourceId, 1, make)[0] ?? "";
    },
    edit: (id, row) => emulator.workspace.editPage(id, { properties: spelled(row) }),
    run: (choice = {}) => run(world, choice),
    async task(sourceId) {
      const [task] = await store.findTasks(sourceId, 2);
      if (task === undefined) throw new Error(`row ${sourceId} has no task`);
      return task;
    },
    async link(sourceId) {
      const link = (await store.getLinks(sync.id, [sourceId])).get(sourceId);
      if (link === undefined) throw new Error(`row ${sourceId} has no link`);
      return link;
    },
    history: async (sourceId) => historyOf(store, (await world.task(sourceId)).id),
    agentEdits: async (sourceId, changes) => agentEdits(world, sourceId, changes),
    truth: () => emulator.workspace.rows(dataSourceId),
    snapshot: () => snapshotOf(world),
    async [Symbol.asyncDispose]() {
      await store.close();
      await emulator.close();
    },
  };
  return world;
}

function definitionOf(left: Connector, dataSourceId: string, meter: SyncDefinition["meter"]): SyncDefinition {
  return {
    id: "backup:tasks",
    name: "tasks",
    sourceId: dataSourceId,
    projectScopeId: "work",
    left,
    recipe: backupRecipe(mappings, "tasks"),
    guard: { deletesMax: 10, deleteShareMax: 0.1 },
    sweepEveryMs: 0,
    meter,
  };
}

/** A minute passes, then one run. */
function run(world: World, { sync, deps, ...options }: RunChoice): Promise<Run> {
  world.clock.advance(MINUTE);
  return runSync({ ...world.deps, ...deps }, { ...world.sync, ...sync }, { ...runDefaults, ...options });
}

export const runDefaults: RunOptions = {
  trigger: "test",
  isFull: false,
  allowDeletes: null,
  onProgress: () => {},
  signal: undefined,
};

export function historyOf(store: Store, taskId: string): Promise<readonly TaskVersion[]> {
  return store.getHistory(taskId, { fromVersion: 1, limit: 1_000 });
}

async function agentEdits(
  { store, clock, task }: World,
  sourceId: string,
  changes: AgentEdit,
): Promise<void> {
  const { id, current } = await task(sourceId);
  const { title, description, status, resolution } = { ...current, ...changes };
  await store.appendVersion({
    taskId: id,
    baseVersionNum: current.versionNum,
    at: new Date(clock.now()).toISOString(),
    version: {
      title,
      description,
      status,
      resolution,
      metadataJson: JSON.stringify({ ...current.metadata, ...changes.metadata }),
      createdBy: "mcp:agent",
      changeReason: "agent at work",
      conflictFlag: false,
      isDeleted: false,
    },
  });
}

async function snapshotOf({ store, sync, truth }: World): Promise<unknown> {
  const links = await store.getLinks(
    sync.id,
    truth().map((row) => row.id),
  );
  const tasks = await allTasks(store);
  const histories = await Promise.all(tasks.map((task) => historyOf(store, task.id)));
  const conflicts = await store.listConflicts({ limit: 10_000 });
  return { links: [...links].sort(), tasks, histories, conflicts };
}

/** Tombstones included. */
export async function allTasks(store: Store): Promise<readonly Task[]> {
  return (await store.listTasks({ withDeleted: true }, { after: null, limit: 10_000 })).items;
}

/** A row's values as its task has to hold them, by property id, so that renamed columns do not matter. */
export interface Expected {
  readonly title: string;
  readonly description: string | null;
  readonly status: string | null;
  readonly count: unknown;
}

export function expectedOf(
  { properties: held }: TrueRow,
  names: { readonly [column: string]: string } = {},
): Expected {
  const value = (column: string) => held[names[column] ?? column] ?? null;
  return {
    title: textIn(value("Name")) ?? "",
    description: textIn(value("Notes")),
    status: optionIn(value("State")),
    count: value("Count"),
  };
}

/** Notion has no "no text": an empty one is the same to a person. */
export function heldBy({ title, description, status, metadata }: TaskVersion): Expected {
  return {
    title,
    description: description === "" ? null : description,
    status,
    count: metadata.count ?? null,
  };
}

function textIn(value: TrueRow["properties"][string]): string | null {
  if (!Array.isArray(value)) return null;
  const text = value.map((run) => (isObject(run) ? String(run.plain_text) : "")).join("");
  return text === "" ? null : text;
}

function optionIn(value: unknown): string | null {
  return isObject(value) ? String(value.name) : null;
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null;
}

/** What must hold at any time: numbers without gaps, one task per record. */
export async function expectWhole(store: Store): Promise<void> {
  const tasks = await allTasks(store);
  const sources = tasks.flatMap((task) => (task.source === null ? [] : [task.source.recordId]));
  expect(new Set(sources).size, "one task per record").toBe(sources.length);
  for (const task of tasks) {
    const history = await historyOf(store, task.id);
    expect(history.map((version) => version.versionNum)).toEqual(history.map((_, index) => index + 1));
    expect(task.current, "the newest version is current").toEqual(history.at(-1));
  }
}

/**
 * What must hold once edits and faults have ceased: each row and its task agree, on every field. `judge` may say
 * otherwise of single fields, for tasks that agents have edited.
 */
export async function expectConverged(
  world: World,
  names: { readonly [column: string]: string } = {},
  judge: (task: Task, row: Expected) => Promise<Expected> = async (_, row) => row,
): Promise<void> {
  for (const row of world.truth()) {
    const [task] = await world.store.findTasks(row.id, 1);
    const where = `row ${row.id} (${JSON.stringify(row.properties.Name)})`;
    // What left the scope alive is not followed any further, whatever becomes of it there.
    const isInPlace = !row.isArchived && !row.inTrash && !row.isDeletedForGood;
    if (!isInPlace && task?.source?.state === "archived") continue;
    if (row.isDeletedForGood) {
      if (task !== undefined) expect(["missing", "deleted"], where).toContain(task.source?.state);
    } else if (row.inTrash) {
      if (task !== undefined) {
        expect(task.current.isDeleted, where).toBe(true);
        expect(task.source?.state, where).toBe("deleted");
      }
    } else if (row.isArchived) {
      if (task !== undefined) expect(["archived", "deleted"], where).toContain(task.source?.state);
    } else {
      expect(task?.source?.state, where).toBe("live");
      expect(task?.current.isDeleted, where).toBe(false);
      if (task === undefined) continue;
      expect(heldBy(task.current), where).toEqual(await judge(task, expectedOf(row, names)));
    }
  }
  await expectWhole(world.store);
}

/** A run that finds nothing to do leaves everything but its own evidence as it was. */
export async function expectQuiet(world: World): Promise<void> {
  const before = await world.snapshot();
  const run = await world.run();
  expect(run.errors).toEqual([]);
  expect(await world.snapshot()).toEqual(before);
}
