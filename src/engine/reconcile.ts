import type { Observation } from "../connector/connector.ts";
import type { Json } from "../core/json.ts";
import { type FieldValues, isEqual, type Merge, mergeFields } from "../core/merge.ts";
import { type LeftState, type Outcome, outcomeOf } from "../core/outcome.ts";
import { fingerprint, type SourceRecord } from "../core/record.ts";
import type {
  ConflictDraft,
  Link,
  LinkChange,
  LinkState,
  TaskVersion,
  VersionDraft,
} from "../store/store.ts";
import type { Ledger } from "./ledger.ts";
import type { BoundRecipe, Metadata, Projection } from "./sync.ts";

/** What happens to one record, with the change that makes it so. */
export interface Step {
  readonly kind: "create" | "update" | "delete" | "revive" | "missing" | "leave" | "unchanged";
  readonly sourceId: string;
  /** null: nothing to write. */
  readonly change: LinkChange | null;
  /** Task fields that change; empty unless the context asks for them. */
  readonly fields: readonly FieldChange[];
}

export interface FieldChange {
  readonly field: string;
  readonly from: Json;
  readonly to: Json;
}

/** One strong observation of a record, whatever it shows. */
export interface Observed {
  readonly sourceId: string;
  readonly left: LeftState;
  /** The record as read; null when nothing could be read. */
  readonly record: SourceRecord | null;
}

export interface ReconcileContext {
  readonly ledger: Ledger;
  readonly recipe: BoundRecipe;
  readonly projectScopeId: string;
  /** The field mapping changed since the last run: equal content may still give other task fields. */
  readonly isRemapped: boolean;
  /** Work out which task fields change, to show a plan. */
  readonly showsFields: boolean;
  /** ISO 8601, now. */
  readonly at: () => string;
}

export function observedFrom(sourceId: string, observation: Observation): Observed {
  const record = "record" in observation ? observation.record : null;
  return { sourceId, left: observation.presence, record };
}

/** Plans what the observations ask for, given what is known. Reads the ledger, writes nothing. */
export async function planSteps(context: ReconcileContext, observed: readonly Observed[]): Promise<Step[]> {
  const links = await context.ledger.linksOf(observed.map((each) => each.sourceId));
  const steps: Step[] = [];
  for (const each of observed) {
    const link = links.get(each.sourceId);
    if (link === undefined) steps.push(planUnlinked(context, each));
    else if (!context.isRemapped && isUntouched(each, link)) steps.push(unchanged(each.sourceId));
    else steps.push(await planLinked(context, each, link));
  }
  return steps;
}

/**
 * The common case, decided without reading history: the record's comparable content is what the last sync saw. The
 * content decides, not the time stamp: Notion's stamps are whole minutes, so equal stamps prove nothing.
 */
function isUntouched({ left, record }: Observed, link: Link): boolean {
  return (
    left === "live" &&
    record !== null &&
    link.state === "live" &&
    !link.isTaskDeleted &&
    contentOf(record) === link.sourceFingerprint &&
    isEqual(record.memo, link.memo)
  );
}

function planUnlinked(context: ReconcileContext, { sourceId, left, record }: Observed): Step {
  if (record === null || outcomeOf("none", left, "live") !== "create") return unchanged(sourceId);
  const next = context.recipe.project(record, null);
  const version = draftVersion(next.values, {}, next, {
    reason: context.recipe.reasonFor("create", next.metadata, null),
    hasConflict: false,
    isDeleted: false,
  });
  const change: LinkChange = {
    sourceId,
    taskId: null,
    projectScopeId: context.projectScopeId,
    version,
    expectedVersionNum: 0,
    link: { ...linkOf(record, "live"), baseVersionNum: "written", baseSource: null },
    conflicts: [],
  };
  return {
    kind: "create",
    sourceId,
    change,
    fields: context.showsFields ? changesBetween({}, next.values) : [],
  };
}

