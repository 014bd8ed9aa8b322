import { isJsonObject, type Json } from "../../core/json.ts";
import { memberOf } from "./identity.ts";
import { textOf } from "./issue.ts";
import type { PullRequest } from "./pull-requests.ts";

/** A pull request as REST shows it; null: something else. */
export function pullRequestIn(value: Json, repositoryId: number): PullRequest | null {
  if (!isJsonObject(value) || typeof value.number !== "number") return null;
  const headSha = textOf(memberOf(value.head, "sha"));
  const headBranch = textOf(memberOf(value.head, "ref"));
  const baseBranch = textOf(memberOf(value.base, "ref"));
  const updatedAt = textOf(value.updated_at);
  if (headSha === null || headBranch === null || baseBranch === null || updatedAt === null) return null;
  const isMerged = value.merged === true || typeof value.merged_at === "string";
  const reviewers = Array.isArray(value.requested_reviewers) ? value.requested_reviewers : [];
  return {
    repositoryId,
    number: value.number,
    nodeId: textOf(value.node_id) ?? "",
    title: textOf(value.title) ?? "",
    url: textOf(value.html_url) ?? "",
    state: isMerged ? "merged" : value.state === "open" ? "open" : "closed",
    isDraft: value.draft === true,
    headSha,
    headBranch,
    // A fork that was deleted shows no repository at all.
    isHeadHere: memberOf(memberOf(value.head, "repo"), "id") === repositoryId,
    baseBranch,
    body: textOf(value.body) ?? "",
    author: textOf(memberOf(value.user, "login")),
    updatedAt,
    requestedReviewers: reviewers.flatMap((each: Json) => textOf(memberOf(each, "login")) ?? []),
  };
}
