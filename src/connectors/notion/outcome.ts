import type { WriteOutcome } from "../../connector/connector.ts";
import { LockstepError } from "../../core/errors.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import type { HttpResponse } from "../../http/answer.ts";
import type { Answered, Sent } from "../../http/client.ts";
import { accessLost, type Capability, refusal } from "./errors.ts";
import { isSameId, type JsonObject } from "./page.ts";
import { outcomeOfError } from "./refused.ts";

/** When a limit does not say how long to wait: one whole window. */
const RETRY_AFTER_DEFAULT_MS = 60_000;
const REASON_BLOCKED = "public_api_request_blocked";

export interface SentWrite {
  /** "the update of page …", for messages. */
  readonly what: string;
  readonly capability: Capability;
  /** The page that was written; null: one was to be made. */
  readonly pageId: string | null;
  readonly body: JsonObject;
}

/**
 * What became of a write that was sent once: the answer to read the page from, or its outcome. Whatever may have been
 * carried out is in doubt; refused is only what Notion says it did not do.
 * Throws ACCESS_LOST, which is said of writes that were not carried out.
 */
export function outcomeOf(write: SentWrite, sent: Sent): { readonly answer: Json } | WriteOutcome {
  switch (sent.kind) {
    case "unsent":
      return outcomeOfError(sent.error);
    case "unclear":
      return { kind: "doubt", reason: sent.error.message, committedId: null };
    case "answered":
      return outcomeOfAnswer(write, sent);
  }
}

function outcomeOfAnswer(write: SentWrite, sent: Answered): { readonly answer: Json } | WriteOutcome {
  const { response, failure } = sent;
  const { status } = response;
  if (status < 300) return { answer: response.body };
  if (status === 429 || status === 529) return limited(write, sent);
  // 409 has been seen with effect, and so have the others.
  if (status === 409 || status >= 500)
    return {
      kind: "doubt",
      reason: failure?.error.message ?? `Notion answered ${write.what} with ${status}.`,
      committedId: committedIdIn(response.body),
    };
  // A redirect, or a page from the edge in place of Notion's answer: Notion did not see it.
  if (failure !== null) return outcomeOfError(failure.error);
  return refusedBy(write, response);
}

function limited({ what }: SentWrite, { response, failure }: Answered): WriteOutcome {
  const isBlocked = failure?.error.details.reason === REASON_BLOCKED;
  return {
    kind: "refused",
    code: "RATE_LIMITED",
    message: failure?.error.message ?? `Notion answered ${what} with ${response.status}.`,
    retryAfterMs: isBlocked ? null : (failure?.retryAfterMs ?? RETRY_AFTER_DEFAULT_MS),
  };
}

/** Notion's own word that it did not do it. */
function refusedBy({ what, capability, pageId, body }: SentWrite, response: HttpResponse): WriteOutcome {
  const error = refusal(what, response, capability);
  const { status } = response;
  const said = messageIn(response.body);
  const isBlockLimit = error.details.isBlockLimit === true;
  if (status === 401 || (status === 403 && !isBlockLimit)) throw accessLost(error, "Nothing was written.");
  if (status === 404 && !namesReference(said, pageId, body)) {
    if (pageId === null) throw accessLost(error, "Nothing was written.");
    return outcomeOfError(new LockstepError("RECORD_NOT_FOUND", error.message));
  }
  if (status === 400 && /\barchived\b|\bin trash\b/i.test(said)) {
    // A new page is refused for what it was to lie in.
    if (pageId === null) throw accessLost(error, "Nothing was written.");
    return outcomeOfError(new LockstepError("RECORD_TRASHED", error.message));
  }
  return outcomeOfError(error);
}

/** True when what cannot be found is something that a value refers to (a related page), not the page or its parent. */
function namesReference(said: string, pageId: string | null, body: JsonObject): boolean {
  const named = /[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}/i.exec(said)?.[0];
  if (named === undefined || (pageId !== null && isSameId(named, pageId))) return false;
  return JSON.stringify(body.properties ?? {})
    .toLowerCase()
    .replaceAll("-", "")
    .includes(named.toLowerCase().replaceAll("-", ""));
}

function messageIn(body: Json): string {
  return isJsonObject(body) && typeof body.message === "string" ? body.message : "";
}

function committedIdIn(body: Json): string | null {
  const data = isJsonObject(body) ? body.additional_data : undefined;
  const id = isJsonObject(data) ? data.committed_resource_id : undefined;
  return typeof id === "string" ? id : null;
}
