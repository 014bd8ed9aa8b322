import type { Clock } from "../../core/clock.ts";
import type { Json } from "../../core/json.ts";
import type { SourceRecord } from "../../core/record.ts";
import type { GitHubClient } from "./client.ts";
import { decodeIssue, type IssueView, type Marked, markedBy } from "./codec.ts";
import type { Identity } from "./identity.ts";
import { type Issue, readIssue } from "./issue.ts";
import { isCreationSealed } from "./marker.ts";
import type { Directory } from "./repositories.ts";
import type { SeenIssues } from "./seen.ts";

/** The issues of the configured repositories, as the parts of the connector see them. */
export interface Collection {
  readonly client: GitHubClient;
  readonly clock: Clock;
  readonly directory: Directory;
  readonly markerKeys: readonly [string, ...string[]];
  readonly derivedFields: ReadonlySet<string>;
  /** Asked once, and only when something depends on it. */
  readonly identity: (signal?: AbortSignal) => Promise<Identity>;
  readonly seen: SeenIssues;
}

/** Issues as records. Who we are is asked only when one of them carries a comment that depends on it. */
export async function decodeAll(
  collection: Collection,
  issues: readonly Issue[],
  signal: AbortSignal | undefined,
): Promise<readonly SourceRecord[]> {
  const view = await viewFor(collection, issues, signal);
  return issues.map((issue) => decodeIssue(issue, view));
}

export async function markedIn(
  collection: Collection,
  issue: Issue,
  signal: AbortSignal | undefined,
): Promise<Marked> {
  return markedBy(issue, await viewFor(collection, [issue], signal));
}

async function viewFor(
  { markerKeys, derivedFields, identity }: Collection,
  issues: readonly Issue[],
  signal: AbortSignal | undefined,
): Promise<IssueView> {
  const isAsked = issues.some(({ body }) => body !== undefined && isCreationSealed(body));
  const self = isAsked ? (await identity(signal)).login : null;
  return { markerKeys, derivedFields, self };
}

/** Listed things as issues; pull requests, which GitHub lists among them, are left out. */
export function issuesIn(
  items: readonly Json[],
  repositoryId: number,
): { readonly issues: readonly Issue[]; readonly unreadable: readonly string[] } {
  const issues: Issue[] = [];
  const unreadable: string[] = [];
  for (const item of items) {
    const read = readIssue(item, repositoryId);
    if ("reason" in read) unreadable.push(read.reason);
    else if (!read.issue.isPullRequest) issues.push(read.issue);
  }
  return { issues, unreadable };
}
