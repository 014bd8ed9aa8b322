import type { PairConfig } from "../config/config.ts";
import { LockstepError } from "../core/errors.ts";
import type { Side } from "../core/two-way/mapping.ts";
import type { RunReport } from "./lockstep.ts";
import type { PairSource } from "./pairs.ts";
import { followRules, passOver, recordPairFailure } from "./run-pairs.ts";
import type { SyncWorld } from "./run-syncs.ts";
import { tableCalled } from "./targets.ts";

/** What leaves no evidence: somebody else is at it, or there is nothing to ask with. */
const notRun: readonly string[] = ["RUN_IN_PROGRESS", "SECRET_MISSING"];

export interface AttendOptions {
  readonly trigger: string;
  /** Sides to ask for changes; none: only what was told and what is due. */
  readonly polls: readonly Side[];
  readonly signal?: AbortSignal | undefined;
}

/** One step of what a server does all the time. What follows for a library is carried through, and sent too. */
export async function attend(
  world: SyncWorld,
  name: string,
  { trigger, polls, signal }: AttendOptions,
): Promise<readonly RunReport[]> {
  const config = tableCalled(world.config, name);
  const report = await passOnce(world, config, { trigger, polls, signal });
  return [report, ...(await followRules(world, config, { trigger, signal }))];
}

/** Who watches over the sync hears of it also when it could not begin. */
async function passOnce(
  world: SyncWorld,
  config: PairConfig,
  { trigger, polls, signal }: AttendOptions,
): Promise<RunReport> {
  let source: PairSource | null = null;
  let report: RunReport;
  try {
    source = await world.pairs.resolve(config, { isDry: false, signal });
    report = await passOver(world, source, { trigger, polls, signal });
  } catch (error) {
    if (!(error instanceof LockstepError) || notRun.includes(error.code)) throw error;
    report = await recordPairFailure(world, source ?? { config }, trigger, error);
  }
  if (source === null) return report;
  await world.pipeline?.ran(source, report.run);
  world.planning?.ran(source, report.run);
  return report;
}