async function planLinked(context: ReconcileContext, observed: Observed, link: Link): Promise<Step> {
  const base = link.state === "deleted" ? "dead" : "live";
  const outcome = outcomeOf(base, observed.left, link.isTaskDeleted ? "deleted" : "live");
  switch (outcome) {
    case "nothing":
    case "create":
      return unchanged(observed.sourceId);
    case "missing":
      return planLinkOnly(context, observed, link, { kind: "missing", state: "missing" });
    case "exit":
      return planLinkOnly(context, observed, link, { kind: "leave", state: exitState(observed.left) });
    case "settle":
      return planLinkOnly(context, observed, link, { kind: "unchanged", state: "deleted" });
    case "fields":
    case "edit-wins":
    case "revive":
    case "delete":
      return planVersion(context, observed, link, outcome);
    default:
      return outcome satisfies never;
  }
}

/** Only the link changes: the record is out of reach or out of scope, and its task stays as it is. */
function planLinkOnly(
  context: ReconcileContext,
  { sourceId, record }: Observed,
  link: Link,
  to: { kind: Step["kind"]; state: LinkState },
): Step {
  const missingSince = to.state === "missing" ? (link.missingSince ?? context.at()) : null;
  if (link.state === to.state) return { kind: to.kind, sourceId, change: null, fields: [] };
  const change: LinkChange = {
    sourceId,
    taskId: link.taskId,
    projectScopeId: context.projectScopeId,
    version: null,
    expectedVersionNum: link.currentVersionNum,
    link: {
      state: to.state,
      missingSince,
      sourceFingerprint: link.sourceFingerprint,
      sourceRevision: record?.revision ?? link.sourceRevision,
      baseVersionNum: link.baseVersionNum,
      baseSource: link.baseSource,
      // With a note of it the connector would take the record for unchanged when it is back, and we would not see it.
      memo: null,
    },
    conflicts: [],
  };
  return { kind: to.kind, sourceId, change, fields: [] };
}

/** Both sides are compared field by field against their own bases; a version is written only if something is new. */
async function planVersion(
  context: ReconcileContext,
  observed: Observed,
  link: Link,
  outcome: Extract<Outcome, "fields" | "edit-wins" | "revive" | "delete">,
): Promise<Step> {
  const { record, sourceId } = observed;
  const [current, base] = await versionsOf(context.ledger, link);
  const next = record === null ? null : context.recipe.project(record, current.metadata);
  const right = valuesOf(current, next);
  const written = valuesOf(base, next);
  const leftBase = isFieldValues(link.baseSource) ? link.baseSource : written;
  // The version last written may hold edits that the source never had: for the task's side, too, the base of a field
  // is what both sides agreed on. Otherwise the source's next edit of it would take such an edit away unflagged.
  const rightBase = { ...written, ...leftBase };
  const merge = mergeFields({ left: next?.values ?? {}, leftBase, right, rightBase });

  const isSourceChanged = record !== null && contentOf(record) !== link.sourceFingerprint;
  const isDeleting = outcome === "delete";
  const isReviving = link.isTaskDeleted && !isDeleting && (outcome === "revive" || isSourceChanged);
  const hasNews =
    isDeleting || isReviving || (isSourceChanged && !link.isTaskDeleted) || merge.changed.length > 0;
  const conflicts = conflictsOf(merge, isDeleting && !isEqual(right, rightBase));
  const kind = isDeleting ? "delete" : isReviving ? "revive" : "update";

  const draft = draftVersion(merge.values, current.metadata, next, {
    reason: context.recipe.reasonFor(kind, next?.metadata ?? current.metadata, current.metadata),
    hasConflict: conflicts.length > 0,
    isDeleted: isDeleting,
  });
  const change: LinkChange = {
    sourceId,
    taskId: link.taskId,
    projectScopeId: context.projectScopeId,
    version: hasNews ? draft : null,
    expectedVersionNum: link.currentVersionNum,
    link: nextLink({ link, record, merge, isDeleting, hasNews }),
    conflicts: hasNews ? conflicts : [],
  };
  return {
    kind: hasNews ? kind : "unchanged",
    sourceId,
    change,
    fields: context.showsFields ? changesBetween(right, merge.values) : [],
  };
}

