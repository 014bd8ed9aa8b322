import { isJsonObject, type Json } from "../../core/json.ts";
import type { GitHubClient } from "./client.ts";
import { memberOf } from "./identity.ts";
import { textOf } from "./issue.ts";
import { pullRequestIn } from "./pull-request-json.ts";
import type { Check, Readiness } from "./pull-requests.ts";
import { checkStateOf, type Reported, readinessOf, reviewStateOf, statusStateOf } from "./readiness.ts";
import { type IssueRef, type RepositoryRef, repositoryPath } from "./repositories.ts";

/** Where GraphQL is absent, and for a pull request with more checks than one answer holds. null: it cannot be read. */
export async function readReadiness(
  client: GitHubClient,
  ref: IssueRef,
  signal: AbortSignal | undefined,
): Promise<Readiness | null> {
  const read = await client.get(repositoryPath(ref, `/pulls/${ref.number}`), { signal });
  const pullRequest = read.status === 200 ? pullRequestIn(read.body, ref.repositoryId) : null;
  if (pullRequest === null || !isJsonObject(read.body)) return null;
  const rules = await readRules(client, ref, pullRequest.baseBranch, signal);
  const reported = [
    ...(await readRuns(client, ref, pullRequest.headSha, signal)),
    ...(await readStatuses(client, ref, pullRequest.headSha, signal)),
  ];
  const checks: readonly Check[] = reported.map((check) => ({
    ...check,
    isRequired: rules === null ? null : rules.checks.includes(check.name),
  }));
  const verdicts = await readVerdicts(client, ref, signal);
  return readinessOf(pullRequest, {
    checks,
    required: rules?.checks ?? null,
    reviewState: reviewStateOf(verdicts.values(), {
      required: rules?.reviews ?? 0,
      isAsked: pullRequest.requestedReviewers.length > 0,
    }),
    isMergeable: typeof read.body.mergeable === "boolean" ? read.body.mergeable : null,
    mergeableState: textOf(read.body.mergeable_state) ?? "unknown",
  });
}

async function listPages(
  client: GitHubClient,
  path: string,
  itemsIn: (body: Json) => Json | undefined,
  signal: AbortSignal | undefined,
): Promise<readonly Json[] | null> {
  const all: Json[] = [];
  let next: string | null = path;
  while (next !== null) {
    const answer: Awaited<ReturnType<GitHubClient["get"]>> = await client.get(next, { signal });
    const items = answer.status === 200 ? itemsIn(answer.body) : undefined;
    if (!Array.isArray(items)) return null;
    all.push(...items);
    next = answer.next === null ? null : client.pathOf(answer.next);
  }
  return all;
}

async function readRuns(
  client: GitHubClient,
  ref: RepositoryRef,
  sha: string,
  signal?: AbortSignal,
): Promise<readonly Reported[]> {
  const path = repositoryPath(ref, `/commits/${sha}/check-runs?filter=latest&per_page=100`);
  const runs = await listPages(client, path, (body) => memberOf(body, "check_runs"), signal);
  return (runs ?? []).flatMap((run) => {
    const name = textOf(memberOf(run, "name"));
    const status = textOf(memberOf(run, "status")) ?? "";
    const conclusion = textOf(memberOf(run, "conclusion"));
    const url = textOf(memberOf(run, "html_url"));
    return name === null
      ? []
      : [{ name, state: checkStateOf(status, conclusion), conclusion: conclusion ?? status, url }];
  });
}

async function readStatuses(
  client: GitHubClient,
  ref: RepositoryRef,
  sha: string,
  signal?: AbortSignal,
): Promise<readonly Reported[]> {
  const path = repositoryPath(ref, `/commits/${sha}/status?per_page=100`);
  const statuses = await listPages(client, path, (body) => memberOf(body, "statuses"), signal);
  return (statuses ?? []).flatMap((status) => {
    const name = textOf(memberOf(status, "context"));
    const state = textOf(memberOf(status, "state")) ?? "";
    const url = textOf(memberOf(status, "target_url"));
    return name === null ? [] : [{ name, state: statusStateOf(state), conclusion: state, url }];
  });
}

/** What a branch asks for, from its rulesets and, where it may be read, its older protection. null: neither may be read. */
async function readRules(
  client: GitHubClient,
  ref: RepositoryRef,
  branch: string,
  signal: AbortSignal | undefined,
): Promise<{ readonly checks: readonly string[]; readonly reviews: number } | null> {
  const at = encodeURIComponent(branch);
  const rules = await client.get(repositoryPath(ref, `/rules/branches/${at}?per_page=100`), { signal });
  const older = await client.get(repositoryPath(ref, `/branches/${at}/protection/required_status_checks`), {
    signal,
  });
  const isOlderKnown = older.status === 200 || older.status === 404;
  if (!Array.isArray(rules.body) || rules.status !== 200) {
    return isOlderKnown ? { checks: contextsIn(memberOf(older.body, "contexts")), reviews: 0 } : null;
  }
  const checks = new Set(contextsIn(memberOf(older.body, "contexts")));
  let reviews = 0;
  for (const rule of rules.body) {
    const parameters = memberOf(rule, "parameters");
    for (const context of contextsIn(memberOf(parameters, "required_status_checks"))) checks.add(context);
    const count = memberOf(parameters, "required_approving_review_count");
    if (typeof count === "number") reviews = Math.max(reviews, count);
  }
  return { checks: [...checks], reviews };
}

function contextsIn(value: Json | undefined): readonly string[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((each: Json) => textOf(isJsonObject(each) ? each.context : each) ?? []);
}

async function readVerdicts(
  client: GitHubClient,
  ref: IssueRef,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, string>> {
  const path = repositoryPath(ref, `/pulls/${ref.number}/reviews?per_page=100`);
  const reviews = await listPages(client, path, (body) => body, signal);
  const verdicts = new Map<string, string>();
  for (const review of reviews ?? []) {
    const author = textOf(memberOf(memberOf(review, "user"), "login"));
    const state = textOf(memberOf(review, "state"));
    if (author !== null && state !== null && state !== "COMMENTED" && state !== "PENDING")
      verdicts.set(author, state);
  }
  return verdicts;
}
