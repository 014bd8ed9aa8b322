import type { LibraryConfig } from "../config/config.ts";
import type { CollectionWrite } from "../core/collection/record.ts";
import { LockstepError } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import { type HeldLease, holdLease } from "../engine/lease.ts";
import { begunRun } from "../engine/run-evidence.ts";
import type { EngineDeps } from "../engine/sync.ts";
import { collectionNames } from "../recipes/library/collections.ts";
import {
  Draft,
  type PlannedRecord,
  type Shelf,
  type ShelfName,
  type ShelfPlan,
} from "../recipes/library/draft.ts";
import type { Run, RunCounts, RunStatus } from "../store/store.ts";
import { readRecords } from "./shelf-memory.ts";

/** Records written at once. */
const pageSize = 500;
/** Somebody else may change records between reading and writing them; then all of it is thought through again. */
const retriesMax = 20;

/** Another process is at it: asked again this soon, and this often. */
export const busyMs = 1_000;
export const busyTriesMax = 600;

/** What a sync of the library's own is called in the store. */
export function libraryId({ name }: Pick<LibraryConfig, "name">): string {
  return `library:${name}`;
}

export async function readShelf({ store }: EngineDeps, { name }: LibraryConfig): Promise<Shelf> {
  const collections = collectionNames(name);
  const [series, books] = await Promise.all([
    readRecords(store.collections, collections.series),
    readRecords(store.collections, collections.books),
  ]);
  return { collections, series, books };
}

/** What a change is about, for its evidence. */
export interface ChangeAbout {
  /** "import", "cascade", "undo" …: who is named in history. */
  readonly by: string;
  /** A file, a run …: what it came from. */
  readonly source: string;
  readonly trigger: string;
  /** Of its run; absent: made up. */
  readonly runId?: string | undefined;
  /** One of several changes, one after the other and maybe by several processes, that leave their evidence as one run. */
  readonly isPart?: boolean;
  /** How the library is read; absent: all of it, each time. */
  readonly read?: () => Promise<Shelf>;
}

export interface StepOptions {
  /** Of one collection: the other is left for later. */
  readonly only?: ShelfName;
  /** Which of the planned writes are made, and what of them; what is left out is planned again. */
  readonly choose?: (writes: readonly CollectionWrite[]) => readonly CollectionWrite[];
  readonly onWritten?: (count: number) => void;
}

export interface Thought<T> {
  readonly plan: ShelfPlan;
  readonly result: T;
  readonly draft: Draft;
}

/** Thinks without changing anything. */
export async function thinkOver<T>(
  read: () => Promise<Shelf>,
  think: (draft: Draft, shelf: Shelf) => T,
): Promise<Thought<T>> {
  const shelf = await read();
  const draft = new Draft(shelf);
  const result = think(draft, shelf);
  return { plan: draft.plan(), result, draft };
}

/**
 * A change of the library's collections under its lease, with evidence: one process at a time, and each step a plan that is
 * written as a whole or again. Evidence begins with the first write, so that a look leaves none.
 */
export class LibraryChange implements AsyncDisposable {
  private readonly deps: EngineDeps;
  private readonly config: LibraryConfig;
  private readonly about: ChangeAbout;
  private readonly held: HeldLease;
  private readonly records = new Map<string, PlannedRecord>();
  private run: Run | null = null;
  /** Of the parts of its run before this one. */
  private before: RunCounts = countsOf([]);

  private constructor(
    deps: EngineDeps,
    config: LibraryConfig,
    { about, held }: { readonly about: ChangeAbout; readonly held: HeldLease },
  ) {
    this.deps = deps;
    this.config = config;
    this.about = about;
    this.held = held;
  }

  /** Throws RUN_IN_PROGRESS while somebody else is at it. */
  static async begin(deps: EngineDeps, config: LibraryConfig, about: ChangeAbout): Promise<LibraryChange> {
    const held = await holdLease(deps, libraryId(config), config.name);
    return new LibraryChange(deps, config, { about, held });
  }

  /** Aborts when another process has taken over. */
  get signal(): AbortSignal {
    return this.held.signal;
  }

  /** Thinks and writes what comes out. */
  async step<T>(think: (draft: Draft, shelf: Shelf) => T, options: StepOptions = {}): Promise<Thought<T>> {
    const { read = () => readShelf(this.deps, this.config) } = this.about;
    for (let attempt = 0; attempt < retriesMax; attempt += 1) {
      const thought = await thinkOver(read, think);
      if (await this.write(thought.plan, options)) return thought;
    }
    throw new LockstepError(
      "STORE_FAILED",
      `The library "${this.config.name}" kept changing while it was written; try again.`,
      { retry: "safe" },
    );
  }

