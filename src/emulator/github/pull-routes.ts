import {
  atOf,
  created,
  invalid,
  noContent,
  ok,
  page,
  Refusal,
  type Reply,
  type RepositoryCall,
  type Route,
  stringIn,
} from "./call.ts";
import { demandPull, issueMembers } from "./issue-routes.ts";
import { changeIssue, createIssue, isOnBranch, moveBranch, tell } from "./operations.ts";
import { checksOf, mergeableState, type PullIssue, pullJson, statusesOf } from "./pull-state.ts";
import { checkRunJson, reviewJson, statusJson } from "./render.ts";
import { type CheckRun, type Issue, newId, newSha, type Review, type Status, stamp } from "./state.ts";

const reading = { name: "pull_requests", level: "read" } as const;
const writing = { name: "pull_requests", level: "write" } as const;
const contents = { name: "contents", level: "read" } as const;

/** https://docs.github.com/en/rest/pulls, /branches, /checks and /commits/statuses */
export const pullRoutes: readonly Route[] = [
  { method: "GET", template: "/pulls", right: reading, handle: listPulls },
  { method: "POST", template: "/pulls", right: writing, handle: postPull },
  {
    method: "GET",
    template: "/pulls/{number}",
    right: reading,
    handle: (call) => answer(call, demandPull(call)),
  },
  { method: "PATCH", template: "/pulls/{number}", right: writing, handle: patchPull },
  {
    method: "PUT",
    template: "/pulls/{number}/merge",
    right: { name: "contents", level: "write" },
    handle: mergePull,
  },
  { method: "GET", template: "/pulls/{number}/reviews", right: reading, handle: listReviews },
  { method: "POST", template: "/pulls/{number}/reviews", right: writing, handle: postReview },
  { method: "GET", template: "/branches/{branch}", right: contents, handle: getBranch },
  { method: "GET", template: "/git/matching-refs/heads/{prefix}", right: contents, handle: matchRefs },
  {
    method: "POST",
    template: "/git/refs",
    right: { name: "contents", level: "write" },
    handle: postRef,
  },
  {
    method: "DELETE",
    template: "/git/refs/heads/{branch}",
    right: { name: "contents", level: "write" },
    handle: deleteRef,
  },
  {
    method: "GET",
    template: "/branches/{branch}/protection/required_status_checks",
    right: { name: "administration", level: "read" },
    handle: getProtection,
  },
  { method: "GET", template: "/rules/branches/{branch}", right: null, handle: getRules },
  {
    method: "GET",
    template: "/commits/{sha}/check-runs",
    right: { name: "checks", level: "read" },
    handle: listChecks,
  },
  { method: "POST", template: "/check-runs", right: { name: "checks", level: "write" }, handle: postCheck },
  {
    method: "GET",
    template: "/commits/{sha}/status",
    right: { name: "statuses", level: "read" },
    handle: getStatus,
  },
  {
    method: "POST",
    template: "/statuses/{sha}",
    right: { name: "statuses", level: "write" },
    handle: postStatus,
  },
];

function answer({ renderer, repository }: RepositoryCall, issue: PullIssue): Reply {
  return ok(pullJson(renderer, repository, issue));
}

function isPull(issue: Issue): issue is PullIssue {
  return issue.pull !== null;
}

function listPulls(call: RepositoryCall): Reply {
  const { repository, renderer, query } = call;
  const state = query.get("state") ?? "open";
  const head = query.get("head");
  const base = query.get("base");
  const found = [...repository.issues.values()].filter(isPull).filter((issue) => {
    if (state !== "all" && issue.state !== state) return false;
    if (base !== null && issue.pull.base !== base) return false;
    return head === null || head === `${repository.owner}:${issue.pull.head}`;
  });
  const key = query.get("sort") === "updated" ? "updatedAt" : "createdAt";
  const sign = query.get("direction") === "asc" ? 1 : -1;
  found.sort((a, b) => sign * (a[key] < b[key] ? -1 : a[key] > b[key] ? 1 : a.number - b.number));
  // A list shows less than a single read: whether it can be merged is not looked at.
  const shown = found.map((issue) => {
    const {
      mergeable: _,
      mergeable_state: __,
      merged: ___,
      ...short
    } = pullJson(renderer, repository, issue);
    return short;
  });
  return page(call, shown, repository);
}

