import type { Json, JsonObject } from "../json.ts";
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
import type { CheckRun, HookEvent, Issue, Label, Milestone, Repository, Status } from "./state.ts";

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
  const { issue, comment, review } = about;
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
      return { check_run: checkOf(renderer, repository, extra.check as CheckRun) };
    case "status":
      return statusOf(renderer, repository, extra.status as Status);
    case "label":
      return { label: labelJson(renderer, repository, extra.label as Label) };
    case "milestone":
      return { milestone: milestoneJson(renderer, repository, extra.milestone as Milestone) };
    default:
      return { ...(extra as JsonObject) };
  }
}

function isPull(issue: Issue): issue is PullIssue {
  return issue.pull !== null;
}

function issueExtra(renderer: Renderer, { repository, extra }: HookEvent): JsonObject {
  const { label, changes, moved, target } = extra as {
    label?: Label;
    changes?: Json;
    moved?: Issue;
    target?: Repository;
  };
  return {
    ...(label === undefined ? {} : { label: labelJson(renderer, repository, label) }),
    ...(changes === undefined ? {} : { changes }),
    ...(moved === undefined || target === undefined
      ? {}
      : {
          changes: {
            new_issue: issueJson(renderer, target, moved),
            new_repository: repositoryJson(renderer, target, null),
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
