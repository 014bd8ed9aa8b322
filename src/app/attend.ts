import type { Side } from "../core/two-way/mapping.ts";
import { libraryPairs } from "../recipes/library/config.ts";
import type { RunReport } from "./lockstep.ts";
import { isLibraryPair } from "./right-side.ts";
import { passOver } from "./run-pairs.ts";
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
  if (!isLibraryPair(config) || !(await world.library?.passed(config))) return [report];
  const reports = [report];
  for (const pair of libraryPairs(config.library)) {
    const known = await world.pairs.known(pair);
    if (known === null) continue;
    reports.push(await passOver(world, known, { trigger: "cascade", polls: ["right"], signal }));
  }
  return reports;
}
