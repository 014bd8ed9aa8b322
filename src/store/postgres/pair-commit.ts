import { LockstepError } from "../../core/errors.ts";
import type { ChainHead } from "../../core/two-way/version-chain.ts";
import {
  type HoldRow,
  holdValues,
  pairConflictValues,
  pairLinkValues,
  pairVersionValues,
  rowToHold,
  selectHolds,
} from "../pair-rows.ts";
import { checkPairCommit, checkVersions, judgeLinks, type LinkHead, mergeHold } from "../pair-rules.ts";
import type { Hold, PairCommit, PairLink, PairStore } from "../pair-store.ts";
import type { Database, Session } from "./database.ts";
import { insertRows } from "./insert.ts";
import { keyCondition } from "./pair-links.ts";
import { conflictPlan, holdPlan, linkPlan, newLinkPlan, versionPlan } from "./pair-plans.ts";
import { enterPairSync, savePairState } from "./pair-syncs.ts";

/** Everything of one commit in one transaction, under the lease of the sync's run. */
export function pairCommitTopic(database: Database): Pick<PairStore, "commit"> {
  const attempt = (commit: PairCommit) =>
    database.write(async (session) => {
      await enterPairSync(session, commit);
      const heads = await lockHeads(session, commit);
      const result = judgeLinks(commit, heads.values());
      if (result.stale.length === 0 && result.taken.length === 0) await writeAll(session, commit, heads);
      return result;
    });

  return {
    async commit(commit) {
      checkPairCommit(commit);
      try {
        return await attempt(commit);
      } catch (error) {
        if (!isUniqueViolation(error)) throw error;
        // Past the lease, somebody made what this commit makes a moment before it: now it is seen, and judged.
        return attempt(commit);
      }
    },
  };
}

function isUniqueViolation(error: unknown): boolean {
  return error instanceof LockstepError && error.details.postgresCode === "23505";
}

/**
 * By id: the stored links of a commit, and those of its sync that hold a record or a key that it claims. They stay as
 * they are until the end of the transaction: a person who settles a conflict waits.
 */
async function lockHeads(
  session: Session,
  { syncId, links }: PairCommit,
): Promise<ReadonlyMap<string, LinkHead>> {
  if (links.length === 0) return new Map();
  const rows = await session.all<LinkHead>(
    `SELECT id, sync_id AS "syncId", revision, left_id AS "leftId", right_id AS "rightId", natural_key AS "key"
    FROM pair_links WHERE id IN (
      SELECT unnest($2::text[])
      UNION
      SELECT l.id FROM pair_links l WHERE l.sync_id = $1 AND l.left_id = ANY ($3::text[])
      UNION
      SELECT l.id FROM pair_links l WHERE l.sync_id = $1 AND l.right_id = ANY ($4::text[])
      UNION
      SELECT l.id FROM pair_links l WHERE l.sync_id = $1 AND ${keyCondition("$5")}
    ) ORDER BY id FOR NO KEY UPDATE`,
    syncId,
    links.map((link) => link.id),
    links.map((link) => link.leftId).filter(isText),
    links.map((link) => link.rightId).filter(isText),
    links.map((link) => link.key).filter(isText),
  );
  return new Map(rows.map((row) => [row.id, row]));
}

function isText(value: string | null): value is string {
  return value !== null;
}

async function writeAll(
  session: Session,
  commit: PairCommit,
  heads: ReadonlyMap<string, LinkHead>,
): Promise<void> {
  const { syncId, at, links, conflicts, handled, state } = commit;
  await writeLinks(session, links, heads);
  await writeVersions(session, commit);
  // The last of several with one id counts.
  const conflictById = new Map(conflicts.map((conflict) => [conflict.id, conflict]));
  await insertRows(session, conflictPlan, [...conflictById.values()].map(pairConflictValues));
  await writeHolds(session, commit.holds);
  if (handled.length > 0) {
    await session.run(
      `UPDATE pair_inbox SET handled_at = $1
      WHERE sync_id = $2 AND handled_at IS NULL AND seq = ANY ($3::bigint[])`,
      at,
      syncId,
      handled,
    );
  }
  if (state !== undefined) await savePairState(session, syncId, state);
}

async function writeLinks(
  session: Session,
  links: readonly PairLink[],
  heads: ReadonlyMap<string, LinkHead>,
): Promise<void> {
  const giving = links.filter((link) => {
    const head = heads.get(link.id);
    return (["leftId", "rightId", "key"] as const).some(
      (claim) => head !== undefined && head[claim] !== null && head[claim] !== link[claim],
    );
  });
  // First of all, so that a record may pass from one link to another within a commit.
  if (giving.length > 0) {
    await session.run(
      "UPDATE pair_links SET left_id = NULL, right_id = NULL, natural_key = NULL WHERE id = ANY ($1::text[])",
      giving.map((link) => link.id),
    );
  }
  const isStored = (link: PairLink) => heads.has(link.id);
  await insertRows(session, newLinkPlan, links.filter((link) => !isStored(link)).map(pairLinkValues));
  await insertRows(session, linkPlan, links.filter(isStored).map(pairLinkValues));
}

async function writeVersions(session: Session, { syncId, versions }: PairCommit): Promise<void> {
  if (versions.length === 0) return;
  const rows = await session.all<ChainHead & { readonly linkId: string }>(
    `SELECT l.id AS "linkId", coalesce(v.seq, 0) AS seq, coalesce(v.hash, '') AS hash
    FROM pair_links l LEFT JOIN pair_versions v
      ON v.link_id = l.id AND v.seq = (SELECT max(seq) FROM pair_versions WHERE link_id = l.id)
    WHERE l.sync_id = $1 AND l.id = ANY ($2::text[])`,
    syncId,
    [...new Set(versions.map(({ linkId }) => linkId))],
  );
  checkVersions(versions, new Map(rows.map((row) => [row.linkId, row])));
  await insertRows(session, versionPlan, versions.map(pairVersionValues));
}

/** What a person decides at this moment waits, or is seen. The last of several with one id counts. */
async function writeHolds(session: Session, holds: readonly Hold[]): Promise<void> {
  if (holds.length === 0) return;
  const rows = await session.all<HoldRow>(
    `${selectHolds} WHERE id = ANY ($1::text[]) ORDER BY id FOR NO KEY UPDATE`,
    holds.map((hold) => hold.id),
  );
  const merged = new Map(rows.map((row) => [row.id, rowToHold(row)]));
  for (const hold of holds) merged.set(hold.id, mergeHold(merged.get(hold.id), hold));
  const written = new Set(holds.map((hold) => hold.id));
  await insertRows(
    session,
    holdPlan,
    [...merged.values()].filter((hold) => written.has(hold.id)).map(holdValues),
  );
}
