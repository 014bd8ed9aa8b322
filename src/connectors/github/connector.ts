import type { WritableConnector } from "../../connector/connector.ts";
import type { Clock } from "../../core/clock.ts";
import type { GitHubClient } from "./client.ts";
import type { Repository } from "./repositories.ts";

export interface GitHubOptions {
  readonly client: GitHubClient;
  readonly clock: Clock;
  /** "owner/name" of each repository; the first takes new issues that name none. */
  readonly repositories: readonly [string, ...string[]];
  /**
   * Signs the marker in issue bodies, so that nobody else can make one. The first signs, all are believed: to change it, put
   * the new one in front. At least 16 characters.
   */
  readonly markerKeys: readonly [string, ...string[]];
  /** Derived fields that are fields all the same: "comments", "updated_at". They make every comment a change. */
  readonly derivedFields?: readonly string[];
  /** A milestone that does not exist is made when it is written. Default: it is refused. Labels always are made by GitHub. */
  readonly provisionMilestones?: boolean;
  readonly lateWriteMs?: number;
  readonly visibleAfterMs?: number;
}

/** A label as it should be. Colour: six hex digits without "#". */
export interface LabelWish {
  readonly name: string;
  readonly color?: string;
  readonly description?: string;
}

/** The issues of one or several repositories. Pull requests are left out. */
export interface GitHubConnector extends WritableConnector {
  /** The configured repositories as they are now, in that order. Throws ACCESS_LOST. */
  repositories(signal?: AbortSignal): Promise<readonly Repository[]>;
  /** Makes missing labels in every repository; those that are there stay as they are. Returns "owner/name: label" of what it made. */
  ensureLabels(labels: readonly LabelWish[], signal?: AbortSignal): Promise<readonly string[]>;
}

/**
 * Field ids, with what they hold:
 * - `title` text · `body` text, without the marker
 * - `state` option: `open`, `completed`, `not_planned`, `duplicate` (closed for that reason)
 * - `labels` options · `milestone` option (title) · `assignees` options (login names)
 * - `repository` option ("owner/name"): chosen when an issue is made, fixed afterwards
 * - derived: `number`, `url`, `author`, `locked`, `created_at`, `closed_at`, `milestone_due_on`
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
