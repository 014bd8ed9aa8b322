import type { FieldSchema, FieldType, OptionValue } from "../../core/record.ts";

/**
 * Field ids, with what they hold:
 * - `title` text · `body` text (Markdown), without the marker
 * - `state` option: `open`, `completed`, `not_planned`, `duplicate` (closed for that reason)
 * - `labels` options · `milestone` option (title) · `assignees` options (login names)
 * - `repository` option ("owner/name"): chosen when an issue is made, fixed afterwards
 * - the rest is GitHub's own; `comments` and `updated_at` only when asked for, because every comment moves them
 */
export type GitHubField =
  | "title"
  | "body"
  | "state"
  | "labels"
  | "milestone"
  | "assignees"
  | "repository"
  | "number"
  | "url"
  | "author"
  | "locked"
  | "created_at"
  | "closed_at"
  | "milestone_due_on"
  | "comments"
  | "updated_at";

interface FieldKind {
  readonly name: string;
  readonly type: FieldType;
  readonly vendorType: string;
  readonly isDerived: boolean;
}

const written = (name: string, type: FieldType, vendorType: string): FieldKind => ({
  name,
  type,
  vendorType,
  isDerived: false,
});
const derived = (name: string, type: FieldType, vendorType: string): FieldKind => ({
  ...written(name, type, vendorType),
  isDerived: true,
});

export const fieldKinds: Readonly<Record<GitHubField, FieldKind>> = {
  title: written("Title", "text", "title"),
  body: written("Body", "text", "markdown"),
  state: written("State", "option", "state"),
  labels: written("Labels", "options", "labels"),
  milestone: written("Milestone", "option", "milestone"),
  assignees: written("Assignees", "options", "users"),
  repository: written("Repository", "option", "repository"),
  number: derived("Number", "number", "number"),
  url: derived("URL", "text", "url"),
  author: derived("Author", "text", "user"),
  locked: derived("Locked", "boolean", "boolean"),
  created_at: derived("Created", "date", "time"),
  closed_at: derived("Closed", "date", "time"),
  milestone_due_on: derived("Milestone due", "date", "time"),
  comments: derived("Comments", "number", "number"),
  updated_at: derived("Updated", "date", "time"),
};

/** Moved by every comment: fields only when somebody wants them. */
const onRequest: ReadonlySet<string> = new Set(["comments", "updated_at"]);

export const states = ["open", "completed", "not_planned", "duplicate"] as const;

export function isGitHubField(id: string): id is GitHubField {
  return Object.hasOwn(fieldKinds, id);
}

/** Whether a field is in records, given the derived ones that were asked for. */
export function isShown(id: GitHubField, derivedFields: ReadonlySet<string>): boolean {
  return !onRequest.has(id) || derivedFields.has(id);
}

export function fieldSchemas(
  options: Readonly<Partial<Record<GitHubField, readonly OptionValue[]>>>,
  derivedFields: ReadonlySet<string>,
): readonly FieldSchema[] {
  return Object.entries(fieldKinds).flatMap(([id, kind]) => {
    if (!isGitHubField(id) || !isShown(id, derivedFields)) return [];
    const choices = id === "state" ? states.map((name) => ({ id: name, name })) : options[id];
    return [{ id, ...kind, ...(choices === undefined ? {} : { options: choices }) }];
  });
}
