import { openPair } from "../engine/two-way/link.ts";
import { boardProperties } from "../recipes/pipeline/board.ts";
import type { Channel } from "../recipes/pipeline/channels.ts";
import { entryIn } from "../recipes/pipeline/entry.ts";
import { type State, states } from "../recipes/pipeline/statuses.ts";
import { parseStep } from "../recipes/pipeline/step.ts";
import { validateEntry } from "../recipes/pipeline/validate.ts";
import type { PairStore } from "../store/pair-store.ts";

/** So many drafts are listed in full. */
const draftsShownMax = 50;

/** A draft that cannot be queued as it is. */
export interface UnfitDraft {
  readonly pageId: string;
  readonly title: string | null;
  /** For the person who wrote it. */
  readonly problems: readonly string[];
}

/** How a pipeline's board stands, by what was last seen of it. */
export interface PipelineStatus {
  readonly sync: string;
  /** Tasks in each state. */
  readonly tasks: Readonly<Record<string, number>>;
  readonly drafts: readonly UnfitDraft[];
  /** Of all that cannot be queued; `drafts` lists the first of them. */
  readonly draftCount: number;
}

/** Asks the store only. */
export async function pipelineStatusOf(
  pairs: PairStore,
  {
    sync,
    syncId,
    channels,
  }: { readonly sync: string; readonly syncId: string; readonly channels: readonly Channel[] },
): Promise<PipelineStatus> {
  const counts = new Map<State, number>(states.map((state) => [state, 0]));
  const drafts: UnfitDraft[] = [];
  let draftCount = 0;
  for await (const link of pairs.iterateLinks(syncId)) {
    if (link.status !== "live" || link.leftId === null) continue;
    const { left, right } = openPair(link).doc.seen;
    const step = right?.values[boardProperties.status];
    const state = typeof step === "string" ? parseStep(step)?.state : undefined;
    if (state === undefined || left === null) continue;
    counts.set(state, (counts.get(state) ?? 0) + 1);
    if (state !== "draft") continue;
    const entry = entryIn(left.values);
    const { problems } = validateEntry(entry, channels);
    if (problems.length === 0) continue;
    draftCount += 1;
    if (drafts.length < draftsShownMax)
      drafts.push({
        pageId: link.leftId,
        title: entry.title,
        problems: problems.map(({ problem }) => problem),
      });
  }
  return { sync, tasks: Object.fromEntries(counts), drafts, draftCount };
}
