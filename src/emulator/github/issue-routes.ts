import {
  atOf,
  created,
  invalid,
  issueIn,
  namesIn,
  noContent,
  ok,
  page,
  Refusal,
  type Reply,
  type RepositoryCall,
  type Route,
  stringIn,
} from "./call.ts";
import {
  addComment,
  addMilestone,
  changeIssue,
  createIssue,
  type IssueChange,
  labelNamed,
  tell,
} from "./operations.ts";
import { commentJson, issueJson, labelJson, milestoneJson } from "./render.ts";
import { type Issue, isSince, type Label, stamp } from "./state.ts";

const reading = { name: "issues", level: "read" } as const;
const writing = { name: "issues", level: "write" } as const;
const titleLengthMax = 256;
const bodyLengthMax = 65_536;

/** https://docs.github.com/en/rest/issues */
export const issueRoutes: readonly Route[] = [
  { method: "GET", template: "/issues", right: reading, handle: listIssues },
  { method: "POST", template: "/issues", right: writing, handle: postIssue },
  { method: "GET", template: "/issues/comments", right: reading, handle: listComments },
  {
    method: "GET",
    template: "/issues/{number}",
    right: reading,
    handle: (call) => answer(call, issueIn(call)),
  },
  { method: "PATCH", template: "/issues/{number}", right: writing, handle: patchIssue },
  { method: "PUT", template: "/issues/{number}/lock", right: writing, handle: (call) => lock(call, true) },
  {
    method: "DELETE",
    template: "/issues/{number}/lock",
    right: writing,
    handle: (call) => lock(call, false),
  },
  { method: "POST", template: "/issues/{number}/labels", right: writing, handle: addLabels },
  { method: "GET", template: "/issues/{number}/comments", right: reading, handle: listIssueComments },
  { method: "POST", template: "/issues/{number}/comments", right: writing, handle: postComment },
  { method: "GET", template: "/labels", right: reading, handle: listLabels },
  { method: "POST", template: "/labels", right: writing, handle: postLabel },
  {
    method: "GET",
    template: "/labels/{name}",
    right: reading,
    handle: (call) => labelAnswer(call, labelIn(call)),
  },
  { method: "PATCH", template: "/labels/{name}", right: writing, handle: patchLabel },
  { method: "DELETE", template: "/labels/{name}", right: writing, handle: deleteLabel },
  { method: "GET", template: "/milestones", right: reading, handle: listMilestones },
  { method: "POST", template: "/milestones", right: writing, handle: postMilestone },
];

function answer({ renderer, repository }: RepositoryCall, issue: Issue): Reply {
  return ok(issueJson(renderer, repository, issue));
}

/** Pull requests are issues here, too. */
function listIssues(call: RepositoryCall): Reply {
  const { repository, renderer, query } = call;
  const state = query.get("state") ?? "open";
  const since = query.get("since");
  const creator = query.get("creator")?.toLowerCase();
  const labels = query.get("labels")?.split(",") ?? [];
  const found = [...repository.issues.values()].filter((issue) => {
    if (state !== "all" && issue.state !== state) return false;
    if (issue.listedFrom > call.state.now()) return false;
    if (!isSince(call.state, issue.updatedAt, since)) return false;
    if (creator !== undefined && issue.author.toLowerCase() !== creator) return false;
    const names = repository.labels.filter(({ id }) => issue.labels.includes(id)).map(({ name }) => name);
    return labels.every((label) => names.includes(label));
  });
  const sort = query.get("sort") === "updated" ? "updatedAt" : "createdAt";
  const sign = query.get("direction") === "asc" ? 1 : -1;
  found.sort((a, b) => sign * (a[sort] < b[sort] ? -1 : a[sort] > b[sort] ? 1 : a.number - b.number));
  return page(
    call,
    found.map((issue) => issueJson(renderer, repository, issue)),
    repository,
  );
}

function postIssue(call: RepositoryCall): Reply {
  const { repository, renderer, body } = call;
  const change = changeIn(call);
  if (change.title === undefined) throw invalid("Issue", "title", "missing_field");
  const { title } = change;
  const issue = createIssue(atOf(call), {
    title,
    body: change.body ?? null,
    labels: namesIn(body.labels) ?? [],
    milestone: change.milestone ?? null,
    assignees: change.assignees ?? [],
  });
  return created(issueJson(renderer, repository, issue));
}

function patchIssue(call: RepositoryCall): Reply {
  const issue = issueIn(call);
  changeIssue(atOf(call), issue, changeIn(call));
  return answer(call, issue);
}

const reasons = ["completed", "not_planned", "duplicate", "reopened"];

function changeIn({ body, repository }: RepositoryCall): IssueChange {
  const title = stringIn(body, "title");
  if (title !== undefined && title.trim() === "") throw invalid("Issue", "title", "missing_field");
  if (title !== undefined && title.length > titleLengthMax)
    throw invalid("Issue", "title", "custom", `title is too long (maximum is ${titleLengthMax} characters)`);
  const text = body.body === null ? null : stringIn(body, "body");
  if (typeof text === "string" && text.length > bodyLengthMax)
    throw invalid("Issue", "body", "custom", `body is too long (maximum is ${bodyLengthMax} characters)`);
  const state = stringIn(body, "state");
  if (state !== undefined && state !== "open" && state !== "closed") throw invalid("Issue", "state");
  const reason = stringIn(body, "state_reason");
  if (reason !== undefined && !reasons.includes(reason)) throw invalid("Issue", "state_reason");
  const milestone = body.milestone;
  if (typeof milestone === "number" && !repository.milestones.some(({ number }) => number === milestone))
    throw invalid("Issue", "milestone");
  const labels = namesIn(body.labels);
  const assignees = namesIn(body.assignees);
  return {
    ...(title === undefined ? {} : { title }),
    ...(text === undefined ? {} : { body: text }),
    ...(state === undefined ? {} : { state }),
    ...(reason === undefined ? {} : { reason }),
    ...(labels === undefined ? {} : { labels }),
    ...(assignees === undefined ? {} : { assignees }),
    ...(typeof milestone === "number" || milestone === null ? { milestone } : {}),
  };
}

