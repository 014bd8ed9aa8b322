import { isJsonObject, type Json, sortKeys } from "../../core/json.ts";
import { type OptionValue, type SourceRecord, spentMarker } from "../../core/record.ts";
import { type GitHubField, isGitHubField, isShown } from "./fields.ts";
import type { Issue, Named } from "./issue.ts";
import { contentOf, findSeal, isTimely, isTombstone, type Seal } from "./marker.ts";
import { type IssueRef, recordIdOf } from "./repositories.ts";

/** What turns an issue into a record, beside the issue. */
export interface IssueView {
  readonly markerKeys: readonly string[];
  readonly derivedFields: ReadonlySet<string>;
  /** Login of the connection; null: not asked, because no body holds anything that depends on it. */
  readonly self: string | null;
}

/** The comment of ours that an issue carries, if it is to be believed. */
export interface Marked {
  readonly seal: (Seal & { readonly text: string }) | null;
  readonly isTrashed: boolean;
}

export function scopeOf(ref: IssueRef): { readonly bound: string; readonly creation: string } {
  return { bound: `issue:${recordIdOf(ref)}`, creation: `issue:${ref.repositoryId}` };
}

/**
 * A comment that names this issue is ours, whoever's the issue is. One from a creation names the repository only: it
 * counts on an issue of our own, made when the comment was.
 */
export function markedBy(issue: Issue, { markerKeys, self }: IssueView): Marked {
  const { bound, creation } = scopeOf(issue);
  const body = issue.body ?? "";
  const isOwn = self !== null && issue.author?.toLowerCase() === self.toLowerCase();
  const named = findSeal(body, markerKeys, [bound]);
  const made = named === null && isOwn ? findSeal(body, markerKeys, [creation]) : null;
  const seal = named ?? (made !== null && isTimely(made, issue.createdAt) ? made : null);
  const isTrashed =
    seal !== null && !issue.isOpen && issue.reason === "not_planned" && isTombstone(seal, issue.closedAt);
  return { seal, isTrashed };
}

export function decodeIssue(issue: Issue, view: IssueView): SourceRecord {
  const { seal, isTrashed } = markedBy(issue, view);
  const fields: Record<string, Json> = {};
  const unobserved: string[] = [];
  for (const [id, value] of Object.entries(valuesOf(issue, isTrashed ? (seal?.trashedFrom ?? null) : null))) {
    if (!isGitHubField(id) || !isShown(id, view.derivedFields)) continue;
    if (value === undefined) unobserved.push(id);
    else fields[id] = value;
  }
  const editedAt = Date.parse(issue.updatedAt);
  // A tombstone on an issue that somebody opened again would make one of its next closing.
  const isSpent = seal !== null && seal.trashedFrom !== null && !isTrashed;
  const marker = seal === null || (seal.marker === "" && !isSpent) ? null : seal.marker;
  return {
    id: recordIdOf(issue),
    presence: isTrashed ? "trashed" : "live",
    fields,
    unobserved,
    raw: { issue: slim(issue.object) },
    revision: issue.updatedAt,
    createdAt: issue.createdAt,
    editedBy: null,
    memo: null,
    // Stamps are whole seconds.
    ...(Number.isNaN(editedAt) ? {} : { editedBetween: { from: editedAt, to: editedAt + 999 } }),
    marker: isSpent ? spentMarker : marker,
    isOurs: marker !== null && !isSpent,
  };
}

function valuesOf(issue: Issue, trashedFrom: string | null): Record<GitHubField, Json | undefined> {
  const { milestone, labels, assignees } = issue;
  return {
    title: issue.title,
    body: issue.body === undefined ? undefined : contentOf(issue.body),
    // What it was before we closed it in place of deleting it: that closing is no edit.
    state: stateOption(trashedFrom ?? stateOf(issue)),
    labels: labels === undefined ? undefined : optionsOf(labels),
    milestone: milestone === undefined || milestone === null ? milestone : optionOf(milestone),
    assignees: assignees === undefined ? undefined : optionsOf(assignees),
    repository: { id: String(issue.repositoryId), name: issue.repository },
    number: issue.number,
    url: issue.url,
    author: issue.author,
    locked: issue.isLocked,
    created_at: issue.createdAt,
    closed_at: trashedFrom === null ? issue.closedAt : null,
    milestone_due_on: milestone === undefined ? undefined : (milestone?.dueOn ?? null),
    comments: issue.comments,
    updated_at: issue.updatedAt,
  };
}

/** Old closed issues have no reason: GitHub shows them as completed. A reason that is new to us is kept by its name. */
export function stateOf({ isOpen, reason }: Pick<Issue, "isOpen" | "reason">): string {
  return isOpen ? "open" : (reason ?? "completed");
}

function stateOption(name: string): OptionValue {
  return { id: name, name };
}

function optionOf({ id, name }: Named): OptionValue {
  return { id, name };
}

function optionsOf(all: readonly Named[]): readonly OptionValue[] {
  return all.map(optionOf).sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** Without the API's own links, which say nothing of the issue. */
function slim(value: Json): Json {
  if (Array.isArray(value)) return value.map(slim);
  if (!isJsonObject(value)) return value;
  const kept: Record<string, Json> = {};
  for (const [key, member] of Object.entries(value)) {
    const isLink = key === "url" || (key.endsWith("_url") && key !== "html_url");
    if (!isLink) kept[key] = slim(member);
  }
  return sortKeys(kept);
}