function postPull(call: RepositoryCall): Reply {
  const { repository, renderer, body } = call;
  const head = (stringIn(body, "head") ?? "").replace(`${repository.owner}:`, "");
  const base = stringIn(body, "base") ?? "";
  const headSha = repository.branches.get(head);
  if (headSha === undefined) throw invalid("PullRequest", "head");
  if (!repository.branches.has(base)) throw invalid("PullRequest", "base");
  const title = stringIn(body, "title");
  if (title === undefined || title === "") throw invalid("PullRequest", "title", "missing_field");
  const twin = [...repository.issues.values()].find(
    ({ pull, state }) => pull?.head === head && pull.base === base && state === "open",
  );
  if (twin !== undefined) throw custom(`A pull request already exists for ${repository.owner}:${head}.`);
  if (isOnBranch(repository, headSha, base)) throw custom(`No commits between ${base} and ${head}`);
  const issue = createIssue(atOf(call), {
    title,
    body: stringIn(body, "body") ?? null,
    pull: {
      head,
      headSha,
      base,
      isDraft: body.draft === true,
      mergedAt: null,
      mergeSha: null,
      isDirty: false,
      requestedReviewers: [],
      reviews: [],
    },
  });
  if (!isPull(issue)) throw new Error("a pull request was made");
  return created(pullJson(renderer, repository, issue));
}

function custom(message: string): Refusal {
  return new Refusal(422, "Validation Failed", {
    errors: [{ resource: "PullRequest", code: "custom", message }],
  });
}

function patchPull(call: RepositoryCall): Reply {
  const issue = demandPull(call);
  changeIssue(atOf(call), issue, issueMembers(call));
  return answer(call, issue);
}

/** https://docs.github.com/en/rest/pulls/pulls#merge-a-pull-request */
function mergePull(call: RepositoryCall): Reply {
  const { state, repository, body } = call;
  const issue = demandPull(call);
  const { pull } = issue;
  const sha = stringIn(body, "sha");
  if (sha !== undefined && sha !== pull.headSha)
    throw new Refusal(409, "Head branch was modified. Review and try the merge again.");
  const verdict = mergeableState(repository, issue);
  if (issue.state !== "open" || ["draft", "dirty", "blocked"].includes(verdict)) {
    const said = verdict === "draft" ? "Pull Request is still a draft" : "Pull Request is not mergeable";
    throw new Refusal(405, said);
  }
  const parents = [repository.branches.get(pull.base) ?? "", pull.headSha];
  pull.mergeSha = newSha(state);
  pull.mergedAt = stamp(state);
  moveBranch(atOf(call), pull.base, { sha: pull.mergeSha, parents });
  changeIssue(atOf(call), issue, { state: "closed", reason: null });
  closeNamed(call, issue);
  return ok({ sha: pull.mergeSha, merged: true, message: "Pull Request successfully merged" });
}

