import { toUuid } from "../api/input.ts";
import { bodyError } from "../http/errors.ts";
import type { Json } from "../json.ts";
import type { Property } from "../state/state.ts";
import { findOption, groupsOf } from "../values/options.ts";
import { spanOf, windowOf } from "./dates.ts";

/** Tests one value; what a value is depends on the family of operators. */
export type Test<V> = (value: V) => boolean;

export interface OperatorContext {
  readonly path: string;
  readonly now: number;
  /** What "me" means in filters on people. */
  readonly me: string;
  readonly property: Property | null;
}

/** One condition: its operator and what it compares with. */
export interface Condition {
  readonly operator: string;
  readonly wanted: Json;
}

/** Case does not matter in text filters. */
export function textTest({ operator, wanted }: Condition, context: OperatorContext): Test<string> {
  const emptiness = emptyTest(operator, wanted, context);
  if (emptiness !== null) return (value) => emptiness(value === "");
  if (typeof wanted !== "string") throw bodyError(`${context.path}.${operator}`, "a string", wanted);
  const text = wanted.toLowerCase();
  const tests: { readonly [operator: string]: Test<string> } = {
    equals: (value) => value.toLowerCase() === text,
    does_not_equal: (value) => value.toLowerCase() !== text,
    contains: (value) => value.toLowerCase().includes(text),
    does_not_contain: (value) => !value.toLowerCase().includes(text),
    starts_with: (value) => value.toLowerCase().startsWith(text),
    ends_with: (value) => value.toLowerCase().endsWith(text),
  };
  return known(tests, operator, context);
}

export function numberTest({ operator, wanted }: Condition, context: OperatorContext): Test<number | null> {
  const emptiness = emptyTest(operator, wanted, context);
  if (emptiness !== null) return (value) => emptiness(value === null);
  if (typeof wanted !== "number") throw bodyError(`${context.path}.${operator}`, "a number", wanted);
  const tests: { readonly [operator: string]: Test<number | null> } = {
    equals: (value) => value === wanted,
    does_not_equal: (value) => value !== wanted,
    greater_than: (value) => value !== null && value > wanted,
    less_than: (value) => value !== null && value < wanted,
    greater_than_or_equal_to: (value) => value !== null && value >= wanted,
    less_than_or_equal_to: (value) => value !== null && value <= wanted,
  };
  return known(tests, operator, context);
}

/** Values are instants; a date without a time is the start of its UTC day. */
export function dateTest({ operator, wanted }: Condition, context: OperatorContext): Test<number | null> {
  const emptiness = emptyTest(operator, wanted, context);
  if (emptiness !== null) return (value) => emptiness(value === null);
  const window = windowOf(operator, context.now);
  if (window !== null) return (value) => value !== null && value >= window.from && value < window.to;
  const span = typeof wanted === "string" ? spanOf(wanted, context.now) : null;
  if (span === null) throw bodyError(`${context.path}.${operator}`, "a valid ISO 8601 date string", wanted);
  const tests: { readonly [operator: string]: Test<number | null> } = {
    equals: (value) => value !== null && value >= span.from && value < span.to,
    before: (value) => value !== null && value < span.from,
    after: (value) => value !== null && value >= span.to,
    on_or_before: (value) => value !== null && value < span.to,
    on_or_after: (value) => value !== null && value >= span.from,
  };
  return known(tests, operator, context);
}

export function checkboxTest({ operator, wanted }: Condition, context: OperatorContext): Test<boolean> {
  if (typeof wanted !== "boolean") throw bodyError(`${context.path}.${operator}`, "a boolean", wanted);
  return known(
    { equals: (value) => value === wanted, does_not_equal: (value) => value !== wanted },
    operator,
    context,
  );
}

