import { openPair } from "../engine/two-way/link.ts";
import { boardProperties } from "../recipes/pipeline/board.ts";
import type { PairLink, PairStore } from "../store/pair-store.ts";
import type { Run } from "../store/store.ts";
import type { Herald } from "./herald.ts";

/** Links are looked up so many at once. */
const linksAtOnce = 500;

/**
 * What a task is called from its first sign to its last, on both sides: the id that it was born with. The table keeps the
 * same in `correlation_id`, from where it follows the task's jobs.
 */
export function correlationIn(link: PairLink): string {
  const { seen } = openPair(link).doc;
  const isBornOnBoard = link.leftId !== null && seen.left?.isOurs !== true;
  return (isBornOnBoard ? link.leftId : link.rightId) ?? link.leftId ?? link.id;
}

/** The same for pages, by their ids; of one that nobody has linked yet, its own id. */
export async function correlationsOf(
  pairs: PairStore,
  syncIds: readonly string[],
  pageIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const found = new Map(pageIds.map((id) => [id, id]));
  for (const syncId of syncIds.toReversed()) {
    for (const link of await pairs.findLinks(syncId, "left", pageIds))
      if (link.leftId !== null) found.set(link.leftId, correlationIn(link));
  }
  return found;
}

/** One line for each change of a task that a run saw or made. */
export async function logVersions(
  { pairs, herald }: { readonly pairs: PairStore; readonly herald: Herald },
  { syncId, run }: { readonly syncId: string; readonly run: Run },
): Promise<void> {
  const versions = [];
  for await (const version of pairs.iterateVersionsOfRun(run.id)) versions.push(version);
  const ids = [...new Set(versions.map(({ linkId }) => linkId))];
  const links = new Map<string, PairLink>();
  for (let from = 0; from < ids.length; from += linksAtOnce) {
    for (const link of await pairs.getLinks(syncId, ids.slice(from, from + linksAtOnce)))
      links.set(link.id, link);
  }
  for (const { linkId, side, origin, detectedBy, fields, reason } of versions) {
    const link = links.get(linkId);
    if (link === undefined) continue;
    const status = fields[boardProperties.status];
    herald.tell("info", `pipeline.${wordOf[origin]}`, {
      correlation_id: correlationIn(link),
      page_id: link.leftId,
      task_id: link.rightId,
      side: side === "left" ? "notion" : "table",
      fields: Object.keys(fields),
      ...(status === undefined ? {} : { status }),
      detected_by: detectedBy,
      reason,
      run: run.id,
    });
  }
}

const wordOf = { person: "seen", engine: "written", superseded: "set_back" } as const;

/** Whether a poll found what people did on the board and no webhook had told. */
export async function hasMissed(pairs: PairStore, run: Run): Promise<boolean> {
  for await (const { side, origin, detectedBy } of pairs.iterateVersionsOfRun(run.id)) {
    if (side === "left" && origin === "person" && detectedBy === "poll") return true;
  }
  return false;
}
