import { Cron } from "croner";
import { z } from "zod";
import type { ScheduleConfig } from "./config.ts";
import { suggestion } from "./nearest.ts";

/** Why a cron expression cannot be used; null when it can. */
export function cronProblem(cron: string): string | null {
  const expected = 'expected five cron fields: minute hour day month weekday, as in "0 3 * * *"';
  if (cron.trim().split(/\s+/).length !== 5) return expected;
  try {
    // A fixed start makes the answer the same on every day; it is a leap year, so that 29 February exists.
    const next = new Cron(cron, { paused: true, timezone: "UTC" }).nextRun(new Date("2024-01-01T00:00:00Z"));
    return next === null ? `${expected}; this one names a date that never comes` : null;
  } catch {
    return expected;
  }
}

/** Why a time zone cannot be used; null when it can. */
export function timeZoneProblem(timeZone: string): string | null {
  const expected = 'expected an IANA time zone, as in "Europe/Berlin" or "UTC"';
  if (/^[+-]/.test(timeZone)) return expected;
  try {
    new Intl.DateTimeFormat("en", { timeZone });
    return null;
  } catch {
    return `${expected}.${suggestion(timeZone, Intl.supportedValuesOf("timeZone"))}`;
  }
}

/** A string checked by a function that explains itself. */
export function checkedString(problemOf: (text: string) => string | null) {
  return z.string().superRefine((text, context) => {
    const problem = problemOf(text);
    if (problem !== null) context.addIssue({ code: "custom", message: problem, input: text });
  });
}

const cronSchema = checkedString(cronProblem).meta({
  description: "Five cron fields: minute hour day month weekday.",
  examples: ["0 3 * * *"],
});

/** A schedule as written in the file; what is left out is taken from the level above. */
export const scheduleSchema = z.union([
  cronSchema,
  z.strictObject({
    cron: cronSchema.optional(),
    timeZone: checkedString(timeZoneProblem)
      .optional()
      .meta({
        description: 'IANA time zone the cron expression is read in. Default "UTC".',
        examples: ["Europe/Berlin"],
      }),
    enabled: z.boolean().optional().meta({ description: "False: runs only when asked to. Default true." }),
  }),
]);

export function resolveSchedule(
  written: z.output<typeof scheduleSchema> | undefined,
  inherited: ScheduleConfig,
): ScheduleConfig {
  if (written === undefined) return inherited;
  if (typeof written === "string") return { ...inherited, cron: written };
  return {
    cron: written.cron ?? inherited.cron,
    timeZone: written.timeZone ?? inherited.timeZone,
    isEnabled: written.enabled ?? inherited.isEnabled,
  };
}
