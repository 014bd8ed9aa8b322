import { LockstepError } from "../core/errors.ts";
import { type TakenBack, takeBackRun } from "../engine/two-way/take-back.ts";
import { titleOf } from "./pair-title.ts";
import { knownPairs } from "./questions.ts";
import { labelsOf } from "./run-pairs.ts";
import type { SyncWorld } from "./run-syncs.ts";
import type { PairUndoReport, TwoWay, UndoneRecord } from "./two-way.ts";

/** Takes back what a run of a two-way sync wrote, or shows what that would do. */
export async function undoPairRun(
  world: SyncWorld,
  runId: string,
  options: Parameters<TwoWay["undo"]>[1],
): Promise<PairUndoReport> {
  const { deps, pairs } = world;
  const run = await deps.store.getRun(runId);
  const source = (await knownPairs(world)).find(({ syncId }) => syncId === run?.syncId);
  if (run === null || source === undefined) {
    throw new LockstepError(
      "RUN_NOT_FOUND",
      `run "${runId.slice(0, 60)}" belongs to no two-way sync of the configuration, and only those are taken back`,
    );
  }
  const definition = await pairs.definitionOf(source);
  const report = await takeBackRun(deps, definition, { runId, ...options });
  const { titleField } = await pairs.memoryOf(source);
  return {
    sync: source.config.name,
    sides: labelsOf(source.config),
    records: report.steps.map((step) => describe(step, titleField)),
    run: report.run,
  };
}

function describe(
  { pair, side, kind, fields, left, outcome }: TakenBack,
  titleField: string | null,
): UndoneRecord {
  return {
    linkId: pair.link.id,
    title: titleOf(pair, titleField),
    side,
    kind,
    fields: Object.entries(fields).map(([field, { from, to }]) => ({ field, from, to })),
    left,
    outcome,
  };
}