  /** Does the work, and leaves evidence of its failure if it had begun to write. */
  async carryOut<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof LockstepError && this.run !== null) await this.finish("failed", { error });
      throw error;
    }
  }

  /** Evidence of it; null: nothing was written. */
  async finish(
    status: RunStatus,
    told: {
      readonly warnings?: readonly string[];
      readonly certificate?: Json;
      readonly error?: LockstepError;
    } = {},
  ): Promise<Run | null> {
    if (this.run === null) this.run = await this.goOn();
    if (this.run === null) return null;
    const { error, warnings = [], certificate = null } = told;
    const run: Run = {
      ...this.run,
      status,
      endedAt: status === "running" ? null : new Date(this.deps.clock.now()).toISOString(),
      counts: together(this.before, countsOf([...this.records.values()])),
      warnings,
      errors: error === undefined ? [] : [{ code: error.code, message: error.message }],
      certificate,
    };
    await this.deps.store.saveRun(run);
    this.run = run;
    return run;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.held[Symbol.asyncDispose]();
  }

  /** False: something was changed by somebody else; what was written before it stays, and is not planned again. */
  private async write(
    plan: ShelfPlan,
    { only, choose = (all) => all, onWritten }: StepOptions,
  ): Promise<boolean> {
    const collections = collectionNames(this.config.name);
    const wanted = only === undefined ? null : collections[only];
    const writes = choose(plan.writes).filter(({ collection }) => wanted === null || collection === wanted);
    if (writes.length === 0) return true;
    const run = this.run ?? (await this.goOn()) ?? (await this.start());
    const { by } = this.about;
    for (let from = 0; from < writes.length; from += pageSize) {
      this.held.signal.throwIfAborted();
      const chunk = writes.slice(from, from + pageSize);
      const at = new Date(this.deps.clock.now()).toISOString();
      const commit = { by, runId: run.id, at, writes: chunk };
      const { stale } = await this.deps.store.collections.commitRecords(commit);
      if (stale.length > 0) return false;
      const written = new Set(chunk.map(({ collection, id }) => `${collection}\n${id}`));
      for (const record of plan.records) {
        const key = `${collections[record.shelf]}\n${record.id}`;
        if (written.has(key) && !this.records.has(key)) this.records.set(key, record);
      }
      onWritten?.(from + chunk.length);
    }
    return true;
  }

  /** The run that other parts have begun; null: there is none. */
  private async goOn(): Promise<Run | null> {
    const { isPart, runId } = this.about;
    const begun = isPart === true && runId !== undefined ? await this.deps.store.getRun(runId) : null;
    if (begun === null) return null;
    this.before = begun.counts;
    this.run = { ...begun, status: "running", endedAt: null };
    return this.run;
  }

  private async start(): Promise<Run> {
    const { store } = this.deps;
    const { by, source, trigger, runId } = this.about;
    const syncId = libraryId(this.config);
    const run = begunRun(this.deps, {
      id: runId,
      syncId,
      type: "library",
      source: by,
      sourceId: source,
      trigger,
    });
    await store.startRun(run);
    this.run = run;
    return run;
  }
}

/** Begins a change as soon as nobody else is at it. Throws RUN_IN_PROGRESS after a long wait. */
export async function beginChange(
  deps: EngineDeps,
  config: LibraryConfig,
  about: ChangeAbout,
): Promise<LibraryChange> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await LibraryChange.begin(deps, config, about);
    } catch (error) {
      const isBusy = error instanceof LockstepError && error.code === "RUN_IN_PROGRESS";
      if (!isBusy || tries >= busyTriesMax) throw error;
      await deps.clock.sleep(busyMs);
    }
  }
}

function countsOf(records: readonly PlannedRecord[]): RunCounts {
  const count = (kind: PlannedRecord["kind"]) => records.filter((record) => record.kind === kind).length;
  return {
    read: records.length,
    created: count("create"),
    updated: count("change"),
    deleted: count("trash"),
    revived: count("restore"),
    unchanged: 0,
    conflicts: 0,
    missing: 0,
  };
}

function together(before: RunCounts, counts: RunCounts): RunCounts {
  return {
    read: before.read + counts.read,
    created: before.created + counts.created,
    updated: before.updated + counts.updated,
    unchanged: before.unchanged + counts.unchanged,
    deleted: before.deleted + counts.deleted,
    revived: before.revived + counts.revived,
    conflicts: before.conflicts + counts.conflicts,
    missing: before.missing + counts.missing,
  };
}