/** "Fixes #1" in the body of a merged pull request closes the issue. */
function closeNamed(call: RepositoryCall, { body }: Issue): void {
  for (const [, number] of (body ?? "").matchAll(/\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\s+#(\d+)/gi)) {
    const issue = call.repository.issues.get(Number(number));
    if (issue?.state === "open" && issue.pull === null)
      changeIssue(atOf(call), issue, { state: "closed", reason: "completed" });
  }
}

function listReviews(call: RepositoryCall): Reply {
  const issue = demandPull(call);
  const { renderer, repository } = call;
  return page(
    call,
    issue.pull.reviews.map((review) => reviewJson(renderer, repository, issue, review)),
    repository,
  );
}

const reviewStates: Readonly<Record<string, Review["state"]>> = {
  APPROVE: "APPROVED",
  REQUEST_CHANGES: "CHANGES_REQUESTED",
  COMMENT: "COMMENTED",
};

function postReview(call: RepositoryCall): Reply {
  const issue = demandPull(call);
  const state = reviewStates[stringIn(call.body, "event") ?? ""];
  if (state === undefined) throw invalid("PullRequestReview", "event");
  const review = addReview(call, issue, { state, body: stringIn(call.body, "body") ?? "" });
  return ok(reviewJson(call.renderer, call.repository, issue, review));
}

function addReview(call: RepositoryCall, issue: PullIssue, of: Pick<Review, "state" | "body">): Review {
  const { state, token } = call;
  const review: Review = {
    id: newId(state),
    author: token.login,
    sha: issue.pull.headSha,
    submittedAt: stamp(state),
    ...of,
  };
  issue.pull.reviews.push(review);
  issue.updatedAt = stamp(state);
  tell(atOf(call), "pull_request_review", "submitted", { issue, review });
  return review;
}

function getBranch({ repository, params }: RepositoryCall): Reply {
  const name = params.branch ?? "";
  const sha = repository.branches.get(name);
  if (sha === undefined) throw new Refusal(404, "Branch not found");
  return ok({ name, commit: { sha }, protected: repository.protections.has(name) });
}

function matchRefs(call: RepositoryCall): Reply {
  const { repository, params } = call;
  const found = [...repository.branches].filter(([name]) => name.startsWith(params.prefix ?? ""));
  return page(
    call,
    found.map(([name, sha]) => ({ ref: `refs/heads/${name}`, object: { sha, type: "commit" } })),
    repository,
  );
}

function postRef(call: RepositoryCall): Reply {
  const { repository, body } = call;
  const name = /^refs\/heads\/(.+)$/.exec(stringIn(body, "ref") ?? "")?.[1];
  const sha = stringIn(body, "sha") ?? "";
  if (name === undefined)
    throw new Refusal(422, "Reference name must start with 'refs/' and have at least two slashes.");
  if (!repository.commits.has(sha)) throw new Refusal(422, "Object does not exist");
  if (repository.branches.has(name)) throw new Refusal(422, "Reference already exists");
  repository.branches.set(name, sha);
  return created({ ref: `refs/heads/${name}`, object: { sha, type: "commit" } });
}

function deleteRef({ repository, params }: RepositoryCall): Reply {
  if (!repository.branches.delete(params.branch ?? "")) throw new Refusal(422, "Reference does not exist");
  return noContent;
}

function getProtection({ repository, params }: RepositoryCall): Reply {
  const protection = repository.protections.get(params.branch ?? "");
  if (protection === undefined) throw new Refusal(404, "Branch not protected");
  const contexts = [...protection.requiredChecks];
  return ok({ strict: false, contexts, checks: contexts.map((context) => ({ context, app_id: null })) });
}

function getRules({ repository, params }: RepositoryCall): Reply {
  const protection = repository.protections.get(params.branch ?? "");
  if (protection === undefined) return ok([]);
  const checks = protection.requiredChecks.map((context) => ({ context }));
  const reviews = { required_approving_review_count: protection.requiredReviews };
  return ok([
    { type: "required_status_checks", ruleset_id: 1, parameters: { required_status_checks: checks } },
    { type: "pull_request", ruleset_id: 1, parameters: reviews },
  ]);
}

function listChecks({ repository, renderer, params }: RepositoryCall): Reply {
  const runs = checksOf(repository, params.sha ?? "");
  return ok({
    total_count: runs.length,
    check_runs: runs.map((run) => checkRunJson(renderer, repository, run)),
  });
}

function postCheck(call: RepositoryCall): Reply {
  const { state, repository, renderer, body, token } = call;
  if (!token.isInstallation) throw new Refusal(403, "You must authenticate via a GitHub App.");
  const status = stringIn(body, "status");
  const run: CheckRun = {
    id: newId(state),
    sha: stringIn(body, "head_sha") ?? "",
    name: stringIn(body, "name") ?? "check",
    status: status === "completed" || status === "in_progress" ? status : "queued",
    conclusion: stringIn(body, "conclusion") ?? null,
    startedAt: stamp(state),
  };
  repository.checks.push(run);
  tell(atOf(call), "check_run", run.status === "completed" ? "completed" : "created", { check: run });
  return created(checkRunJson(renderer, repository, run));
}

function getStatus({ repository, renderer, params }: RepositoryCall): Reply {
  const sha = params.sha ?? "";
  const all = statusesOf(repository, sha);
  const isFailing = all.some(({ state }) => state === "failure" || state === "error");
  const isPending = all.length === 0 || all.some(({ state }) => state === "pending");
  const state = isFailing ? "failure" : isPending ? "pending" : "success";
  const statuses = all.map((status) => statusJson(renderer, repository, status));
  return ok({ state, statuses, sha, total_count: all.length });
}

function postStatus(call: RepositoryCall): Reply {
  const { state, repository, renderer, body, params } = call;
  const word = stringIn(body, "state");
  if (word !== "error" && word !== "failure" && word !== "pending" && word !== "success")
    throw invalid("Status", "state");
  const status: Status = {
    id: newId(state),
    sha: params.sha ?? "",
    context: stringIn(body, "context") ?? "default",
    state: word,
    description: stringIn(body, "description") ?? null,
    targetUrl: stringIn(body, "target_url") ?? null,
    createdAt: stamp(state),
  };
  repository.statuses.push(status);
  tell(atOf(call), "status", null, { status });
  return created(statusJson(renderer, repository, status));
}