/** Select and status: values are option ids. A status group's name stands for its options. */
export function optionTest({ operator, wanted }: Condition, context: OperatorContext): Test<string | null> {
  const emptiness = emptyTest(operator, wanted, context);
  if (emptiness !== null) return (value) => emptiness(value === null);
  const ids = optionIds(wanted, `${context.path}.${operator}`, context);
  const tests: { readonly [operator: string]: Test<string | null> } = {
    equals: (value) => value !== null && ids.has(value),
    does_not_equal: (value) => value === null || !ids.has(value),
  };
  return known(tests, operator, context);
}

/** Multi-select: values are lists of option ids. */
export function optionsTest(
  { operator, wanted }: Condition,
  context: OperatorContext,
): Test<readonly string[]> {
  const emptiness = emptyTest(operator, wanted, context);
  if (emptiness !== null) return (value) => emptiness(value.length === 0);
  return containsTest(operator, optionIds(wanted, `${context.path}.${operator}`, context), context);
}

/** People and relations: values are lists of ids. */
export function idsTest({ operator, wanted }: Condition, context: OperatorContext): Test<readonly string[]> {
  const emptiness = emptyTest(operator, wanted, context);
  if (emptiness !== null) return (value) => emptiness(value.length === 0);
  const isPeople = context.property?.type !== "relation";
  const id = wanted === "me" && isPeople ? context.me : toUuid(wanted);
  if (id === null) throw bodyError(`${context.path}.${operator}`, "a valid uuid", wanted);
  return containsTest(operator, new Set([id]), context);
}

/** Files: only whether there are any. */
export function filesTest({ operator, wanted }: Condition, context: OperatorContext): Test<readonly Json[]> {
  const emptiness = emptyTest(operator, wanted, context);
  if (emptiness === null) return known({}, operator, context);
  return (value) => emptiness(value.length === 0);
}

/** Verification: `status` with verified, expired or none. */
export function verificationTest({ operator, wanted }: Condition, context: OperatorContext): Test<string> {
  if (wanted !== "verified" && wanted !== "expired" && wanted !== "none") {
    throw bodyError(`${context.path}.${operator}`, '`"verified"`, `"expired"`, or `"none"`', wanted);
  }
  return known(
    { status: (value) => value === wanted, does_not_equal: (value) => value !== wanted },
    operator,
    context,
  );
}

function containsTest(
  operator: string,
  ids: ReadonlySet<string>,
  context: OperatorContext,
): Test<readonly string[]> {
  const tests: { readonly [operator: string]: Test<readonly string[]> } = {
    contains: (value) => value.some((id) => ids.has(id)),
    does_not_contain: (value) => !value.some((id) => ids.has(id)),
  };
  return known(tests, operator, context);
}

/** A name, or an array of names. A name no option has matches nothing. */
function optionIds(wanted: Json, path: string, { property }: OperatorContext): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const name of Array.isArray(wanted) ? wanted : [wanted]) {
    if (typeof name !== "string") throw bodyError(path, "a string", name);
    if (property === null) continue;
    const option = findOption(property, { name, id: name });
    const group = groupsOf(property).find(
      (candidate) => String(candidate.name).toLowerCase() === name.toLowerCase(),
    );
    const members = option === undefined ? group?.option_ids : [option.id ?? null];
    if (Array.isArray(members)) for (const id of members) if (typeof id === "string") ids.add(id);
  }
  return ids;
}

/** The test on emptiness when the operator is one of the two, else null. */
function emptyTest(operator: string, wanted: Json, context: OperatorContext): Test<boolean> | null {
  if (operator !== "is_empty" && operator !== "is_not_empty") return null;
  if (wanted !== true) throw bodyError(`${context.path}.${operator}`, "`true`", wanted);
  return operator === "is_empty" ? (isEmpty) => isEmpty : (isEmpty) => !isEmpty;
}

function known<V>(
  tests: { readonly [operator: string]: Test<V> },
  operator: string,
  context: OperatorContext,
): Test<V> {
  const test = Object.hasOwn(tests, operator) ? tests[operator] : undefined;
  if (test === undefined) throw bodyError(`${context.path}.${operator}`, "not present", operator);
  return test;
}
