import type { ChainHead, PairVersion } from "../core/two-way/version-chain.ts";
import type { Hold, PairCommit, PairCommitResult, PairLink } from "./pair-store.ts";
import { leaseLost } from "./rules.ts";

// What every pair store decides alike, whatever it keeps its rows in.

/** What of a stored link decides whether a commit may go on. */
export type LinkHead = Pick<PairLink, "id" | "syncId" | "revision" | "leftId" | "rightId" | "key">;

/** Refuses an older holder of the sync's lease; `held` is the fence of its holder, null when nobody holds it. */
export function checkFence({ syncId, fence }: { syncId: string; fence: number }, held: number | null): void {
  if (held !== fence) throw leaseLost(syncId, fence, held);
}

/** Refuses what no plan can mean, as far as the commit itself shows it: a bug of the caller. */
export function checkPairCommit({ syncId, links, conflicts, holds }: PairCommit): void {
  const ids = new Set<string>();
  for (const link of links) {
    if (ids.has(link.id)) throw new TypeError(`a commit to sync ${syncId} changes link ${link.id} twice`);
    ids.add(link.id);
    if (!isWholeOrNull(link.dueAt) || !Number.isSafeInteger(link.priority)) {
      throw new TypeError(
        `link ${link.id} is due at ${link.dueAt}, ${link.priority}: these are whole numbers`,
      );
    }
  }
  const strangers = [...links, ...conflicts, ...holds].filter((part) => part.syncId !== syncId);
  for (const { id } of strangers) throw new TypeError(`a commit to sync ${syncId} has ${id} of another sync`);
  for (const { id, linkId } of conflicts) {
    if (!ids.has(linkId)) throw new TypeError(`conflict ${id} is committed without its link ${linkId}`);
  }
}

/**
 * Whether the links may be stored. `heads` are the stored links with an id of the commit, and those of its sync that hold
 * a record or a key that the commit claims.
 */
export function judgeLinks({ syncId, links }: PairCommit, heads: Iterable<LinkHead>): PairCommitResult {
  const headById = new Map<string, LinkHead>();
  for (const head of heads) headById.set(head.id, head);
  const stale = links.filter((link) => !isAsRead(link, headById.get(link.id))).map((link) => link.id);
  // What the commit says of a link replaces what is stored of it, claims included.
  for (const link of links) headById.delete(link.id);
  const ownerOf = new Map<string, string>();
  for (const head of headById.values()) {
    if (head.syncId === syncId) for (const claim of claimsOf(head)) ownerOf.set(claim, head.id);
  }
  const taken: { linkId: string; by: string }[] = [];
  for (const link of links) {
    const owners = new Set(claimsOf(link).flatMap((claim) => ownerOf.get(claim) ?? []));
    for (const by of owners) taken.push({ linkId: link.id, by });
    for (const claim of claimsOf(link)) if (!ownerOf.has(claim)) ownerOf.set(claim, link.id);
  }
  return { stale, taken };
}

/** Refuses versions that do not continue the chain of their link. `heads`: of the sync's links, new ones included. */
export function checkVersions(versions: readonly PairVersion[], heads: ReadonlyMap<string, ChainHead>): void {
  const headOf = new Map(heads);
  for (const version of versions) {
    const { linkId, seq, prevHash } = version;
    const head = headOf.get(linkId);
    if (head === undefined) {
      throw new TypeError(`version ${seq} is of link ${linkId}, which the sync does not have`);
    }
    if (seq !== head.seq + 1 || prevHash !== head.hash) {
      throw new TypeError(
        `version ${seq} of link ${linkId} does not continue its history, which ends with version ${head.seq}`,
      );
    }
    headOf.set(linkId, version);
  }
}

/** The hold as it is stored: what a person decided about exactly this in the meantime is kept. */
export function mergeHold(stored: Hold | undefined, hold: Hold): Hold {
  if (stored === undefined || stored.digest !== hold.digest || hold.decision !== null) return hold;
  const { decision, decidedBy, decidedAt } = stored;
  return { ...hold, decision, decidedBy, decidedAt };
}

function isAsRead(link: PairLink, head: LinkHead | undefined): boolean {
  if (head === undefined) return link.revision === 0;
  return head.syncId === link.syncId && head.revision === link.revision;
}

/** What no two links of a sync may have both. */
function claimsOf({ leftId, rightId, key }: LinkHead): string[] {
  const claims = Object.entries({ leftId, rightId, key });
  return claims.flatMap(([kind, value]) => (value === null ? [] : [`${kind} ${value}`]));
}

function isWholeOrNull(value: number | null): boolean {
  return value === null || Number.isSafeInteger(value);
}
