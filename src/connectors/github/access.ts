import type { Answer } from "./answer.ts";
import type { GitHubClient, WriteRequest } from "./client.ts";
import { type Right, refusal, whereToGrant } from "./errors.ts";
import { memberOf } from "./identity.ts";
import { textOf } from "./issue.ts";
import { type Repository, repositoryPath } from "./repositories.ts";

/** One right in one repository. */
export interface Granted {
  readonly repository: string;
  readonly right: Right;
  /** null: it could not be told. */
  readonly isGranted: boolean | null;
  /** What there is to do, in words; null when nothing is. */
  readonly mend: string | null;
}

/** What a sync of issues takes; pull requests take the rest. */
export const issueRights: readonly Right[] = [
  { name: "Issues", access: "read" },
  { name: "Issues", access: "write" },
];
export const pullRequestRights: readonly Right[] = [
  { name: "Pull requests", access: "read" },
  { name: "Pull requests", access: "write" },
  { name: "Contents", access: "read" },
  { name: "Contents", access: "write" },
  { name: "Checks", access: "read" },
  { name: "Commit statuses", access: "read" },
];

/**
 * Tries each right out, for GitHub does not list those of a fine-grained token. Reading is tried by reading. Writing is tried by a request
 * that GitHub refuses as invalid when the right is there (422), and for the right when it is not (403): either way nothing is written.
 */
export async function probeRights(
  client: GitHubClient,
  { repository, rights }: { readonly repository: Repository; readonly rights: readonly Right[] },
  signal?: AbortSignal,
): Promise<readonly Granted[]> {
  const granted: Granted[] = [];
  const head = await headOf(client, repository, signal);
  for (const right of rights) {
    const answer = await probe(client, { repository, right, head }, signal);
    const isGranted = answer === null ? null : verdictOf(answer, right);
    const mend = isGranted === false && answer !== null ? mendFor(answer, right) : null;
    granted.push({ repository: repository.fullName, right, isGranted, mend });
  }
  return granted;
}

function verdictOf({ status, retryAfterMs }: Answer, { access }: Right): boolean | null {
  if (retryAfterMs !== null || status >= 500) return null;
  if (status === 401 || status === 403 || status === 404 || status === 410) return false;
  if (access === "read") return status === 200;
  return status === 422 ? true : null;
}

function mendFor(answer: Answer, right: Right): string {
  if (answer.status === 401) return refusal("the repository", answer, right).message;
  if (answer.status === 410)
    return "switch issues on: the repository's Settings → General → Features → Issues";
  return whereToGrant(right);
}

/** A commit that exists, for what is asked of commits. */
async function headOf(client: GitHubClient, repository: Repository, signal?: AbortSignal): Promise<string> {
  const branch = encodeURIComponent(repository.defaultBranch);
  const answer = await client.get(repositoryPath(repository, `/branches/${branch}`), { signal });
  return textOf(memberOf(memberOf(answer.body, "commit"), "sha")) ?? repository.defaultBranch;
}

async function probe(
  client: GitHubClient,
  {
    repository,
    right,
    head,
  }: { readonly repository: Repository; readonly right: Right; readonly head: string },
  signal: AbortSignal | undefined,
): Promise<Answer | null> {
  if (right.access === "read") {
    const path = readPaths(head)[right.name];
    return path === undefined ? null : client.get(repositoryPath(repository, path), { signal });
  }
  const invalid = invalidWrites[right.name];
  if (invalid === undefined) return null;
  const sent = await client.send({ ...invalid, path: repositoryPath(repository, invalid.path), signal });
  return sent.kind === "answered" ? sent.answer : null;
}

function readPaths(head: string): Partial<Readonly<Record<Right["name"], string>>> {
  return {
    Metadata: "",
    Issues: "/issues?per_page=1",
    "Pull requests": "/pulls?per_page=1",
    Contents: "/git/matching-refs/heads/lockstep-probe",
    Checks: `/commits/${head}/check-runs?per_page=1`,
    "Commit statuses": `/commits/${head}/status?per_page=1`,
  };
}

/** A colour that is none, a pull request without branches, a reference that is none: no GitHub carries these out. */
const invalidWrites: Partial<
  Readonly<Record<Right["name"], Pick<WriteRequest, "method" | "path" | "body">>>
> = {
  Issues: { method: "POST", path: "/labels", body: { name: "lockstep-probe", color: "no colour" } },
  "Pull requests": { method: "POST", path: "/pulls", body: { title: "lockstep-probe", head: "", base: "" } },
  Contents: { method: "POST", path: "/git/refs", body: { ref: "lockstep-probe", sha: "none" } },
};
