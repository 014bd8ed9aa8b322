import type { Side } from "../core/two-way/mapping.ts";
import type { RunReport } from "./lockstep.ts";
import { followRules, passOver } from "./run-pairs.ts";
import type { SyncWorld } from "./run-syncs.ts";
import { tableCalled } from "./targets.ts";

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
  const source = await world.pairs.resolve(config, { isDry: false, signal });
  const report = await passOver(world, source, { trigger, polls, signal });
  await world.pipeline?.ran(source, report.run);
  world.planning?.ran(source, report.run);
  return [report, ...(await followRules(world, config, { trigger, signal }))];
}
