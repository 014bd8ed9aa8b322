import type { JsonObject } from "../json.ts";
import { type PullIssue, pullJson } from "./pull-state.ts";
import {
  checkRunJson,
  commentJson,
  issueJson,
  labelJson,
  milestoneJson,
  type Renderer,
  repositoryJson,
  reviewJson,
  statusJson,
  userJson,
} from "./render.ts";
import type { CheckRun, HookEvent, Issue, Repository, Status } from "./state.ts";

/** The body of a delivery. https://docs.github.com/en/webhooks/webhook-events-and-payloads */
export function payloadOf(renderer: Renderer, event: HookEvent): JsonObject {
  const { repository, sender, action } = event;
  return {
    ...(action === null ? {} : { action }),
    ...aboutOf(renderer, event),
    repository: repositoryJson(renderer, repository, null),
    sender: userJson(renderer, sender),
  };
}

function aboutOf(renderer: Renderer, event: HookEvent): JsonObject {
  const { repository, about, extra } = event;
  const { issue, comment, review, label, milestone, check, status } = about;
  switch (event.event) {
    case "issues":
      return issue === undefined
        ? {}
        : { issue: issueJson(renderer, repository, issue), ...issueExtra(renderer, event) };
    case "issue_comment":
      return issue === undefined || comment === undefined
        ? {}
        : {
            issue: issueJson(renderer, repository, issue),
            comment: commentJson(renderer, repository, comment),
          };
    case "pull_request":
      return issue === undefined || !isPull(issue)
        ? {}
        : { number: issue.number, pull_request: pullJson(renderer, repository, issue) };
    case "pull_request_review":
      return issue === undefined || review === undefined || !isPull(issue)
        ? {}
        : {
            review: { ...reviewJson(renderer, repository, issue, review), state: review.state.toLowerCase() },
            pull_request: pullJson(renderer, repository, issue),
          };
    case "check_run":
      return check === undefined ? {} : { check_run: checkOf(renderer, repository, check) };
    case "status":
      return status === undefined ? {} : statusOf(renderer, repository, status);
    case "label":
      return label === undefined ? {} : { label: labelJson(renderer, repository, label) };
    case "milestone":
      return milestone === undefined ? {} : { milestone: milestoneJson(renderer, repository, milestone) };
    default:
      return extra;
  }
}

function isPull(issue: Issue): issue is PullIssue {
  return issue.pull !== null;
}

function issueExtra(
  renderer: Renderer,
  { repository, about: { label, moved }, extra }: HookEvent,
): JsonObject {
  return {
    ...extra,
    ...(label === undefined ? {} : { label: labelJson(renderer, repository, label) }),
    ...(moved === undefined
      ? {}
      : {
          changes: {
            new_issue: issueJson(renderer, moved.repository, moved.issue),
            new_repository: repositoryJson(renderer, moved.repository, null),
          },
        }),
  };
}

/** With the open pull requests whose head was checked. */
function checkOf(renderer: Renderer, repository: Repository, run: CheckRun): JsonObject {
  const about = [...repository.issues.values()].filter(
    ({ pull, state }) => pull?.headSha === run.sha && state === "open",
  );
  const branch = branchesAt(repository, run.sha)[0] ?? null;
  return {
    ...checkRunJson(renderer, repository, run),
    check_suite: { head_branch: branch, head_sha: run.sha },
    pull_requests: about.map(({ number, id }) => ({ id, number })),
  };
}

function statusOf(renderer: Renderer, repository: Repository, status: Status): JsonObject {
  const { url: _, node_id: __, ...shared } = statusJson(renderer, repository, status);
  return {
    ...shared,
    sha: status.sha,
    name: `${repository.owner}/${repository.name}`,
    branches: branchesAt(repository, status.sha).map((name) => ({ name, commit: { sha: status.sha } })),
  };
}

function branchesAt({ branches }: Repository, sha: string): readonly string[] {
  return [...branches].filter(([, at]) => at === sha).map(([name]) => name);
}
