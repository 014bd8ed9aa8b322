import type { Logger } from "pino";
import type { LogEvent } from "../app/herald.ts";
import type { RunReport } from "../app/lockstep.ts";

/** One line per run. */
export function logRun(logger: Logger, { sync, run, open }: RunReport): void {
  const { id, trigger, status, counts, calls, errors } = run;
  logger[status === "succeeded" ? "info" : "warn"](
    { sync, run: id, trigger, status, counts, calls, errors, ...(open === undefined ? {} : { open }) },
    "run",
  );
}

/** One line per event, named in the line. */
export function logEvent(logger: Logger, { level, event, fields }: LogEvent): void {
  logger[level]({ event, ...fields }, event);
}
