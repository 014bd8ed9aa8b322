/**
 * Schema 2: what two-way syncs know. Like tasks, links and their versions are never deleted, and a version is only ever
 * appended, continuing the one before it by number and by hash.
 *
 * `doc` is the last column of a link: what scans the others does not read the pages that a large one spills into.
 */
const tables = `
CREATE TABLE pair_state (
  sync_id TEXT PRIMARY KEY,
  state TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE pair_links (
  id TEXT PRIMARY KEY NOT NULL,
  sync_id TEXT NOT NULL REFERENCES pair_state (sync_id),
  left_id TEXT,
  right_id TEXT,
  natural_key TEXT,
  status TEXT NOT NULL CHECK (status IN ('none', 'live', 'dead', 'unlinked')),
  due_at INTEGER,
  priority INTEGER NOT NULL,
  problem TEXT,
  open_conflicts INTEGER NOT NULL,
  swept_left INTEGER NOT NULL,
  swept_right INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  doc TEXT,
  UNIQUE (sync_id, left_id),
  UNIQUE (sync_id, right_id),
  UNIQUE (sync_id, natural_key)
) STRICT;

CREATE INDEX pair_links_of_sync ON pair_links (sync_id, id, status);
CREATE INDEX pair_links_due ON pair_links (sync_id, priority, due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX pair_links_with_problem ON pair_links (sync_id) WHERE problem IS NOT NULL;

CREATE TABLE pair_versions (
  link_id TEXT NOT NULL REFERENCES pair_links (id),
  seq INTEGER NOT NULL,
  side TEXT NOT NULL CHECK (side IN ('left', 'right')),
  origin TEXT NOT NULL CHECK (origin IN ('person', 'engine', 'superseded')),
  actor TEXT,
  detected_by TEXT NOT NULL CHECK (detected_by IN ('webhook', 'poll', 'sweep', 'read', 'write')),
  fields TEXT NOT NULL,
  prior TEXT NOT NULL,
  reason TEXT NOT NULL,
  record_revision TEXT NOT NULL,
  run_id TEXT NOT NULL,
  at TEXT NOT NULL,
  prev_hash TEXT NOT NULL,
  hash TEXT NOT NULL,
  PRIMARY KEY (link_id, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX pair_versions_of_run ON pair_versions (run_id);

CREATE TABLE pair_conflicts (
  id TEXT PRIMARY KEY NOT NULL,
  sync_id TEXT NOT NULL REFERENCES pair_state (sync_id),
  link_id TEXT NOT NULL REFERENCES pair_links (id),
  field TEXT NOT NULL,
  base TEXT,
  "left" TEXT,
  "right" TEXT,
  left_actor TEXT,
  right_actor TEXT,
  run_id TEXT NOT NULL,
  opened_at TEXT NOT NULL,
  winner TEXT CHECK (winner IN ('left', 'right')),
  settled_by TEXT,
  settled_at TEXT,
  closed_at TEXT
) STRICT;

CREATE INDEX pair_conflicts_of_link ON pair_conflicts (link_id, opened_at, id);
CREATE INDEX pair_conflicts_of_sync ON pair_conflicts (sync_id, opened_at, id);
CREATE INDEX pair_conflicts_open ON pair_conflicts (sync_id, opened_at, id) WHERE closed_at IS NULL;

CREATE TABLE pair_holds (
  id TEXT PRIMARY KEY NOT NULL,
  sync_id TEXT NOT NULL REFERENCES pair_state (sync_id),
  kind TEXT NOT NULL,
  message TEXT NOT NULL,
  evidence TEXT,
  count INTEGER NOT NULL,
  digest TEXT NOT NULL,
  opened_at TEXT NOT NULL,
  decision TEXT CHECK (decision IN ('approved', 'rejected')),
  decided_by TEXT,
  decided_at TEXT,
  closed_at TEXT
) STRICT;

CREATE INDEX pair_holds_of_sync ON pair_holds (sync_id, opened_at, id);
CREATE INDEX pair_holds_open ON pair_holds (sync_id, opened_at, id) WHERE closed_at IS NULL;

-- AUTOINCREMENT: a number that was pruned is never given out again.
CREATE TABLE pair_inbox (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  sync_id TEXT NOT NULL,
  source TEXT NOT NULL,
  event_id TEXT NOT NULL,
  side TEXT NOT NULL CHECK (side IN ('left', 'right')),
  record_id TEXT,
  kind TEXT NOT NULL,
  changed TEXT NOT NULL,
  prior TEXT NOT NULL,
  occurred_at TEXT,
  received_at TEXT NOT NULL,
  detected_by TEXT NOT NULL CHECK (detected_by IN ('webhook', 'poll', 'sweep')),
  type TEXT NOT NULL,
  handled_at TEXT,
  UNIQUE (sync_id, source, event_id)
) STRICT;

CREATE INDEX pair_inbox_waiting ON pair_inbox (sync_id, seq) WHERE handled_at IS NULL;
CREATE INDEX pair_inbox_handled ON pair_inbox (received_at) WHERE handled_at IS NOT NULL;
`;

const triggers = `
CREATE TRIGGER pair_versions_are_never_updated BEFORE UPDATE ON pair_versions
BEGIN
  SELECT RAISE(ABORT, 'pair_versions is append-only: a version is never updated, append a new one');
END;

CREATE TRIGGER pair_versions_are_never_deleted BEFORE DELETE ON pair_versions
BEGIN
  SELECT RAISE(ABORT, 'pair_versions is append-only: a version is never deleted');
END;

CREATE TRIGGER pair_versions_are_only_appended BEFORE INSERT ON pair_versions
WHEN NEW.seq <> 1 + coalesce((SELECT max(seq) FROM pair_versions WHERE link_id = NEW.link_id), 0)
  OR NEW.prev_hash <> coalesce(
    (SELECT hash FROM pair_versions WHERE link_id = NEW.link_id ORDER BY seq DESC LIMIT 1), '')
BEGIN
  SELECT RAISE(FAIL, 'pair_versions is append-only: a new version continues the newest one of its link');
END;

CREATE TRIGGER pair_links_are_never_deleted BEFORE DELETE ON pair_links
BEGIN
  SELECT RAISE(ABORT, 'a link is never deleted: its history is kept');
END;
`;

export const pairSchema = tables + triggers;
