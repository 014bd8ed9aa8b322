import type { ChainHead, PairVersion } from "../../core/two-way/version-chain.ts";
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
import type { Hold, PairCommit, PairStore } from "../pair-store.ts";
import type { Database } from "./database.ts";
import type { PairSyncWriter } from "./pair-syncs.ts";

/** Everything of one commit in one transaction, under the lease of the sync's run. */
export function pairCommitTopic(database: Database, syncs: PairSyncWriter): Pick<PairStore, "commit"> {
  const headsOf = headReader(database);
  const writeLink = linkWriter(database);
  const writeVersions = versionWriter(database);
  const writeHold = holdWriter(database);
  const writeConflict = database.query(
    "INSERT OR REPLACE INTO pair_conflicts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
  );
  const setHandled = database.query(`
    UPDATE pair_inbox SET handled_at = ?1
    WHERE sync_id = ?2 AND handled_at IS NULL AND seq IN (SELECT value FROM json_each(?3))`);

  function writeAll(commit: PairCommit, heads: ReadonlyMap<string, LinkHead>): void {
    const { syncId, at } = commit;
    writeLink(commit, heads);
    writeVersions(commit);
    for (const conflict of commit.conflicts) writeConflict.run(...pairConflictValues(conflict));
    for (const hold of commit.holds) writeHold(hold);
    if (commit.handled.length > 0) setHandled.run(at, syncId, JSON.stringify(commit.handled));
    if (commit.state !== undefined) syncs.saveState(syncId, commit.state);
  }

  return {
    async commit(commit) {
      checkPairCommit(commit);
      return database.write(() => {
        syncs.enter(commit);
        const heads = headsOf(commit);
        const result = judgeLinks(commit, heads.values());
        if (result.stale.length === 0 && result.taken.length === 0) writeAll(commit, heads);
        return result;
      });
    },
  };
}

/** By id: the stored links of a commit, and those of its sync that hold a record or a key that it claims. */
function headReader(database: Database): (commit: PairCommit) => ReadonlyMap<string, LinkHead> {
  const concerned = database.query<LinkHead>(`
    SELECT id, sync_id AS syncId, revision, left_id AS leftId, right_id AS rightId, natural_key AS "key"
    FROM pair_links WHERE id IN (
      SELECT value FROM json_each(?2)
      UNION
      SELECT l.id FROM json_each(?3) i CROSS JOIN pair_links l ON l.sync_id = ?1 AND l.left_id = i.value
      UNION
      SELECT l.id FROM json_each(?4) i CROSS JOIN pair_links l ON l.sync_id = ?1 AND l.right_id = i.value
      UNION
      SELECT l.id FROM json_each(?5) i CROSS JOIN pair_links l ON l.sync_id = ?1 AND l.natural_key = i.value
    )`);
  return ({ syncId, links }) => {
    if (links.length === 0) return new Map();
    const listed = (members: readonly (string | null)[]) => JSON.stringify(members.filter(isText));
    const rows = concerned.all(
      syncId,
      JSON.stringify(links.map((link) => link.id)),
      listed(links.map((link) => link.leftId)),
      listed(links.map((link) => link.rightId)),
      listed(links.map((link) => link.key)),
    );
    return new Map(rows.map((row) => [row.id, row]));
  };
}

function isText(value: string | null): value is string {
  return value !== null;
}

function linkWriter(database: Database) {
  const release = database.query(
    "UPDATE pair_links SET left_id = NULL, right_id = NULL, natural_key = NULL WHERE id = ?",
  );
  const insert = database.query("INSERT INTO pair_links VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  const update = database.query(`
    UPDATE pair_links SET left_id = ?3, right_id = ?4, natural_key = ?5, status = ?6, due_at = ?7, priority = ?8,
      problem = ?9, open_conflicts = ?10, swept_left = max(swept_left, ?11), swept_right = max(swept_right, ?12),
      revision = ?13, doc = ?14
    WHERE id = ?1 AND sync_id = ?2`);

  return ({ links }: PairCommit, heads: ReadonlyMap<string, LinkHead>): void => {
    // First of all, so that a record may pass from one link to another within a commit.
    for (const link of links) {
      const head = heads.get(link.id);
      const gives = (["leftId", "rightId", "key"] as const).some(
        (claim) => head !== undefined && head[claim] !== null && head[claim] !== link[claim],
      );
      if (gives) release.run(link.id);
    }
    for (const link of links) (heads.has(link.id) ? update : insert).run(...pairLinkValues(link));
  };
}

function versionWriter(database: Database): (commit: PairCommit) => void {
  const headsOf = database.query<ChainHead & { linkId: string }>(`
    SELECT l.id AS linkId, coalesce(v.seq, 0) AS seq, coalesce(v.hash, '') AS hash
    FROM json_each(?2) i CROSS JOIN pair_links l ON l.id = i.value AND l.sync_id = ?1
    LEFT JOIN pair_versions v
      ON v.link_id = l.id AND v.seq = (SELECT max(seq) FROM pair_versions WHERE link_id = l.id)`);
  // OR FAIL, as for task_versions: nothing has to be copied before it, and one row is all or nothing either way.
  const insert = database.query(
    "INSERT OR FAIL INTO pair_versions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
  );
  const linkIdsOf = (versions: readonly PairVersion[]) => [...new Set(versions.map(({ linkId }) => linkId))];

  return ({ syncId, versions }) => {
    if (versions.length === 0) return;
    const rows = headsOf.all(syncId, JSON.stringify(linkIdsOf(versions)));
    checkVersions(versions, new Map(rows.map((row) => [row.linkId, row])));
    for (const version of versions) insert.run(...pairVersionValues(version));
  };
}

function holdWriter(database: Database): (hold: Hold) => void {
  const byId = database.query<HoldRow>(`${selectHolds} WHERE id = ?`);
  const replace = database.query(
    "INSERT OR REPLACE INTO pair_holds VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
  );
  return (hold) => {
    const row = byId.get(hold.id);
    replace.run(...holdValues(mergeHold(row === undefined ? undefined : rowToHold(row), hold)));
  };
}
