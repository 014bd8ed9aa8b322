import type { RepositoryPosition, Witness } from "./checkpoint.ts";
import type { WalkPage } from "./walk.ts";

/** How long a change may stay out of lists. GitHub names no number; observed delays are seconds. */
const VISIBILITY_MS = 60_000;
/** How far the clocks of GitHub's own servers may be apart. */
const SPREAD_MS = 5_000;
/** What changed longer ago than this is in every list. */
const OMEGA_MS = VISIBILITY_MS + SPREAD_MS;
/** As long as a question's answer is this short it is asked again as it is, so that its tag holds. */
const KEPT_ANSWER_MAX = 30;
const SECOND_MS = 1_000;

/** What a walk has shown so far. */
export interface Span {
  first: WalkPage | null;
  pages: number;
  rows: number;
  /** The one that changed last. */
  newest: Witness | null;
  /** "owner/name" as the first one shows it. */
  fullName: string | null;
}

/** Where a first reading goes on: what changed before the last second shown has been shown. */
export function resumeAt(span: Span, page: WalkPage, before: RepositoryPosition | null): RepositoryPosition {
  const watermark = before?.watermark ?? watermarkOf(span);
  const since = page.reached === null ? (before?.since ?? null) : page.reached - SECOND_MS;
  const witness = newer(span.newest, before?.witness ?? null);
  return { since, watermark, etag: null, witness, fullName: fullNameOf(span, before) };
}

/** Where the next reading begins after a complete one. */
export function positionAfter(
  span: Span,
  before: RepositoryPosition | null,
  isFull: boolean,
): RepositoryPosition {
  if (span.first?.isUnchanged === true && before !== null) return before;
  const reached = watermarkOf(span);
  const witness = isCrowded(span, before) ? null : newer(span.newest, before?.witness ?? null);
  if (isFull) {
    // What was edited since the reading began is read again; a reading that was resumed began long ago.
    const watermark = Math.min(before?.watermark ?? reached, reached);
    const fullName = fullNameOf(span, before);
    return { since: sinceFor(watermark, witness), watermark, etag: null, witness, fullName };
  }
  const fullName = span.fullName ?? before?.fullName ?? null;
  const watermark = Math.max(before?.watermark ?? reached, reached);
  const isShort =
    span.pages === 1 && span.rows <= KEPT_ANSWER_MAX && before !== null && before.since !== null;
  if (isShort)
    return { since: before.since, watermark, etag: span.first?.answer.etag ?? null, witness, fullName };
  return { since: sinceFor(watermark, witness), watermark, etag: null, witness, fullName };
}

/** Of a first reading: what it began with, so that a new name in the midst of it is one. */
function fullNameOf({ fullName }: Span, before: RepositoryPosition | null): string | null {
  return before?.fullName ?? fullName;
}

/** So many changed in the witness's own second that asking for it takes several pages: then nothing is asked for but news. */
function isCrowded({ newest, pages }: Span, before: RepositoryPosition | null): boolean {
  const since = before?.since ?? null;
  return newest !== null && pages > 1 && since !== null && since >= newest.updatedAt - SECOND_MS;
}

/**
 * A second early, because GitHub does not say whether "since" includes its own; and early enough to show the witness, so
 * that an answer without rows contradicts itself.
 */
function sinceFor(watermark: number, witness: Witness | null): number {
  return Math.max(0, Math.min(watermark, witness?.updatedAt ?? watermark) - SECOND_MS);
}

/** Everything that changed before this second was visible to a list that was asked for then. 0: it is not told when that was. */
function watermarkOf({ first }: Span): number {
  const askedAt = first?.answer.askedAt ?? Number.NaN;
  return Number.isNaN(askedAt) ? 0 : Math.floor((askedAt - OMEGA_MS) / SECOND_MS) * SECOND_MS;
}

function newer(one: Witness | null, other: Witness | null): Witness | null {
  if (one === null || other === null) return one ?? other;
  return one.updatedAt >= other.updatedAt ? one : other;
}
