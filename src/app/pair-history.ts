import { LockstepError } from "../core/errors.ts";
import { type PairVersion, verifyChain } from "../core/two-way/version-chain.ts";
import { openPair } from "../engine/two-way/link.ts";
import type { PairLink, PairStore } from "../store/pair-store.ts";
import { titleOf } from "./pair-title.ts";
import type { PairSource } from "./pairs.ts";
import { knownPairs } from "./questions.ts";
import { labelsOf } from "./run-pairs.ts";
import type { SyncWorld } from "./run-syncs.ts";
import { wantedBy } from "./tasks.ts";
import type { PairHistoryReport } from "./two-way.ts";

/** Choices that a refusal names when a reference fits several records. */
const candidatesMax = 5;
const pageSize = 1_000;

/** What happened to a record on both sides, and whether its history is exactly what was written. */
export async function pairHistoryOf(
  world: SyncWorld,
  reference: string,
  limit: number,
): Promise<PairHistoryReport> {
  const { pairs } = world.deps.store;
  const wanted = wantedBy(reference);
  const sources = await knownPairs(world);
  const byId = wanted === "" ? [] : await pairs.searchLinks(wanted, candidatesMax);
  // Ids come first: a record must not be taken for another one because a title mentions its id.
  const found = byId.length > 0 || wanted === "" ? byId : await linksCalled(world, sources, wanted);
  const link = theOne(found, reference);
  const source = sources.find(({ syncId }) => syncId === link.syncId);
  const pair = openPair(link);
  const after = Math.max(0, pair.doc.head.seq - limit);
  const titleField = source === undefined ? null : (await world.pairs.memoryOf(source)).titleField;
  return {
    sync: source?.config.name ?? link.syncId,
    sides: source === undefined ? { left: "left", right: "right" } : labelsOf(source.config),
    linkId: link.id,
    leftId: link.leftId,
    rightId: link.rightId,
    title: titleOf(pair, titleField),
    status: link.status,
    problem: link.problem,
    versions: await pairs.listVersions(link.id, { after, limit }),
    flaw: await flawOf(pairs, link.id),
  };
}

/** Records with these words in their title. Titles are in no index: all of them are looked at. */
async function linksCalled(
  { deps, pairs }: SyncWorld,
  sources: readonly PairSource[],
  words: string,
): Promise<readonly PairLink[]> {
  const found: PairLink[] = [];
  for (const source of sources) {
    const { titleField } = await pairs.memoryOf(source);
    for await (const link of deps.store.pairs.iterateLinks(source.syncId)) {
      if (titleOf(openPair(link), titleField).toLowerCase().includes(words.toLowerCase())) found.push(link);
      if (found.length >= candidatesMax) return found;
    }
  }
  return found;
}

/** What is wrong with a record's history; null: nothing. */
export async function flawOf(pairs: PairStore, linkId: string): Promise<string | null> {
  let last: PairVersion | null = null;
  for (;;) {
    const versions = await pairs.listVersions(linkId, { after: last?.seq ?? 0, limit: pageSize });
    const flaw = verifyChain(versions, last);
    if (flaw !== null) return `version ${flaw.seq}: ${flaw.message}`;
    last = versions.at(-1) ?? null;
    if (versions.length < pageSize) return null;
  }
}

function theOne(links: readonly PairLink[], reference: string): PairLink {
  const [link] = links;
  const shown = reference.length > 60 ? `${reference.slice(0, 57)}…` : reference;
  if (link === undefined) {
    throw new LockstepError(
      "RECORD_NOT_FOUND",
      `no synced record matches "${shown}"; give a Notion page id or link, the key of a row, the beginning of one, or words of its title`,
    );
  }
  if (links.length === 1) return link;
  const choices = links.map(
    ({ id, leftId, rightId }) => `${id} (${leftId ?? "no page"}, ${rightId ?? "no row"})`,
  );
  throw new LockstepError(
    "RECORD_NOT_FOUND",
    `"${shown}" fits several records: ${choices.join("; ")}; give more of the id`,
  );
}