function nextLink(plan: {
  link: Link;
  record: SourceRecord | null;
  merge: Merge;
  isDeleting: boolean;
  hasNews: boolean;
}): LinkChange["link"] {
  const { link, record, merge, hasNews } = plan;
  const state = plan.isDeleting ? "deleted" : "live";
  const known = record === null ? { ...link, state, missingSince: null } : linkOf(record, state);
  return {
    state,
    missingSince: null,
    sourceFingerprint: known.sourceFingerprint,
    sourceRevision: known.sourceRevision,
    memo: known.memo,
    baseVersionNum: hasNews ? "written" : link.baseVersionNum,
    // Left values equal to the written version need no copy: the version itself is the base.
    baseSource: isEqual(merge.leftBase, merge.values) && hasNews ? null : merge.leftBase,
  };
}

/** What the record's content is judged by. A field that was not observed is part of it: seeing it again is news. */
function contentOf({ fields, unobserved }: SourceRecord): string {
  return fingerprint(unobserved.length === 0 ? fields : { ...fields, $unobserved: [...unobserved].sort() });
}

async function versionsOf(ledger: Ledger, link: Link): Promise<[TaskVersion, TaskVersion]> {
  const current = await ledger.versionOf(link.taskId, link.currentVersionNum);
  const base =
    link.baseVersionNum === link.currentVersionNum
      ? current
      : await ledger.versionOf(link.taskId, link.baseVersionNum);
  if (current === null || base === null) {
    throw new Error(`task ${link.taskId} lacks version ${link.currentVersionNum} or ${link.baseVersionNum}`);
  }
  return [current, base];
}

/** A version's values for the fields that take part: the four columns and the metadata keys that are mapped. */
function valuesOf(version: TaskVersion, projection: Projection | null): FieldValues {
  const values: Record<string, Json> = {};
  for (const field of columns) values[field] = version[field];
  for (const field of Object.keys(projection?.values ?? {})) {
    if (!isColumn(field)) values[field] = version.metadata[metadataKey(field)] ?? null;
  }
  return values;
}

const columns = ["title", "description", "status", "resolution"] as const;

function isColumn(field: string): field is (typeof columns)[number] {
  return columns.some((column) => column === field);
}

function metadataKey(field: string): string {
  return field.slice("metadata.".length);
}

function draftVersion(
  values: FieldValues,
  kept: Metadata,
  next: Projection | null,
  options: { reason: string; hasConflict: boolean; isDeleted: boolean },
): VersionDraft {
  const metadata: Record<string, Json> = { ...kept, ...next?.metadata };
  for (const [field, value] of Object.entries(values)) {
    if (!isColumn(field)) metadata[metadataKey(field)] = value;
  }
  return {
    title: textOf(values.title) ?? "",
    description: textOf(values.description),
    status: textOf(values.status),
    resolution: textOf(values.resolution),
    metadataJson: JSON.stringify(metadata),
    createdBy: next?.author ?? "lockstep",
    changeReason: options.reason,
    conflictFlag: options.hasConflict,
    isDeleted: options.isDeleted,
  };
}

function textOf(value: Json | undefined): string | null {
  if (value === undefined || value === null) return null;
  return typeof value === "string" ? value : JSON.stringify(value);
}

function conflictsOf(merge: Merge, isEditedAndDeleted: boolean): ConflictDraft[] {
  const conflicts: ConflictDraft[] = merge.conflicts.map((conflict) => ({
    ...conflict,
    resolution: "left wins",
  }));
  if (isEditedAndDeleted && conflicts.length === 0) {
    conflicts.push({
      field: "$record",
      base: "live",
      left: "deleted",
      right: "edited",
      resolution: "left wins",
    });
  }
  return conflicts;
}

function linkOf(record: SourceRecord, state: LinkState) {
  return {
    state,
    missingSince: null,
    sourceFingerprint: contentOf(record),
    sourceRevision: record.revision,
    memo: record.memo,
  };
}

function exitState(left: LeftState): LinkState {
  return left === "archived" ? "archived" : "moved";
}

function unchanged(sourceId: string): Step {
  return { kind: "unchanged", sourceId, change: null, fields: [] };
}

function changesBetween(before: FieldValues, after: FieldValues): readonly FieldChange[] {
  return Object.keys(after)
    .filter((field) => !isEqual(before[field] ?? null, after[field] ?? null))
    .map((field) => ({ field, from: before[field] ?? null, to: after[field] ?? null }));
}

function isFieldValues(value: Json): value is FieldValues & { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
