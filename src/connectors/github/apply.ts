import type { ApplyOptions, RecordWrite, WriteOutcome } from "../../connector/connector.ts";
import type { Json } from "../../core/json.ts";
import { type Marked, scopeOf, stateOf } from "./codec.ts";
import { type Collection, decodeAll, markedIn } from "./collection.ts";
import { type EncodedFields, encodeFields } from "./encode.ts";
import { lookAtIssue } from "./get.ts";
import { type Issue, type JsonObject, readIssue } from "./issue.ts";
import { bodyWith, contentOf, sealText } from "./marker.ts";
import type { Milestones } from "./milestones.ts";
import { outcomeOf } from "./outcome.ts";
import { outcomeOfRefused, type Refused, refused } from "./refused.ts";
import { type IssueRef, parseRecordId, recordIdOf, repositoryPath } from "./repositories.ts";

/** What a write rests on (its body's comment, the labels beside ours, that it is not closed for good) is read at most so long before. */
const FRESH_MS = 2_000;

export interface Writing {
  readonly collection: Collection;
  readonly milestones: Milestones;
  readonly signal: AbortSignal | undefined;
}

/** A write ready to be sent. */
interface Planned {
  readonly method: "POST" | "PATCH";
  readonly path: string;
  readonly body: JsonObject;
  readonly what: string;
  /** null: one is to be made. */
  readonly ref: IssueRef | null;
  readonly repositoryId: number;
}

type Written = RecordWrite & { kind: "update" | "restore" };

/** Carries out one write with one request. What it must know beforehand it has read before. */
export async function applyWrite(
  writing: Writing,
  write: RecordWrite,
  options: ApplyOptions,
): Promise<WriteOutcome> {
  const planned = await plan(writing, write);
  if ("refused" in planned) return outcomeOfRefused(planned);
  const { collection } = writing;
  if ("done" in planned) return applied(collection, planned.done, options.signal);
  const { method, path, body, what, ref, repositoryId } = planned;
  const sent = await collection.client.send({ method, path, body, ...options });
  if (ref !== null && sent.kind !== "unsent") collection.seen.forget(recordIdOf(ref));
  const outcome = outcomeOf({ what, isNew: ref === null, right: { name: "Issues", access: "write" } }, sent);
  if (!("answer" in outcome)) return outcome;
  const read = readIssue(outcome.answer, repositoryId);
  if ("reason" in read || (ref !== null && read.issue.number !== ref.number)) {
    const reason = "GitHub accepted the write and answered with something that is not the issue.";
    return { kind: "doubt", reason, committedId: null };
  }
  collection.seen.keep(recordIdOf(read.issue), {
    issue: read.issue,
    at: collection.clock.monotonic(),
    etag: null,
  });
  return applied(collection, read.issue, options.signal);
}

async function applied(
  collection: Collection,
  issue: Issue,
  signal: AbortSignal | undefined,
): Promise<WriteOutcome> {
  const [record] = await decodeAll(collection, [issue], signal);
  if (record === undefined) throw new Error("an issue has a record");
  return { kind: "applied", record };
}

/** `done`: it is so already. */
async function plan(
  writing: Writing,
  write: RecordWrite,
): Promise<Planned | Refused | { readonly done: Issue }> {
  const encoded = encodeFields(write.kind === "trash" ? {} : write.fields);
  if ("refused" in encoded) return encoded;
  if (write.kind === "create") return planCreate(writing, write, encoded);
  const ref = parseRecordId(write.id);
  if (ref === null) return refused("RECORD_NOT_FOUND", `"${write.id}" is no id of an issue.`);
  const issue = await freshIssue(writing, ref);
  if ("refused" in issue) return issue;
  const marked = await markedIn(writing.collection, issue, writing.signal);
  if (write.kind === "trash") return planTrash(writing, issue, marked);
  if (write.kind === "update" && marked.isTrashed)
    return refused(
      "RECORD_TRASHED",
      `Issue ${write.id} was closed in place of deleting it: restore it first.`,
    );
  return planUpdate(writing, { write, encoded, issue, marked });
}

async function planCreate(
  writing: Writing,
  write: RecordWrite & { kind: "create" },
  { members, content = "", milestone, repository }: EncodedFields,
): Promise<Planned | Refused> {
  const { collection, signal } = writing;
  if (members.state === "closed")
    return refused(
      "VALUE_INVALID",
      "Tried to make an issue that is closed already, and GitHub makes open ones only. Make it open, then close it.",
    );
  const [first] = await collection.directory.ids(signal);
  const repositoryId = repository === undefined ? first : await collection.directory.idOf(repository, signal);
  if (repositoryId === undefined || repositoryId === null)
    return refused(
      "OPTION_UNKNOWN",
      `Tried to make an issue in "${repository}", which is not one of ${collection.directory.names.join(", ")}.`,
    );
  const { state: _, ...kept } = members;
  const aim = await milestoneMember(writing, repositoryId, milestone ?? undefined);
  if ("refused" in aim) return aim;
  const sealed = sealText(
    { marker: write.marker, scope: `issue:${repositoryId}`, at: nowSeconds(writing), trashedFrom: null },
    collection.markerKeys[0],
  );
  return {
    method: "POST",
    path: repositoryPath({ repositoryId }, "/issues"),
    body: { ...kept, ...aim, body: bodyWith(content, sealed) },
    what: "a new issue",
    ref: null,
    repositoryId,
  };
}

