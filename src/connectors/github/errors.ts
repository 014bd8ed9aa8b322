import { type ErrorCode, LockstepError } from "../../core/errors.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import type { Answer } from "./answer.ts";

/** GitHub's own words go into messages, but never a whole body. */
const MESSAGE_LENGTH_MAX = 300;
const TOKENS_PAGE = "https://github.com/settings/personal-access-tokens";

/** A right as GitHub names it in a fine-grained token and in an App. */
export interface Right {
  readonly name:
    | "Issues"
    | "Pull requests"
    | "Contents"
    | "Checks"
    | "Commit statuses"
    | "Metadata"
    | "Administration";
  readonly access: "read" | "write";
}

/** GitHub's refusal (4xx) of a request for `what`, with advice. https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api */
export function refusal(
  what: string,
  answer: Answer,
  right: Right = { name: "Issues", access: "read" },
): LockstepError {
  const { status, trace, requestId, body } = answer;
  const { code, advice } = adviceFor(answer, right);
  const said = saidIn(body);
  const quoted = said === "" ? "" : ` "${said}"`;
  return new LockstepError(code, `Asked GitHub for ${what}, got ${status}${trace}:${quoted} ${advice}`, {
    details: { status, requestId },
  });
}

/** Where a right is granted, in words. */
export function whereToGrant({ name, access }: Right): string {
  const level = access === "write" ? "Read and write" : "Read-only";
  return `grant "${name}: ${level}" to the token (${TOKENS_PAGE} → the token → Repository permissions) or to the App (its settings → Permissions & events; then accept it at the installation)`;
}

function adviceFor(answer: Answer, right: Right): { readonly code: ErrorCode; readonly advice: string } {
  const { status, body, acceptedPermissions } = answer;
  if (status === 401)
    return {
      code: "GITHUB_UNAUTHORIZED",
      advice: `The token is wrong, expired or revoked: look it up at ${TOKENS_PAGE} and set GITHUB_TOKEN, or check the App's id and key.`,
    };
  if (status === 403 && isReadOnly(body))
    return {
      code: "GITHUB_FORBIDDEN",
      advice: "The repository is archived: unarchive it, or take it out of the configuration.",
    };
  if (status === 403) {
    const asked = acceptedPermissions === null ? "" : ` GitHub asks for ${acceptedPermissions}.`;
    return { code: "GITHUB_FORBIDDEN", advice: `The token may not do this:${asked} ${whereToGrant(right)}.` };
  }
  if (status === 410 && isIssuesDisabled(body))
    return {
      code: "GITHUB_FORBIDDEN",
      advice: "Issues are switched off in this repository: Settings → General → Features → Issues.",
    };
  if (status === 404 || status === 410)
    return {
      code: "GITHUB_NOT_FOUND",
      advice:
        "It does not exist, or the token cannot see it: add the repository to the token's or the App's repositories.",
    };
  return { code: "GITHUB_REFUSED", advice: "The request itself was refused, so trying again does not help." };
}

/** The collection can no longer be read or written; nothing follows from what is missing. */
export function accessLost(error: LockstepError, effect = "Nothing counts as deleted."): LockstepError {
  return new LockstepError("ACCESS_LOST", `${error.message} ${effect}`, { details: error.details });
}

/** GitHub's sentence, with the first of its detailed errors. */
export function saidIn(body: Json): string {
  if (!isJsonObject(body)) return "";
  const message = typeof body.message === "string" ? body.message : "";
  const [first] = Array.isArray(body.errors) ? body.errors : [];
  const detail = detailOf(first);
  return (detail === "" ? message : `${message}: ${detail}`).slice(0, MESSAGE_LENGTH_MAX);
}

function detailOf(error: Json | undefined): string {
  if (typeof error === "string") return error;
  if (!isJsonObject(error)) return "";
  if (typeof error.message === "string") return error.message;
  return [error.resource, error.field, error.code].filter((part) => typeof part === "string").join(" ");
}

/** 410 says two things: that the issue was deleted, and that the repository has no issues at all. */
export function isIssuesDisabled(body: Json): boolean {
  return /\bdisabled\b/i.test(saidIn(body));
}

export function isReadOnly(body: Json): boolean {
  return /\barchived\b/i.test(saidIn(body));
}
