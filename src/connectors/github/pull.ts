import type {
  Checkpoint,
  PullBatch,
  PullEnd,
  PullRequest,
  PullWindow,
  UnreadableRecord,
} from "../../connector/connector.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import {
  type Position,
  type RepositoryPosition,
  readCheckpoint,
  type Witness,
  writeCheckpoint,
} from "./checkpoint.ts";
import { type Collection, decodeAll, issuesIn } from "./collection.ts";
import { repositoryNameIn } from "./issue.ts";
import { positionAfter, resumeAt, type Span } from "./position.ts";
import { repositoryPath } from "./repositories.ts";
import { toSecond, type WalkPage, walkIssues } from "./walk.ts";

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
  const witnessOf = (id: number) => position?.repositories.get(id)?.witness ?? null;
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
      witness: witnessOf(repositoryId),
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
  readonly witness: Witness | null;
}

/** One repository to its end; each page as a batch, with the position that is true once it is durable. */
async function* readOne(
  reading: Reading,
  { repositoryId, position, isFull, witness }: OneRepository,
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
  const span: Span = { pages: 0, rows: 0, first: null, newest: null, fullName: null };
  for (;;) {
    const next = await walking.next();
    if (next.done) {
      record(reading, { name, position, span, isCapped: next.value !== null });
      const isEmpty = span.rows === 0 && span.first?.isUnchanged !== true;
      const since = position?.since ?? null;
      const doubt = isEmpty ? await contradiction(reading, { repositoryId, witness, since }) : null;
      return { missing: next.value ?? doubt, position: positionAfter(span, position, isFull) };
    }
    span.fullName ??= fullNameIn(next.value.items);
    if (isRenamed(span, position, isFull))
      return yield* readOne(reading, { repositoryId, position: null, isFull: true, witness });
    span.first ??= next.value;
    span.pages += 1;
    span.rows += next.value.items.length;
    span.newest = newestOf(span.newest, next.value.items);
    if (next.value.isUnchanged) continue;
    const batch = await batchOf(reading, next.value, {
      repositoryId,
      from: isFull ? null : (position?.watermark ?? null),
    });
    if (batch !== null) yield { batch, position: isFull ? resumeAt(span, next.value, position) : null };
  }
}

/** A new name leaves no stamp on issues, though each of them shows it: they are all read anew. */
function isRenamed({ fullName }: Span, position: RepositoryPosition | null, isFull: boolean): boolean {
  const before = isFull ? null : (position?.fullName ?? null);
  return before !== null && fullName !== null && fullName !== before;
}

function fullNameIn([item]: readonly Json[]): string | null {
  const name = isJsonObject(item) ? repositoryNameIn(item.repository_url) : "";
  return name === "" ? null : name;
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

/**
 * An answer without rows is what a fault can look like, too. It is believed when there never was anything, when what has to be in it
 * was deleted or has moved, and when that is out of sight (a spammer's issue, say) and the newest of all is older than was asked
 * for. Else this says what speaks against it.
 */
async function contradiction(
  { collection: { client }, request: { signal } }: Reading,
  {
    repositoryId,
    witness,
    since,
  }: { readonly repositoryId: number; readonly witness: Witness | null; readonly since: number | null },
): Promise<string | null> {
  if (witness === null) return null;
  const { status } = await client.get(repositoryPath({ repositoryId }, `/issues/${witness.number}`), {
    signal,
  });
  if ([301, 307, 308, 410].includes(status)) return null;
  const contradicted = `GitHub listed nothing, though issue ${witness.number}, which is to be listed, answers ${status}`;
  if (status !== 404) return contradicted;
  const path = repositoryPath({ repositoryId }, "/issues?state=all&sort=updated&direction=desc&per_page=1");
  const newest = await client.get(path, { signal });
  if (newest.status !== 200 || !Array.isArray(newest.body)) return contradicted;
  const last = newestOf(null, newest.body);
  return last === null || (since !== null && last.updatedAt <= since) ? null : contradicted;
}

function newestOf(known: Witness | null, items: readonly Json[]): Witness | null {
  let newest = known;
  for (const item of items) {
    if (!isJsonObject(item) || typeof item.number !== "number" || typeof item.updated_at !== "string")
      continue;
    const updatedAt = Date.parse(item.updated_at);
    if (newest === null || updatedAt >= newest.updatedAt) newest = { number: item.number, updatedAt };
  }
  return newest;
}

function record(
  { windows, proofs, request }: Reading,
  of: {
    readonly name: string;
    readonly position: RepositoryPosition | null;
    readonly span: Span;
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
