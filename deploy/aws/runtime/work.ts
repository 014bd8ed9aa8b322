import type { Context } from "aws-lambda";
import type { RunReport } from "../../../src/app/lockstep.ts";
import { systemClock } from "../../../src/app/platform.ts";
import { pairsIn } from "../../../src/app/targets.ts";
import { LockstepError } from "../../../src/core/errors.ts";
import type { Side } from "../../../src/core/two-way/mapping.ts";
import { openWorld, type World } from "./world.ts";

/** What is to be done: a sync by its name, or the library's series computed anew. */
export type Errand =
  | { readonly kind: "poll"; readonly sync: string }
  | { readonly kind: "hint"; readonly sync: string; readonly polls: readonly Side[] }
  | { readonly kind: "recompute" };

/** Another function is at it: five minutes of this. A message that is given back to the queue would wait three times as long. */
const busyMs = 2_000;
const busyTriesMax = 150;

/** Does errands with the same world as long as this Lambda lives. */
export function worker<Input, Output>(
  handle: (input: Input, run: (errand: Errand) => Promise<void>) => Promise<Output>,
): (input: Input, context: Context) => Promise<Output> {
  let opening: Promise<World> | null = null;
  return async (input, context) => {
    opening ??= openWorld(process.env);
    const world = await opening.catch((error: unknown) => {
      opening = null;
      throw error;
    });
    return world.invoke(context, (signal) => handle(input, (errand) => carryOut(world, errand, signal)));
  };
}

/** Throws what another try may mend: then the message comes again, and at last lands among the dead letters. */
async function carryOut(world: World, errand: Errand, signal: AbortSignal): Promise<void> {
  const reports = await whenFree(() => reportsOf(world, errand, signal), signal);
  for (const report of reports) world.log.run(report);
  const failed = reports.find(({ run }) => run.status === "failed");
  if (failed === undefined) return;
  const [error] = failed.run.errors;
  throw new LockstepError(
    "UPSTREAM_FAILED",
    `"${failed.sync}" failed: ${error?.message ?? "no reason is known"}`,
  );
}

/** Another function has the sync: what was told, or is to be asked now, may have come too late for that one. */
async function whenFree<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      const isBusy = error instanceof LockstepError && error.code === "RUN_IN_PROGRESS";
      if (!isBusy || tries === busyTriesMax || signal.aborted) throw error;
      await systemClock.sleep(busyMs, signal).catch(() => {});
    }
  }
}

async function reportsOf(
  { lockstep }: World,
  errand: Errand,
  signal: AbortSignal,
): Promise<readonly RunReport[]> {
  if (errand.kind === "recompute") {
    const report = await lockstep.library?.recompute({
      trigger: "schedule",
      isCommitted: true,
      allowCascade: null,
      signal,
    });
    return report?.syncs ?? [];
  }
  const { sync } = errand;
  const isPair = pairsIn(lockstep.config).some(({ name }) => name === sync);
  if (!isPair) return lockstep.sync([sync], { trigger: "schedule", signal });
  return errand.kind === "poll"
    ? lockstep.attend(sync, { trigger: "poll", polls: ["left", "right"], signal })
    : lockstep.attend(sync, { trigger: "webhook", polls: errand.polls, signal });
}
