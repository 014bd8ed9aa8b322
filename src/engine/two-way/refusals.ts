import { hash } from "node:crypto";
import type { WriteOutcome } from "../../connector/connector.ts";
import { canonicalJson, type Json } from "../../core/json.ts";
import type { Side } from "../../core/two-way/mapping.ts";
import type { SideWrite } from "../../core/two-way/pair.ts";
import { backOffMs } from "../back-off.ts";
import type { Intent, Pair } from "./link.ts";
import type { Session } from "./session.ts";

const firstWaitMs = 30_000;
const longestWaitMs = 6 * 3_600_000;

/** Certainly not written. */
type Refusal = Extract<WriteOutcome, { kind: "refused" }>;

/** The values themselves are what is wrong: sent again unchanged, they would be refused again. */
const badRequestCodes: ReadonlySet<string> = new Set([
  "NOTION_REFUSED",
  "VALUE_INVALID",
  "VALUE_TOO_LONG",
  "SQL_CHECK",
  "SQL_NOT_NULL",
]);
/** Not sent, for no fault of the side's: the next turn may be at once. */
const unsentCodes: ReadonlySet<string> = new Set(["CANCELLED", "SENT_TOO_LATE"]);

export function isBadRequest({ code, retryAfterMs }: Refusal): boolean {
  return retryAfterMs === null && badRequestCodes.has(code);
}

/** The pair that remembers what was refused, so that it is not sent again unchanged. */
export function withRefused(
  session: Session,
  { link, doc }: Pair,
  { intent, outcome }: { readonly intent: Intent; readonly outcome: Refusal },
): Pair {
  const { side } = intent;
  const key = refusalKey(session, { link, doc }, { side, write: intent });
  return { link, doc: { ...doc, refused: { side, key, problem: problemOf(outcome) } } };
}

/** Equal for a write that says the same, to a record and columns that are as they were. */
function refusalKey(
  session: Session,
  { doc }: Pair,
  { side, write }: { readonly side: Side; readonly write: Pick<Intent, "kind" | "fields"> },
): string {
  const values = Object.entries(write.fields).map(([name, { value }]): Json => [name, value]);
  const record = write.kind === "create" ? null : (doc.seen[side]?.revision ?? null);
  const columns = JSON.stringify(session.fields[side]);
  return hash("sha256", canonicalJson([side, write.kind, values, record, columns]));
}

/** True when this very write was refused, and nothing has changed since that could make a difference. */
export function isRefused(session: Session, pair: Pair, side: Side, write: SideWrite): boolean {
  const { refused: known = null } = pair.doc;
  return known?.side === side && known.key === refusalKey(session, pair, { side, write });
}

function problemOf({ code, message }: Refusal): string {
  return `${code}: ${message}`;
}

/** Certainly not written. Tried again after the wait the side asked for, or after a wait of our own. */
export function refused(
  pair: Pair,
  outcome: Refusal,
  { now, random }: { readonly now: number; readonly random: number },
): Pair {
  const { code, retryAfterMs } = outcome;
  const attempts = unsentCodes.has(code) ? pair.doc.attempts : pair.doc.attempts + 1;
  // What a side asks for may come in fractions.
  const dueAt = Math.ceil(now + waitAfter(outcome, { attempts, random }));
  const problem = retryAfterMs === null ? problemOf(outcome) : pair.link.problem;
  return { link: { ...pair.link, dueAt, problem }, doc: { ...pair.doc, attempts } };
}

/** What only a person or another record can mend is tried ever more rarely; what passes by itself, within a minute. */
function waitAfter(
  outcome: Refusal,
  { attempts, random }: { readonly attempts: number; readonly random: number },
): number {
  const { code, retryAfterMs } = outcome;
  // Looked at once more, to see whether the record is still what it was taken for.
  if (isBadRequest(outcome)) return firstWaitMs;
  if (retryAfterMs === null) return Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(attempts, 20));
  return unsentCodes.has(code) ? retryAfterMs : Math.max(retryAfterMs, backOffMs(attempts, random));
}
