import type { Json } from "../../core/json.ts";
import { type Answer, limitOf } from "./answer.ts";
import type { Sent } from "./client.ts";
import { type Right, refusal } from "./errors.ts";
import type { Asked, AskedRefusal } from "./pull-requests.ts";

/** What was asked for, for messages and for what to grant. */
export interface Request {
  readonly what: string;
  readonly right: Right;
}

export type AskedOutcome = Exclude<Asked<never>, { kind: "done" | "already" }>;

export function refusedAs(
  why: AskedRefusal,
  message: string,
  retryAfterMs: number | null = null,
): AskedOutcome {
  return { kind: "refused", why, message, retryAfterMs };
}

/** The answer of something that was carried out, or what became of it. `why` judges refusals that have a name of their own. */
export function askedOf(
  request: Request,
  sent: Sent,
  why: (answer: Answer) => AskedRefusal | null = () => null,
): { readonly answer: Json } | AskedOutcome {
  switch (sent.kind) {
    case "unsent": {
      const { retry, message } = sent.error;
      return refusedAs("limited", message, retry === "never" ? null : retry === "safe" ? 0 : retry.afterMs);
    }
    case "unclear":
      return { kind: "doubt", reason: sent.error.message };
    case "answered":
      return ofAnswer(request, sent.answer, why);
  }
}

function ofAnswer(
  { what, right }: Request,
  answer: Answer,
  why: (answer: Answer) => AskedRefusal | null,
): { readonly answer: Json } | AskedOutcome {
  const { status } = answer;
  const limit = limitOf(what, answer);
  if (limit !== null) return refusedAs("limited", limit.message, answer.retryAfterMs);
  if (status < 300) return { answer: answer.body };
  const named = why(answer);
  const error = refusal(what, answer, right);
  if (named !== null) return refusedAs(named, error.message);
  if (status >= 500 || status === 408 || status === 409)
    return { kind: "doubt", reason: `GitHub answered ${what} with ${status}${answer.trace}.` };
  if (status === 401 || status === 403) return refusedAs("forbidden", error.message);
  if (status < 400 || status === 404 || status === 410) return refusedAs("not-found", error.message);
  return refusedAs("invalid", error.message);
}
