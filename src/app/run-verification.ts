import type { RunReport, Verification } from "./lockstep.ts";

/** What was found in history of what a run wrote. */
export interface Written {
  readonly versions: number;
  /** Records of which it wrote a version. */
  readonly records: number;
  /** Histories that are not what was written, for people. */
  readonly flaws: readonly string[];
}

/** Whether a run ended, and what it wrote into history is still exactly that. */
export function verificationOf(
  { sync, run }: RunReport,
  { versions, records, flaws }: Written,
): Verification {
  const hasEnded = run.endedAt !== null && run.status !== "interrupted";
  const checks = [
    { name: "the run ended, and says how", ok: hasEnded, detail: run.status },
    {
      name: "history is exactly what was written",
      ok: flaws.length === 0,
      detail: flaws[0] ?? `${versions} versions of ${records} records, each with the hash of the one before`,
    },
  ];
  return { ok: checks.every((check) => check.ok), runId: run.id, sync, checks };
}
