import { isObject, type JsonObject } from "../json.ts";
import { validationError } from "./errors.ts";
import type { FaultRule } from "./faults.ts";

const kinds = ["status", "delay", "drop", "truncate", "invalid_json", "empty_list"];

/** What an effect of a kind cannot do without: the member and its type. */
const needs: { readonly [kind: string]: readonly [member: string, type: string] } = {
  status: ["status", "number"],
  delay: ["ms", "number"],
  drop: ["when", "string"],
};

/** Checks a rule that came from outside, as far as acting on it could go wrong. Throws with what is wrong. */
export function parseFault(rule: JsonObject): FaultRule {
  const { effect, match } = rule;
  const kind = isObject(effect) ? String(effect.kind) : "";
  if (!isObject(effect) || !kinds.includes(kind)) {
    throw validationError(`A fault rule needs an effect whose kind is one of ${kinds.join(", ")}.`);
  }
  const need = needs[kind];
  if (need !== undefined && typeof effect[need[0]] !== need[1]) {
    throw validationError(`A fault effect of kind ${kind} needs ${need[0]} as a ${need[1]}.`);
  }
  if (match !== undefined && !isObject(match))
    throw validationError("The match of a fault rule should be an object.");
  if (typeof match?.path === "string") refuseBadPattern(match.path);
  return rule as unknown as FaultRule;
}

function refuseBadPattern(pattern: string): void {
  try {
    new RegExp(pattern);
  } catch {
    throw validationError(`The path of a fault rule should be a regular expression, got ${pattern}.`);
  }
}
