import type { InsertPlan } from "./insert.ts";

// How a commit writes the rows of each pair table. Columns in the order of the values in pair-rows.ts.

export const newLinkPlan: InsertPlan = {
  table: "pair_links",
  columns: {
    id: "text",
    sync_id: "text",
    left_id: "text",
    right_id: "text",
    natural_key: "text",
    status: "text",
    due_at: "bigint",
    priority: "bigint",
    problem: "text",
    open_conflicts: "integer",
    swept_left: "bigint",
    swept_right: "bigint",
    revision: "bigint",
    doc: "text",
  },
};

/** They are there and locked, so that each of them is updated. */
export const linkPlan: InsertPlan = {
  ...newLinkPlan,
  otherwise: `ON CONFLICT (id) DO UPDATE SET
    left_id = excluded.left_id, right_id = excluded.right_id, natural_key = excluded.natural_key,
    status = excluded.status, due_at = excluded.due_at, priority = excluded.priority, problem = excluded.problem,
    open_conflicts = excluded.open_conflicts, swept_left = greatest(pair_links.swept_left, excluded.swept_left),
    swept_right = greatest(pair_links.swept_right, excluded.swept_right), revision = excluded.revision,
    doc = excluded.doc`,
};

export const versionPlan: InsertPlan = {
  table: "pair_versions",
  columns: {
    link_id: "text",
    seq: "bigint",
    side: "text",
    origin: "text",
    actor: "text",
    detected_by: "text",
    fields: "text",
    prior: "text",
    reason: "text",
    record_revision: "text",
    run_id: "text",
    at: "text",
    prev_hash: "text",
    hash: "text",
  },
};

export const conflictPlan: InsertPlan = {
  table: "pair_conflicts",
  columns: {
    id: "text",
    sync_id: "text",
    link_id: "text",
    field: "text",
    base: "text",
    left: "text",
    right: "text",
    left_actor: "text",
    right_actor: "text",
    run_id: "text",
    opened_at: "text",
    winner: "text",
    settled_by: "text",
    settled_at: "text",
    closed_at: "text",
  },
  otherwise: `ON CONFLICT (id) DO UPDATE SET
    sync_id = excluded.sync_id, link_id = excluded.link_id, field = excluded.field, base = excluded.base,
    "left" = excluded."left", "right" = excluded."right", left_actor = excluded.left_actor,
    right_actor = excluded.right_actor, run_id = excluded.run_id, opened_at = excluded.opened_at,
    winner = excluded.winner, settled_by = excluded.settled_by, settled_at = excluded.settled_at,
    closed_at = excluded.closed_at`,
};

export const holdPlan: InsertPlan = {
  table: "pair_holds",
  columns: {
    id: "text",
    sync_id: "text",
    kind: "text",
    message: "text",
    evidence: "text",
    count: "integer",
    digest: "text",
    opened_at: "text",
    decision: "text",
    decided_by: "text",
    decided_at: "text",
    closed_at: "text",
  },
  otherwise: `ON CONFLICT (id) DO UPDATE SET
    sync_id = excluded.sync_id, kind = excluded.kind, message = excluded.message, evidence = excluded.evidence,
    count = excluded.count, digest = excluded.digest, opened_at = excluded.opened_at,
    decision = excluded.decision, decided_by = excluded.decided_by, decided_at = excluded.decided_at,
    closed_at = excluded.closed_at`,
};
