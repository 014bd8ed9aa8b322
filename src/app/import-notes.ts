import { isJsonObject, type Json } from "../core/json.ts";
import type { EngineDeps } from "../engine/sync.ts";
import type { ImportJob } from "./library-jobs.ts";

/** What became of imports that were asked for over HTTP, kept where it outlives the process. */
export interface ImportNotes {
  /** Progress is kept every few seconds only; whatever ends a job, at once. */
  put(job: ImportJob): Promise<void>;
  /** `isOrphaned`: the process that was at it is gone. null: nothing is kept of it. */
  get(id: string): Promise<{ readonly job: ImportJob; readonly isOrphaned: boolean } | null>;
}

const keptMs = 30 * 86_400_000;
const progressEveryMs = 5_000;
/** Of one note: some stores take no larger values. Its counts cover everything; records are shown as far as they fit. */
const charactersMax = 200_000;
/** A process of another machine says nothing for longer only when it is gone. */
const silentMsMax = 600_000;

export function createImportNotes({ store, clock, owner, isDead }: EngineDeps): ImportNotes {
  const notedAt = new Map<string, number>();
  const keyOf = (id: string) => `import ${id}`;
  return {
    async put(job) {
      const now = clock.now();
      const isProgress = job.state === "running" && notedAt.has(job.id);
      if (isProgress && now - (notedAt.get(job.id) ?? 0) < progressEveryMs) return;
      if (job.state === "running") notedAt.set(job.id, now);
      else notedAt.delete(job.id);
      const value = { owner, at: now, job: jsonOf(fitted(job)) };
      await store.answers.put(keyOf(job.id), { value, expiresAt: now + keptMs });
    },
    async get(id) {
      const answer = await store.answers.get(keyOf(id));
      const note = answer !== null && answer.expiresAt > clock.now() ? answer.value : null;
      if (!isJsonObject(note) || !isJob(note.job)) return null;
      const isSilent = clock.now() - Number(note.at) > silentMsMax;
      return { job: note.job, isOrphaned: isDead(String(note.owner)) || isSilent };
    },
  };
}

/** Shown records are halved until they fit. */
function fitted(job: ImportJob): ImportJob {
  let { report } = job;
  while (report !== null && JSON.stringify(report).length > charactersMax && report.records.length > 0) {
    const half = Math.floor(report.records.length / 2);
    report = { ...report, records: report.records.slice(0, half), kept: report.kept.slice(0, half) };
  }
  return { ...job, report };
}

function jsonOf(job: ImportJob): Json {
  return JSON.parse(JSON.stringify(job));
}

/** What is there was written by `put`. */
function isJob(json: Json | undefined): json is Json & ImportJob {
  return isJsonObject(json) && typeof json.id === "string" && typeof json.state === "string";
}
