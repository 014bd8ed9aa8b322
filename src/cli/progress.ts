import type { Progress } from "../app/lockstep.ts";
import type { CliIo } from "./io.ts";
import { oneLine } from "./table.ts";

/** Without a terminal a line is printed this often at most, so that logs stay short. */
export const lineEveryMs = 5000;
/** A terminal's line is rewritten this often at most. */
const rewriteEveryMs = 100;

export interface ProgressPrinter {
  readonly onProgress: (progress: Progress) => void;
  /** Clears what is left on the line; call before printing anything else. */
  finish(): void;
}

/** One rewritten line for a person, a line every few seconds for a log. Always on stderr. */
export function createProgressPrinter(io: CliIo, now: () => number): ProgressPrinter {
  const everyMs = io.isInteractive ? rewriteEveryMs : lineEveryMs;
  // A log hears of a sync only once it takes its time; a person at once.
  let printedAt = io.isInteractive ? Number.NEGATIVE_INFINITY : now();
  let isLineOpen = false;
  return {
    onProgress(progress) {
      if (progress.phase === "done" || now() - printedAt < everyMs) return;
      printedAt = now();
      isLineOpen = io.isInteractive;
      io.stderr.write(
        io.isInteractive ? `\r\x1b[2K${progressText(progress)}` : `${progressText(progress)}\n`,
      );
    },
    finish() {
      if (isLineOpen) io.stderr.write("\r\x1b[2K");
      isLineOpen = false;
    },
  };
}

function progressText({ sync, phase, rows, rowsExpected, calls, waitingMs, secondsLeft }: Progress): string {
  const total = rowsExpected === null ? "" : ` of about ${rowsExpected}`;
  const waiting = waitingMs < 1000 ? "" : `, waiting ${Math.ceil(waitingMs / 1000)} s for the rate limit`;
  const left = secondsLeft === undefined ? "" : `, about ${timeLeft(secondsLeft)} left`;
  return `${oneLine(sync)}: ${phase}, ${rows}${total} rows, ${calls} calls${waiting}${left}`;
}

function timeLeft(seconds: number): string {
  return seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
