import { isObject, type Json } from "../json.ts";
import { validationError } from "./errors.ts";
import type { DeliveryEffect, FaultEffect, FaultRule } from "./faults.ts";

/** Members an effect cannot do without, each with its type or the values it may have. */
type Needs = { readonly [member: string]: "number" | readonly string[] };

const kinds: { readonly [kind in (FaultEffect | DeliveryEffect)["kind"]]: Needs } = {
  status: { status: "number" },
  delay: { ms: "number" },
  hang: { when: ["before", "after"] },
  drop: { when: ["before", "after"] },
  truncate: {},
  invalid_json: {},
  empty_list: {},
  late_write: { ms: "number" },
  stale_read: {},
  slow_query: {},
  expired_cursor: {},
  lost: {},
  duplicate: {},
  late: { ms: "number" },
  reorder: {},
};

/** Checks a rule that came from outside, as far as acting on it could go wrong. Throws with what is wrong. */
export function parseFault(rule: unknown): FaultRule {
  const { effect, match } = isObject(rule) ? rule : {};
  const kind = isObject(effect) ? effect.kind : undefined;
  const needs = Object.entries(kinds).find(([known]) => known === kind)?.[1];
  if (!isObject(effect) || needs === undefined) {
    throw validationError(
      `A fault rule needs an effect whose kind is one of ${Object.keys(kinds).join(", ")}.`,
    );
  }
  for (const [member, wanted] of Object.entries(needs)) {
    const value = effect[member];
    if (wanted === "number" ? typeof value === "number" : wanted.some((text) => text === value)) continue;
    const expected = wanted === "number" ? "a number" : wanted.join(" or ");
    throw validationError(`A fault effect of kind ${String(kind)} needs ${member}: ${expected}.`);
  }
  if (match !== undefined && !isObject(match))
    throw validationError("The match of a fault rule should be an object.");
  for (const member of ["path", "event"]) refuseBadPattern(member, match?.[member]);
  return rule as FaultRule;
}

function refuseBadPattern(member: string, pattern: Json | undefined): void {
  if (pattern === undefined) return;
  try {
    new RegExp(String(pattern));
  } catch {
    throw validationError(
      `The ${member} of a fault rule should be a regular expression, got ${JSON.stringify(pattern)}.`,
    );
  }
}
