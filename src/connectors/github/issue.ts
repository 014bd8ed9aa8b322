import { isJsonObject, type Json } from "../../core/json.ts";
import type { IssueRef } from "./repositories.ts";

export type JsonObject = { readonly [key: string]: Json };

/** One issue as GitHub shows it. A member that is undefined was not shown in a form that can be understood. */
export interface Issue extends IssueRef {
  readonly title: string | undefined;
  /** "" for none, as stored: with comments that are not shown. */
  readonly body: string | undefined;
  readonly isOpen: boolean;
  /** GitHub's word; null: none given. */
  readonly reason: string | null;
  readonly labels: readonly Named[] | undefined;
  readonly milestone: (Named & { readonly dueOn: string | null }) | null | undefined;
  readonly assignees: readonly Named[] | undefined;
  /** "owner/name", from the API's own link. */
  readonly repository: string;
  readonly url: string;
  readonly author: string | null;
  readonly isLocked: boolean;
  readonly comments: number;
  readonly createdAt: string;
  readonly closedAt: string | null;
  readonly updatedAt: string;
  readonly isPullRequest: boolean;
  readonly object: JsonObject;
}

export interface Named {
  readonly id: string;
  readonly name: string;
}

/** A listed thing as an issue, or why it is none. */
export function readIssue(
  value: Json,
  repositoryId: number,
): { readonly issue: Issue } | { readonly reason: string } {
  if (!isJsonObject(value)) return { reason: "GitHub listed something that is no object" };
  const { number, state, created_at: createdAt, updated_at: updatedAt } = value;
  const isWhole =
    typeof number === "number" && typeof createdAt === "string" && typeof updatedAt === "string";
  if (!isWhole || (state !== "open" && state !== "closed"))
    return { reason: "GitHub listed an issue without its number, state or times" };
  return {
    issue: {
      repositoryId,
      number,
      title: textOf(value.title) ?? undefined,
      body: value.body === null ? "" : (textOf(value.body) ?? undefined),
      isOpen: state === "open",
      reason: textOf(value.state_reason),
      labels: eachOf(value.labels, labelOf),
      milestone: milestoneOf(value.milestone),
      assignees: eachOf(value.assignees, userOf),
      repository: repositoryNameIn(value.repository_url),
      url: textOf(value.html_url) ?? "",
      author: isJsonObject(value.user) ? textOf(value.user.login) : null,
      isLocked: value.locked === true,
      comments: typeof value.comments === "number" ? value.comments : 0,
      createdAt,
      closedAt: textOf(value.closed_at),
      updatedAt,
      isPullRequest: isJsonObject(value.pull_request),
      object: value,
    },
  };
}

/** "https://api.github.com/repos/acme/app" → "acme/app". */
export function repositoryNameIn(url: Json | undefined): string {
  return /\/repos\/([^/]+\/[^/]+)\/?$/.exec(textOf(url) ?? "")?.[1] ?? "";
}

export function textOf(value: Json | undefined): string | null {
  return typeof value === "string" ? value : null;
}

function eachOf(value: Json | undefined, one: (item: Json) => Named | null): readonly Named[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const all = value.map(one);
  return all.every((item) => item !== null) ? all : undefined;
}

/** Old lists show labels as bare names. */
function labelOf(item: Json): Named | null {
  if (typeof item === "string") return { id: item, name: item };
  return isJsonObject(item) && typeof item.name === "string"
    ? { id: String(item.id), name: item.name }
    : null;
}

function userOf(item: Json): Named | null {
  return isJsonObject(item) && typeof item.login === "string"
    ? { id: String(item.id), name: item.login }
    : null;
}

function milestoneOf(value: Json | undefined): Issue["milestone"] {
  if (value === null) return null;
  if (!isJsonObject(value) || typeof value.title !== "string") return undefined;
  return { id: String(value.id), name: value.title, dueOn: textOf(value.due_on) };
}
