import type {
  Checkpoint,
  PullBatch,
  PullEnd,
  PullRequest,
  PullWindow,
  UnreadableRecord,
} from "../../connector/connector.ts";
import { type Position, type RepositoryPosition, readCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import { type Collection, decodeAll, issuesIn } from "./collection.ts";
import { toSecond, type WalkPage, walkIssues } from "./walk.ts";

/** How long a change may stay out of lists. GitHub names no number; observed delays are seconds. */
const VISIBILITY_MS = 60_000;
/** How far the clocks of GitHub's own servers may be apart. */
const SPREAD_MS = 5_000;
/** What changed longer ago than this is in every list. */
const OMEGA_MS = VISIBILITY_MS + SPREAD_MS;
/** As long as a question's answer is this short it is asked again as it is, so that its tag holds. */
const KEPT_ANSWER_MAX = 30;
const SECOND_MS = 1_000;

interface Reading {
  readonly request: PullRequest;
  readonly collection: Collection;
  readonly windows: PullWindow[];
  readonly proofs: string[];
}

/** Reads the repositories one after the other, each from where its position says. */
export async function* pullGitHub(
  collection: Collection,
  request: PullRequest,
): AsyncGenerator<PullBatch, PullEnd, void> {
  const reading: Reading = { request, collection, windows: [], proofs: [] };
  const position = readCheckpoint(request.checkpoint);
  if (position !== null) collection.directory.learn(position.idByName);
  const ids = await collection.directory.ids(request.signal);
  const idByName = collection.directory.idByName();
  const kind = request.mode === "full" ? "full" : "changes";
  const isUsable = request.mode !== "sweep" && position?.kind === kind;
  const positions = new Map(isUsable ? position.repositories : []);
  const checkpointOf = (as: Position["kind"]): Checkpoint =>
    writeCheckpoint({
      kind: as,
      idByName,
      repositories: new Map(ids.flatMap((id) => [[id, positions.get(id)] as const]).filter(isKnown)),
    });
  for (const repositoryId of ids) {
    const walking = readOne(reading, {
      repositoryId,
      position: positions.get(repositoryId) ?? null,
      isFull: kind === "full",
    });
    for (;;) {
      const next = await walking.next();
      if (next.done) {
        if (next.value.missing !== null) return incomplete(reading, next.value.missing);
        positions.set(repositoryId, next.value.position);
        break;
      }
      const { batch, position: reached } = next.value;
      if (reached !== null) positions.set(repositoryId, reached);
      yield request.mode === "full" ? { ...batch, resumeAt: checkpointOf("full") } : batch;
    }
  }
  return {
    ...endOf(reading),
    isComplete: true,
    reason: null,
    checkpoint: request.mode === "sweep" ? request.checkpoint : checkpointOf("changes"),
    accessProof: reading.proofs.join("; "),
  };
}

function isKnown(
  entry: readonly [number, RepositoryPosition | undefined],
): entry is readonly [number, RepositoryPosition] {
  return entry[1] !== undefined;
}

interface OneRepository {
  readonly repositoryId: number;
  readonly position: RepositoryPosition | null;
  readonly isFull: boolean;
}

/** One repository to its end; each page as a batch, with the position that is true once it is durable. */
async function* readOne(
  reading: Reading,
  { repositoryId, position, isFull }: OneRepository,
): AsyncGenerator<
  { readonly batch: PullBatch; readonly position: RepositoryPosition | null },
  { readonly missing: string | null; readonly position: RepositoryPosition },
  void
> {
  const { collection, request } = reading;
  const { client } = collection;
  const name = nameOf(collection, repositoryId);
  const walking = walkIssues({
    client,
    repositoryId,
    name,
    since: position?.since ?? null,
    etag: isFull ? null : (position?.etag ?? null),
    creator: null,
    signal: request.signal,
  });
  const span = { pages: 0, rows: 0, first: null as WalkPage | null };
  for (;;) {
    const next = await walking.next();
    if (next.done) {
      record(reading, { name, position, span, isCapped: next.value !== null });
      return { missing: next.value, position: positionAfter(span, position, isFull) };
    }
    span.first ??= next.value;
    span.pages += 1;
    span.rows += next.value.items.length;
    if (next.value.isUnchanged) continue;
    const batch = await batchOf(reading, next.value, {
      repositoryId,
      from: isFull ? null : (position?.watermark ?? null),
    });
    if (batch !== null) yield { batch, position: isFull ? resumeAt(span.first, next.value, position) : null };
  }
}

async function batchOf(
  { collection, request }: Reading,
  page: WalkPage,
  { repositoryId, from }: { readonly repositoryId: number; readonly from: number | null },
): Promise<PullBatch | null> {
  const { issues, unreadable } = issuesIn(page.items, repositoryId);
  const wanted = issues.filter(({ updatedAt }) => from === null || !(Date.parse(updatedAt) < from));
  const decoded = await decodeAll(collection, wanted, request.signal);
  // A tombstone is what a deletion leaves: changes show it, whole lists do not.
  const records =
    request.mode === "changes" ? decoded : decoded.filter(({ presence }) => presence === "live");
  if (records.length + unreadable.length === 0) return null;
  return {
    records,
    same: [],
    unreadable: unreadable.map((reason): UnreadableRecord => ({ id: "?", reason })),
  };
}

/** Where a first reading goes on: what changed before the last second shown has been shown. */
function resumeAt(first: WalkPage, page: WalkPage, position: RepositoryPosition | null): RepositoryPosition {
  const watermark = position?.watermark ?? watermarkAt(first.answer.askedAt);
  const since = page.reached === null ? (position?.since ?? null) : page.reached - SECOND_MS;
  return { since, watermark, etag: null };
}

function positionAfter(
  { first, pages, rows }: { readonly first: WalkPage | null; readonly pages: number; readonly rows: number },
  before: RepositoryPosition | null,
  isFull: boolean,
): RepositoryPosition {
  if (first === null) throw new Error("a walk shows one page at least");
  const reached = watermarkAt(first.answer.askedAt);
  if (isFull) {
    // What was edited since the reading began is read again; a reading that was resumed began long ago.
    const watermark = Math.min(before?.watermark ?? reached, reached);
    return { since: watermark - SECOND_MS, watermark, etag: null };
  }
  if (first.isUnchanged && before !== null) return before;
  const watermark = Math.max(before?.watermark ?? reached, reached);
  const isShort = pages === 1 && rows <= KEPT_ANSWER_MAX && before !== null && before.since !== null;
  if (isShort) return { since: before.since, watermark, etag: first.answer.etag };
  return { since: watermark - SECOND_MS, watermark, etag: null };
}

/** Everything that changed before this second was visible to a list that was asked for then. */
function watermarkAt(askedAt: number): number {
  return Math.floor((askedAt - OMEGA_MS) / SECOND_MS) * SECOND_MS;
}

function record(
  { windows, proofs, request }: Reading,
  of: {
    readonly name: string;
    readonly position: RepositoryPosition | null;
    readonly span: { readonly pages: number; readonly rows: number; readonly first: WalkPage | null };
    readonly isCapped: boolean;
  },
): void {
  const { name, position, span, isCapped } = of;
  windows.push({
    stream: request.mode,
    from: position?.since == null ? null : toSecond(position.since),
    to: null,
    pages: span.pages,
    rows: span.rows,
    isCapped,
  });
  proofs.push(span.first?.isUnchanged === true ? `${name}: 304 to its own tag` : `${name} was listed`);
}

function nameOf({ directory }: Collection, repositoryId: number): string {
  const named = Object.entries(directory.idByName()).find(([, id]) => id === repositoryId);
  return named?.[0] ?? `repository ${repositoryId}`;
}

function incomplete(reading: Reading, reason: string): PullEnd {
  return {
    ...endOf(reading),
    isComplete: false,
    reason,
    checkpoint: reading.request.checkpoint,
    accessProof: null,
  };
}

function endOf({ windows }: Reading): Pick<PullEnd, "windows" | "truncated" | "isSchemaChanged"> {
  return { windows, truncated: { found: 0, completed: 0, failed: 0 }, isSchemaChanged: false };
}