function lock(call: RepositoryCall, isLocked: boolean): Reply {
  const issue = issueIn(call);
  issue.isLocked = isLocked;
  issue.updatedAt = stamp(call.state);
  return noContent;
}

function addLabels(call: RepositoryCall): Reply {
  const { repository, renderer, body } = call;
  const issue = issueIn(call);
  const names = repository.labels.filter(({ id }) => issue.labels.includes(id)).map(({ name }) => name);
  changeIssue(atOf(call), issue, { labels: [...names, ...(namesIn(body.labels) ?? [])] });
  return ok(
    repository.labels
      .filter(({ id }) => issue.labels.includes(id))
      .map((label) => labelJson(renderer, repository, label)),
  );
}

function listIssueComments(call: RepositoryCall): Reply {
  const { repository, renderer } = call;
  const { number } = issueIn(call);
  const found = repository.comments.filter((comment) => comment.issue === number);
  return page(
    call,
    found.map((comment) => commentJson(renderer, repository, comment)),
    repository,
  );
}

function listComments(call: RepositoryCall): Reply {
  const { repository, renderer, query } = call;
  const since = query.get("since");
  const found = repository.comments.filter(({ updatedAt }) => isSince(call.state, updatedAt, since));
  const key = query.get("sort") === "updated" ? "updatedAt" : "createdAt";
  const sign = query.get("direction") === "desc" ? -1 : 1;
  const sorted = found.toSorted((a, b) => sign * (a[key] < b[key] ? -1 : a[key] > b[key] ? 1 : a.id - b.id));
  return page(
    call,
    sorted.map((comment) => commentJson(renderer, repository, comment)),
    repository,
  );
}

function postComment(call: RepositoryCall): Reply {
  const issue = issueIn(call);
  const text = stringIn(call.body, "body");
  if (text === undefined || text === "") throw invalid("IssueComment", "body", "missing_field");
  return created(commentJson(call.renderer, call.repository, addComment(atOf(call), issue, text)));
}

function listLabels(call: RepositoryCall): Reply {
  const { repository, renderer } = call;
  return page(
    call,
    repository.labels.map((label) => labelJson(renderer, repository, label)),
    repository,
  );
}

function postLabel(call: RepositoryCall): Reply {
  const { repository, renderer, body, state } = call;
  const name = stringIn(body, "name");
  if (name === undefined) throw invalid("Label", "name", "missing_field");
  if (repository.labels.some((label) => label.name.toLowerCase() === name.toLowerCase()))
    throw invalid("Label", "name", "already_exists");
  const color = stringIn(body, "color") ?? "ededed";
  if (!/^[0-9a-f]{6}$/i.test(color)) throw invalid("Label", "color");
  const label = labelNamed({ state, repository, by: call.token.login }, name);
  label.color = color;
  label.description = stringIn(body, "description") ?? null;
  return created(labelJson(renderer, repository, label));
}

function labelIn({ repository, params }: RepositoryCall): Label {
  const wanted = params.name?.toLowerCase();
  const label = repository.labels.find(({ name }) => name.toLowerCase() === wanted);
  if (label === undefined) throw new Refusal(404, "Not Found");
  return label;
}

function labelAnswer({ renderer, repository }: RepositoryCall, label: Label): Reply {
  return ok(labelJson(renderer, repository, label));
}

/** Issues that carry it are not stamped. */
function patchLabel(call: RepositoryCall): Reply {
  const label = labelIn(call);
  const { body } = call;
  label.name = stringIn(body, "new_name") ?? stringIn(body, "name") ?? label.name;
  label.color = stringIn(body, "color") ?? label.color;
  label.description = stringIn(body, "description") ?? label.description;
  tell(atOf(call), "label", "edited", { label });
  return labelAnswer(call, label);
}

function deleteLabel(call: RepositoryCall): Reply {
  const { repository } = call;
  const label = labelIn(call);
  repository.labels.splice(repository.labels.indexOf(label), 1);
  for (const issue of repository.issues.values()) issue.labels = issue.labels.filter((id) => id !== label.id);
  tell(atOf(call), "label", "deleted", { label });
  return noContent;
}

function listMilestones(call: RepositoryCall): Reply {
  const { repository, renderer, query } = call;
  const state = query.get("state") ?? "open";
  const found = repository.milestones.filter((milestone) => state === "all" || milestone.state === state);
  return page(
    call,
    found.map((milestone) => milestoneJson(renderer, repository, milestone)),
    repository,
  );
}

function postMilestone(call: RepositoryCall): Reply {
  const { repository, renderer, body } = call;
  const title = stringIn(body, "title");
  if (title === undefined || title === "") throw invalid("Milestone", "title", "missing_field");
  if (repository.milestones.some((milestone) => milestone.title === title))
    throw invalid("Milestone", "title", "already_exists");
  const milestone = addMilestone(atOf(call), title, stringIn(body, "due_on") ?? null);
  return created(milestoneJson(renderer, repository, milestone));
}

/** The whole of a pull request's body is checked as an issue's is. */
export function issueMembers(call: RepositoryCall): IssueChange {
  return changeIn(call);
}

export function demandPull(call: RepositoryCall): Issue & { pull: NonNullable<Issue["pull"]> } {
  const issue = issueIn(call);
  const { pull } = issue;
  if (pull === null) throw new Refusal(404, "Not Found");
  return Object.assign(issue, { pull });
}
