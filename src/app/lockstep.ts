import type { Config } from "../config/config.ts";
import type { Json } from "../core/json.ts";
import type { Run, SyncTotals, Task, TaskFilter, TaskVersion } from "../store/store.ts";
import type { AttendOptions } from "./attend.ts";
import type { Finding } from "./doctor.ts";
import type { ImportSteps } from "./import-steps.ts";
import type { LibraryDesk } from "./library-report.ts";
import type { LibraryStatus } from "./library-status.ts";
import type { PipelineStatus } from "./pipeline-status.ts";
import type { PairPlanReport, PairStatus, TwoWay } from "./two-way.ts";

/** Progress of a long operation; faces print it, nobody depends on it. */
export interface Progress {
  readonly sync: string;
  /** For people ("reading", "sweeping Notion"); "done" is the last. */
  readonly phase: string;
  /** Rows so far in this phase. */
  readonly rows: number;
  /** Rows expected, null when unknown. */
  readonly rowsExpected: number | null;
  readonly calls: number;
  /** Milliseconds the pacer makes us wait right now, 0 when not waiting. */
  readonly waitingMs: number;
  /** Until all of it is done, about; absent: nobody knows. */
  readonly secondsLeft?: number;
}

export interface SyncOptions {
  readonly trigger: string;
  /** Read everything again and compare, whatever the checkpoint says. */
  readonly isFull?: boolean;
  /** Certified deletions this run may carry out beyond the guard. */
  readonly allowDeletes?: number;
  /** Lets a two-way sync write for the first time, or with a changed mapping. */
  readonly isAccepted?: boolean;
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal | undefined;
}

/** One sync's run, as faces show it. */
export interface RunReport {
  /** Name of the sync: the database's name, with "/<data source>" when it has several. */
  readonly sync: string;
  readonly run: Run;
  /** Of a two-way sync: what waits for a person. */
  readonly open?: { readonly conflicts: number; readonly holds: number; readonly problems: number };
}

/** One step of a plan. `fields` lists only what would change. */
export interface PlannedAction {
  readonly kind: "create" | "update" | "delete" | "revive" | "missing" | "leave";
  readonly sourceId: string;
  readonly taskId: string | null;
  readonly title: string;
  readonly fields: readonly { readonly field: string; readonly from: Json; readonly to: Json }[];
  readonly isConflict: boolean;
}

/** What a run would do: of a backup, or of a two-way sync. */
export type PlanReport = BackupPlanReport | PairPlanReport;

export interface BackupPlanReport {
  readonly type: "import";
  readonly sync: string;
  /** At most `actionsShownMax` actions; `counts` covers all. */
  readonly actions: readonly PlannedAction[];
  readonly counts: { readonly [kind in PlannedAction["kind"]]: number };
  readonly unchanged: number;
  /** Set when a guard would stop the run: why, and what to do. */
  readonly refusal: string | null;
  readonly calls: number;
  readonly warnings: readonly string[];
  readonly error: { readonly code: string; readonly message: string } | null;
}

export interface SyncStatus {
  readonly sync: string;
  readonly notionId: string;
  readonly projectScopeId: string;
  readonly isEnabled: boolean;
  readonly isRunning: boolean;
  readonly schedule: { readonly cron: string; readonly timeZone: string; readonly isEnabled: boolean };
  readonly nextRunAt: string | null;
  readonly lastRun: Run | null;
  readonly totals: SyncTotals;
}

export interface StatusReport {
  readonly config: string;
  readonly store: string;
  readonly syncs: readonly SyncStatus[];
  /** Two-way syncs. */
  readonly pairs: readonly PairStatus[];
  /** Of the pipeline, once its board was read. */
  readonly pipeline?: PipelineStatus;
  /** When one is configured. */
  readonly library?: LibraryStatus;
  readonly ratePerMinute: number | "auto";
}

/** What `runs --verify` found. */
export interface Verification {
  readonly ok: boolean;
  readonly runId: string;
  readonly sync: string;
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[];
}

export interface HistoryReport {
  readonly task: Task;
  readonly versions: readonly TaskVersion[];
}

export interface DiffReport {
  readonly task: Task;
  readonly from: number;
  readonly to: number;
  readonly changes: readonly { readonly field: string; readonly from: Json; readonly to: Json }[];
}

export interface TaskInput {
  readonly title?: string | undefined;
  readonly description?: string | null | undefined;
  readonly status?: string | null | undefined;
  readonly resolution?: string | null | undefined;
  readonly metadata?: { readonly [key: string]: Json } | undefined;
}

/** What agents and people do with tasks. */
export interface Tasks {
  add(input: {
    projectScopeId: string;
    task: TaskInput & { title: string };
    by: string;
    reason: string;
  }): Promise<Task>;
  update(input: {
    taskId: string;
    changes: TaskInput;
    /** The version the writer had read; a stale one is kept and flagged. */
    baseVersionNum: number | null;
    by: string;
    reason: string;
  }): Promise<TaskVersion>;
  get(reference: string): Promise<Task>;
  list(
    filter: TaskFilter,
    page: { after: string | null; limit: number },
  ): Promise<{ items: readonly Task[]; next: string | null }>;
}

/** Everything a user can do with Lockstep, in plain data. The faces (cli, server, mcp) are thin over this. */
export interface Lockstep {
  readonly config: Config;
  readonly tasks: Tasks;
  readonly twoWay: TwoWay;
  /** null: none is configured. */
  readonly library: LibraryDesk | null;
  /** An import of the library in steps, for many short-lived processes; null: no library is configured. */
  readonly importSteps: ImportSteps | null;
  /** Runs the named syncs (all enabled ones when none is named), one after another; one failing stops none. */
  sync(names: readonly string[], options: SyncOptions): Promise<readonly RunReport[]>;
  /**
   * Does what one two-way sync has to do now, for a process that does not follow it: takes up what was told of it and what
   * is due, and asks the sides that are named. What keeps it from beginning is in its report, with evidence in the store.
   * Throws RUN_IN_PROGRESS while another process is at it, and SECRET_MISSING.
   */
  attend(name: string, options: AttendOptions): Promise<readonly RunReport[]>;
  /** What nobody else waits for is through, too: messages to a chat, lines of a log. For a process that stands still between its calls. */
  settled(): Promise<void>;
  plan(names: readonly string[], options: Omit<SyncOptions, "trigger">): Promise<readonly PlanReport[]>;
  status(): Promise<StatusReport>;
  runs(filter: { sync?: string | undefined; limit: number }): Promise<readonly RunReport[]>;
  run(runId: string): Promise<RunReport>;
  verifyRun(
    runId: string,
    options: { onProgress?: (progress: Progress) => void; signal?: AbortSignal | undefined },
  ): Promise<Verification>;
  history(reference: string, page: { fromVersion: number; limit: number }): Promise<HistoryReport>;
  /** The version that was current at a time (ISO 8601); none when the task did not exist yet. */
  historyAt(reference: string, at: string): Promise<HistoryReport>;
  /** Versions default to the last two. */
  diff(reference: string, from: number | null, to: number | null): Promise<DiffReport>;
  /** Runs the syncs on their schedules until the signal aborts; makes up a missed run once. */
  schedule(signal: AbortSignal, onRun: (report: RunReport) => void): Promise<void>;
  /** Looks at everything that has to be right for syncs to run. Changes nothing. */
  doctor(signal?: AbortSignal): Promise<readonly Finding[]>;
  close(): Promise<void>;
}
