import { hash } from "node:crypto";
import { deletesAllowed } from "../guard.ts";
import type { Json } from "../json.ts";
import { otherSide, type Side } from "./mapping.ts";
import type { PairPlan, SideWrite } from "./pair.ts";

/** How much may happen in one run before a person has to say so. Shares are of the live pairs, 0 to 1; 1: no limit. */
export interface GuardLimits {
  /** Deletions within 24 hours that pass: the greater of both. */
  readonly deletesMax: number;
  readonly deleteShareMax: number;
  /** One field emptied on one side. */
  readonly clearShareMax: number;
  /** Records changed on one side. */
  readonly changeShareMax: number;
}

/** What a plan would do that a guard counts. A run keeps these, not its plans. */
export interface GuardFact {
  readonly linkId: string;
  readonly trashes: Side | null;
  readonly updates: readonly Side[];
  readonly clears: readonly { readonly side: Side; readonly field: string }[];
}

export interface GuardInput {
  readonly facts: readonly GuardFact[];
  readonly limits: GuardLimits;
  /** Pairs that were live before the run. */
  readonly live: number;
  /** Deletions carried out within the last 24 hours. */
  readonly deletedBefore: number;
  /** Deletions that a person allowed for this run; null: none. */
  readonly allowDeletes: number | null;
  /** How people call the sides. */
  readonly labels: Readonly<Record<Side, string>>;
}

/** A refusal that waits for a person. It stops what it is about, on these links, and nothing else. */
export interface GuardHold {
  /** `mass-delete` stops deletions, `mass-clear` the writes of one field, `mass-change` the updates of one side. */
  readonly kind: "mass-delete" | "mass-clear" | "mass-change";
  readonly side: Side | null;
  readonly field: string | null;
  readonly message: string;
  readonly count: number;
  /** Of the ids: an approval is for exactly these. */
  readonly digest: string;
  /** In order; all of them. */
  readonly linkIds: readonly string[];
  /** A few of them, for people. */
  readonly sample: readonly string[];
}

/** Few records never look like an accident: shares of a tiny collection say nothing. */
const fewRecords = 10;
/** From this many pairs on, a side that loses all of them at once was emptied. */
const emptiedMin = 3;
const sampleSize = 20;

export function guardFact(linkId: string, { writes }: PairPlan): GuardFact | null {
  const written = (["left", "right"] as const).flatMap((side) => {
    const write = writes[side];
    return write === null ? [] : [{ side, ...write }];
  });
  if (written.length === 0) return null;
  const sidesOf = (kind: SideWrite["kind"]) =>
    written.filter((write) => write.kind === kind).map(({ side }) => side);
  const clears = written.flatMap(({ side, fields }) =>
    Object.entries(fields)
      .filter(([, { value, expected }]) => isEmpty(value) && !isEmpty(expected ?? null))
      .map(([field]) => ({ side, field })),
  );
  return { linkId, trashes: sidesOf("trash")[0] ?? null, updates: sidesOf("update"), clears };
}

/**
 * Judges a whole run before its first write. Deletions are counted with those of the last 24 hours, so that an accident
 * does not pass in small portions.
 */
export function judge(input: GuardInput): readonly GuardHold[] {
  const deletions = judgeDeletions(input);
  return [...(deletions === null ? [] : [deletions]), ...judgeClears(input), ...judgeChanges(input)];
}

/** True when a person has approved exactly what the hold is about. */
export function isApproved(hold: GuardHold, approval: Pick<GuardHold, "kind" | "count" | "digest">): boolean {
  return approval.kind === hold.kind && approval.count === hold.count && approval.digest === hold.digest;
}

function judgeDeletions(input: GuardInput): GuardHold | null {
  const { facts, limits, live, deletedBefore, allowDeletes, labels } = input;
  const deleted = facts.filter(({ trashes }) => trashes !== null);
  const count = deleted.length;
  if (count <= (allowDeletes ?? 0)) return null;
  const limit = deletesAllowed(live, { ...limits, allowed: null });
  const emptied = emptiedSide(deleted, live);
  if (emptied === null && deletedBefore + count <= limit) return null;
  const found =
    emptied === null
      ? `${count} of ${live} records were deleted on one side, after ${deletedBefore} deletions in the last 24 hours; ` +
        `at most ${limit} in 24 hours may be followed unasked.`
      : `All ${live} records were deleted in ${labels[emptied]}; a side that is suddenly empty is expected to be an accident.`;
  const advice =
    "Nothing was deleted on the other side; everything else went on. If the deletions are meant, approve exactly these, " +
    `or run again with --allow-deletes ${count}; if not, restore the records where they were deleted.`;
  return holdOf({ kind: "mass-delete", side: null, field: null, message: `${found} ${advice}` }, deleted);
}

/** The side on which every pair died at once. */
function emptiedSide(deleted: readonly GuardFact[], live: number): Side | null {
  if (live < emptiedMin) return null;
  const survivor = (["left", "right"] as const).find(
    (side) => deleted.filter(({ trashes }) => trashes === side).length >= live,
  );
  return survivor === undefined ? null : otherSide(survivor);
}

function judgeClears({ facts, limits, live, labels }: GuardInput): readonly GuardHold[] {
  const limit = Math.max(fewRecords, Math.floor(live * limits.clearShareMax));
  const byField = Map.groupBy(
    facts.flatMap(({ linkId, clears }) => clears.map((clear) => ({ linkId, ...clear }))),
    ({ side, field }) => `${side} ${field}`,
  );
  return [...byField.values()].flatMap((cleared) => {
    const [first] = cleared;
    if (first === undefined || cleared.length <= limit) return [];
    const { side, field } = first;
    const message =
      `"${field}" was emptied in ${labels[otherSide(side)]} for ${cleared.length} of ${live} records at once; at most ` +
      `${limit} may be followed unasked. It looks like a column that was lost. The field was left as it is in ` +
      `${labels[side]}; everything else went on. Put the values back, or approve this.`;
    return [holdOf({ kind: "mass-clear", side, field, message }, cleared)];
  });
}

function judgeChanges({ facts, limits, live, labels }: GuardInput): readonly GuardHold[] {
  const limit = Math.max(fewRecords, Math.floor(live * limits.changeShareMax));
  return (["left", "right"] as const).flatMap((side) => {
    const changed = facts.filter(({ updates }) => updates.includes(side));
    if (changed.length <= limit) return [];
    const message =
      `${changed.length} records changed at once in ${labels[otherSide(side)]}, where ${live} were linked before; at most ` +
      `${limit} may be followed unasked. It looks like a changed format, or an import gone wrong. ${labels[side]} was left as it is. ` +
      "Look at the plan; undo the change, or approve it.";
    return [holdOf({ kind: "mass-change", side, field: null, message }, changed)];
  });
}

function holdOf(
  hold: Pick<GuardHold, "kind" | "side" | "field" | "message">,
  about: readonly { readonly linkId: string }[],
): GuardHold {
  const linkIds = about.map(({ linkId }) => linkId).sort();
  const digest = hash("sha256", linkIds.join("\n"));
  return { ...hold, count: linkIds.length, digest, linkIds, sample: linkIds.slice(0, sampleSize) };
}

/** A value, or a list of them, that is not there. */
export function isEmpty(value: Json): boolean {
  return value === null || (Array.isArray(value) && value.length === 0);
}
