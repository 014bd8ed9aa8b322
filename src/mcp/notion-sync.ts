import { z } from "zod";
import type { Lockstep, RunReport } from "../app/lockstep.ts";
import type { DatabaseConfig } from "../config/config.ts";
import { LockstepError } from "../core/errors.ts";
import { untrusted, untrustedSchema } from "./untrusted.ts";

export const notionSyncInput = z.strictObject({
  action: z.enum(["sync", "status", "list_databases"]),
  database: z
    .string()
    .min(1)
    .optional()
    .describe("Name of one sync, as list_databases and status give it. Default: all enabled ones."),
  full: z.boolean().optional().describe("With sync: read everything again and compare."),
});

const counts = z.record(z.string(), z.number());

const runSchema = z.object({
  id: z.string(),
  sync: z.string(),
  status: z.string(),
  trigger: z.string(),
  startedAt: z.string(),
  endedAt: z.string().nullable(),
  counts,
  calls: z.number(),
  errorCodes: z.array(z.string()),
  messages: untrustedSchema({ warnings: z.unknown(), errors: z.unknown() }).nullable(),
});

export const notionSyncOutput = z.object({
  ok: z.boolean(),
  runs: z.array(runSchema).optional(),
  syncs: z
    .array(
      z.object({
        sync: z.string(),
        isEnabled: z.boolean(),
        isRunning: z.boolean(),
        nextRunAt: z.string().nullable(),
        lastRun: runSchema.nullable(),
        totals: counts,
      }),
    )
    .optional(),
  databases: z
    .array(
      z.object({
        name: z.string(),
        notionDatabaseId: z.string(),
        dataSource: z.string().nullable(),
        projectScopeId: z.string(),
        isEnabled: z.boolean(),
        schedule: z.string().nullable(),
      }),
    )
    .optional(),
});

/** There is no way to allow deletions here: lifting the guard is for a person. */
export async function carryOutNotionSync(
  lockstep: Lockstep,
  { action, database, full }: z.output<typeof notionSyncInput>,
  signal: AbortSignal,
): Promise<z.input<typeof notionSyncOutput>> {
  switch (action) {
    case "sync": {
      const names = database === undefined ? [] : [database];
      const reports = await lockstep.sync(names, { trigger: "mcp", signal, isFull: full === true });
      return { ok: reports.every(({ run }) => run.status === "succeeded"), runs: reports.map(runView) };
    }
    case "status":
      return { ok: true, syncs: await statusView(lockstep, database) };
    case "list_databases":
      return { ok: true, databases: lockstep.config.backup.databases.map(databaseView) };
    default:
      return action satisfies never;
  }
}

async function statusView(lockstep: Lockstep, database: string | undefined) {
  const { syncs } = await lockstep.status();
  const wanted = syncs.filter(
    ({ sync }) => database === undefined || sync === database || sync.startsWith(`${database}/`),
  );
  if (database !== undefined && wanted.length === 0) {
    const names = syncs.map(({ sync }) => `"${sync}"`).join(", ");
    throw new LockstepError("SYNC_NOT_FOUND", `No sync is called "${database}"; there are ${names}.`);
  }
  return wanted.map(({ sync, isEnabled, isRunning, nextRunAt, lastRun, totals }) => ({
    sync,
    isEnabled,
    isRunning,
    nextRunAt,
    lastRun: lastRun === null ? null : runView({ sync, run: lastRun }),
    totals: { ...totals },
  }));
}

function runView({ sync, run }: RunReport): z.input<typeof runSchema> {
  const { id, status, trigger, startedAt, endedAt, calls, warnings, errors } = run;
  const isSilent = warnings.length === 0 && errors.length === 0;
  return {
    id,
    sync,
    status,
    trigger,
    startedAt,
    endedAt,
    counts: { ...run.counts },
    calls,
    errorCodes: errors.map(({ code }) => code),
    // They quote names from Notion.
    messages: isSilent
      ? null
      : untrusted("notion", { warnings, errors: errors.map(({ message }) => message) }),
  };
}

function databaseView({ name, notionId, dataSource, projectScopeId, isEnabled, schedule }: DatabaseConfig) {
  const cron = schedule.isEnabled ? `${schedule.cron} ${schedule.timeZone}` : null;
  return { name, notionDatabaseId: notionId, dataSource, projectScopeId, isEnabled, schedule: cron };
}
