import type { Ids } from "../core/clock.ts";
import type { ImportNotes } from "./import-notes.ts";
import type { ImportFile, ImportOptions, ImportReport, LibraryDesk } from "./library-report.ts";
import type { Lockstep, Progress } from "./lockstep.ts";
import { explainError } from "./next-step.ts";

/** An import that somebody asked for over HTTP. */
export interface ImportJob {
  readonly id: string;
  readonly state: "running" | "done" | "failed";
  readonly progress: Progress | null;
  readonly report: ImportReport | null;
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly nextStep: string | null;
  } | null;
}

/** Jobs that are through are remembered in this process up to this number; afterwards they are looked up in the store. */
const jobsMax = 100;

/** Imports under way in this process, and what became of those before. Each has the id of its run. */
export class ImportJobs {
  private readonly jobs = new Map<string, ImportJob>();
  private readonly ids: Pick<Ids, "next">;
  private readonly notes: ImportNotes | null;
  private noting: Promise<void> = Promise.resolve();

  /** `notes` null: nothing is known any more after a restart but the evidence of runs. */
  constructor(ids: Pick<Ids, "next">, notes: ImportNotes | null = null) {
    this.ids = ids;
    this.notes = notes;
  }

  /** Begins at once, and goes on when the caller is gone. */
  start(
    library: Pick<LibraryDesk, "import">,
    file: ImportFile,
    options: Omit<ImportOptions, "onProgress" | "runId">,
  ): ImportJob {
    const id = this.ids.next();
    const begun: ImportJob = { id, state: "running", progress: null, report: null, error: null };
    this.note(begun);
    const onProgress = (progress: Progress) => this.note({ ...begun, progress });
    library.import(file, { ...options, runId: id, onProgress }).then(
      (report) => this.note({ ...begun, progress: this.progressOf(id), state: "done", report }),
      (thrown: unknown) => {
        const { error, nextStep } = explainError(thrown);
        this.note({
          ...begun,
          progress: this.progressOf(id),
          state: "failed",
          error: { code: error.code, message: error.message, nextStep },
        });
      },
    );
    return begun;
  }

  /** Throws RUN_NOT_FOUND for one that never was. */
  async find(id: string, lockstep: Pick<Lockstep, "run">): Promise<ImportJob> {
    const job = this.jobs.get(id);
    if (job !== undefined) return job;
    const noted = (await this.notes?.get(id)) ?? null;
    if (noted !== null && !(noted.job.state === "running" && noted.isOrphaned)) return noted.job;
    const isOver = noted === null && (await lockstep.run(id)).run.status === "succeeded";
    const message = isOver
      ? "It is through; its evidence is in `lockstep runs`."
      : "It did not come to its end. Send the file again: it goes on where it was, and makes nothing twice.";
    const error = isOver ? null : { code: "CANCELLED", message, nextStep: null };
    const progress = noted?.job.progress ?? null;
    return { id, state: isOver ? "done" : "failed", progress, report: null, error };
  }

  private progressOf(id: string): Progress | null {
    return this.jobs.get(id)?.progress ?? null;
  }

  private note(job: ImportJob): void {
    this.jobs.delete(job.id);
    this.jobs.set(job.id, job);
    const over = [...this.jobs.values()].filter(({ state }) => state !== "running");
    for (const { id } of over.slice(0, Math.max(0, over.length - jobsMax))) this.jobs.delete(id);
    const { notes } = this;
    // A store that takes no notes does not keep an import from going on; its evidence is in the runs.
    if (notes !== null) this.noting = this.noting.then(() => notes.put(job)).catch(() => {});
  }
}