async function planUpdate(
  writing: Writing,
  of: {
    readonly write: Written;
    readonly encoded: EncodedFields;
    readonly issue: Issue;
    readonly marked: Marked;
  },
): Promise<Planned | Refused> {
  const { write, issue, marked, encoded } = of;
  const { members, milestone, repository } = encoded;
  const { collection, signal } = writing;
  if (
    repository !== undefined &&
    (await collection.directory.idOf(repository, signal)) !== issue.repositoryId
  )
    return refused(
      "FIELD_READ_ONLY",
      `Tried to move issue ${write.id} to "${repository}". Transfer it in GitHub: it gets another number there.`,
    );
  const aim = await milestoneMember(writing, issue.repositoryId, milestone);
  if ("refused" in aim) return aim;
  const body = bodyFor(writing, of);
  const state = write.kind === "restore" ? restoredState(issue, marked) : {};
  return {
    method: "PATCH",
    path: repositoryPath(issue, `/issues/${issue.number}`),
    body: { ...state, ...members, ...aim, ...(body === null ? {} : { body }) },
    what: `the ${write.kind} of issue ${write.id}`,
    ref: issue,
    repositoryId: issue.repositoryId,
  };
}

/** The new body, when it is written or its comment has to change; null: it stays as it is. */
function bodyFor(
  writing: Writing,
  {
    write,
    encoded,
    issue,
    marked: { seal, isTrashed },
  }: {
    readonly write: Written;
    readonly encoded: EncodedFields;
    readonly issue: Issue;
    readonly marked: Marked;
  },
): string | null {
  const isMarking = write.marker !== undefined && write.marker !== seal?.marker;
  const isRestoring = isTrashed && write.kind === "restore";
  const isStale = seal !== null && seal.trashedFrom !== null && !isTrashed;
  if (encoded.content === undefined && !isMarking && !isRestoring && !isStale) return null;
  const content = encoded.content ?? contentOf(issue.body ?? "");
  const marker = write.marker ?? seal?.marker ?? "";
  if (marker === "") return bodyWith(content, null);
  // One that names this issue stays as it is. A creation's, which could not name it yet, is made anew: then it counts whoever asks.
  const isBound = seal !== null && seal.scope === scopeOf(issue).bound;
  if (isBound && !isMarking && !isRestoring && seal.trashedFrom === null) return bodyWith(content, seal.text);
  return bodyWith(content, sealFor(writing, issue, { marker, trashedFrom: null }));
}

function restoredState(issue: Issue, { seal, isTrashed }: Marked): JsonObject {
  const before = isTrashed ? (seal?.trashedFrom ?? "open") : stateOf(issue);
  return before === "open" ? { state: "open" } : { state: "closed", state_reason: before };
}

/** GitHub lets nobody but admins delete an issue: it is closed as not planned, and its comment says what that stands for. */
function planTrash(
  writing: Writing,
  issue: Issue,
  { seal, isTrashed }: Marked,
): Planned | { readonly done: Issue } {
  if (isTrashed) return { done: issue };
  const sealed = sealFor(writing, issue, { marker: seal?.marker ?? "", trashedFrom: stateOf(issue) });
  return {
    method: "PATCH",
    path: repositoryPath(issue, `/issues/${issue.number}`),
    body: {
      state: "closed",
      state_reason: "not_planned",
      body: bodyWith(contentOf(issue.body ?? ""), sealed),
    },
    what: `the closing of issue ${recordIdOf(issue)}`,
    ref: issue,
    repositoryId: issue.repositoryId,
  };
}

function sealFor(
  writing: Writing,
  ref: IssueRef,
  { marker, trashedFrom }: { readonly marker: string; readonly trashedFrom: string | null },
): string {
  const [key] = writing.collection.markerKeys;
  return sealText({ marker, scope: scopeOf(ref).bound, at: nowSeconds(writing), trashedFrom }, key);
}

function nowSeconds({ collection: { clock } }: Writing): number {
  return Math.floor(clock.now() / 1000);
}

async function milestoneMember(
  { milestones, signal }: Writing,
  repositoryId: number,
  title: string | null | undefined,
): Promise<{ readonly milestone?: Json } | Refused> {
  if (title === undefined) return {};
  if (title === null) return { milestone: null };
  const number = await milestones.numberOf(repositoryId, title, signal);
  if (number !== null) return { milestone: number };
  return refused(
    "OPTION_UNKNOWN",
    `Tried to write Milestone "${title}", and the repository has no milestone of that title. Make it in GitHub.`,
  );
}

/** The issue as it was a moment ago, read again when that is longer ago than `FRESH_MS`. */
async function freshIssue({ collection, signal }: Writing, ref: IssueRef): Promise<Issue | Refused> {
  const known = collection.seen.get(recordIdOf(ref));
  if (known !== null && collection.clock.monotonic() - known.at <= FRESH_MS) return known.issue;
  const looked = await lookAtIssue(collection, ref, signal);
  switch (looked.kind) {
    case "here":
      return looked.issue;
    case "elsewhere":
      return refused("RECORD_NOT_FOUND", `Issue ${recordIdOf(ref)} was transferred to ${looked.issue.url}.`);
    case "gone":
      return refused("RECORD_NOT_FOUND", looked.certificate);
    case "unknown":
      return refused("RECORD_NOT_FOUND", looked.reason);
  }
}
