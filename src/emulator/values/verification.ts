import { objectAt, textAt } from "../api/input.ts";
import { bodyError } from "../http/errors.ts";
import { isObject, type Json, type JsonObject } from "../json.ts";
import type { State, Value } from "../state/state.ts";
import { instantOf } from "./dates.ts";
import type { WriteContext } from "./write.ts";

export type VerificationState = "verified" | "expired" | "unverified";

/** Reads `{state, date?}`. Kept as who verified the page, from when, and until when if that is limited. */
export function parseVerification(written: Json, { state, connection, path }: WriteContext): Value {
  const verification = objectAt(written, path);
  if (verification.state === "unverified") return { state: "unverified" };
  if (verification.state !== "verified")
    throw bodyError(`${path}.state`, '`"verified"`, or `"unverified"`', verification.state);
  const date = isObject(verification.date) ? verification.date : {};
  const [somebody = ""] = state.users.keys();
  return {
    state: "verified",
    by: connection?.botId ?? somebody,
    start: instantAt(date.start, `${path}.date.start`) ?? state.now(),
    end: instantAt(date.end, `${path}.date.end`),
  };
}

function instantAt(input: Json | undefined, path: string): number | null {
  if (input === undefined || input === null) return null;
  const ms = instantOf(textAt(input, path));
  if (ms === null) throw bodyError(path, "a valid ISO 8601 date string", input);
  return ms;
}

/** What a stored verification is worth now. */
export function verificationState(value: Value | undefined, state: State): VerificationState {
  if (!isObject(value) || value.state !== "verified") return "unverified";
  return typeof value.end === "number" && state.now() >= value.end ? "expired" : "verified";
}

/** As answers show it; null when nobody ever said anything about it. */
export function renderVerification(
  value: Value | undefined,
  state: State,
  renderUser: (id: string) => JsonObject,
): Json {
  if (!isObject(value)) return null;
  const current = verificationState(value, state);
  if (current === "unverified") return { state: current, verified_by: null, date: null };
  const text = (ms: Json | undefined): string | null =>
    typeof ms === "number" ? new Date(ms).toISOString() : null;
  return {
    state: current,
    verified_by: renderUser(String(value.by)),
    date: { start: text(value.start), end: text(value.end), time_zone: null },
  };
}
