import type { WriteOutcome } from "../../connector/connector.ts";
import { LockstepError } from "../../core/errors.ts";
import type { Json } from "../../core/json.ts";
import { type Answer, limitOf } from "./answer.ts";
import type { Sent } from "./client.ts";
import { accessLost, isReadOnly, type Right, refusal } from "./errors.ts";
import { outcomeOfError } from "./refused.ts";

const nothingWritten = "Nothing was written.";

export interface SentWrite {
  /** "the update of issue …", for messages. */
  readonly what: string;
  /** A new issue: then "not found" is said of the repository. */
  readonly isNew: boolean;
  readonly right: Right;
}

/**
 * What became of a write that was sent once: the answer to read it from, or its outcome. Whatever may have been carried out is
 * in doubt; refused is only what GitHub says it did not do. Throws ACCESS_LOST, which is said of writes that were not carried out.
 */
export function outcomeOf(
  write: SentWrite,
  sent: Sent,
): { readonly answer: Json; readonly etag: string | null } | WriteOutcome {
  switch (sent.kind) {
    case "unsent":
      return outcomeOfError(sent.error);
    case "unclear":
      return { kind: "doubt", reason: sent.error.message, committedId: null };
    case "answered":
      return outcomeOfAnswer(write, sent.answer);
  }
}

function outcomeOfAnswer(
  { what, isNew, right }: SentWrite,
  answer: Answer,
): { readonly answer: Json; readonly etag: string | null } | WriteOutcome {
  const { status } = answer;
  if (status < 300) return { answer: answer.body, etag: answer.etag };
  const limit = limitOf(what, answer);
  if (limit !== null) return outcomeOfError(limit);
  if (status >= 500 || status === 408 || status === 409)
    return {
      kind: "doubt",
      reason: `GitHub answered ${what} with ${status}${answer.trace}.`,
      committedId: null,
    };
  const error = refusal(what, answer, right);
  const isLost = status === 401 || (status === 403 && !isReadOnly(answer.body));
  const isMissing = status < 400 || status === 404 || status === 410;
  if (isLost || (isNew && isMissing)) throw accessLost(error, nothingWritten);
  if (isMissing) return outcomeOfError(new LockstepError("RECORD_NOT_FOUND", error.message));
  return outcomeOfError(error);
}
