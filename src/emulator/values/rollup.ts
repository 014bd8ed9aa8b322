import { isObject, type Json, type JsonObject, stringOr } from "../json.ts";
import { dataSourceOf, findProperty, type Page, type Property, type State } from "../state/state.ts";
import { instantOf, offsetMinuteText } from "./dates.ts";
import { type ReadContext, renderValue } from "./read.ts";
import { listOf } from "./text-of.ts";

const relatedMax = 25;

/** A rollup over the first 25 related pages, as page reads compute it. */
export function computeRollup(page: Page, property: Property, context: ReadContext): JsonObject {
  const name = stringOr(property.config.function, "");
  const elements = rollupElements(page, property, context).slice(0, relatedMax);
  if (name === "show_original") return { type: "array", array: elements, function: name };
  if (name === "show_unique") {
    const unique = new Map(elements.map((element) => [JSON.stringify(element), element]));
    return { type: "array", array: [...unique.values()], function: name };
  }
  const dates = dateFunctions[name];
  if (dates !== undefined) return { type: "date", date: dates(elements.flatMap(dateOf)), function: name };
  const numbers = numberFunctions[name];
  if (numbers === undefined) return { type: "unsupported", unsupported: {}, function: name };
  return { type: "number", number: numbers(elements.map(bare)), function: name };
}

/** The related pages' values, each with its type and without an id. */
export function rollupElements(page: Page, property: Property, context: ReadContext): JsonObject[] {
  const { state } = context;
  const relation = findProperty(
    dataSourceOf(state, page)?.properties ?? [],
    stringOr(property.config.relation_property_id, ""),
  );
  if (relation === undefined) return [];
  return listOf(page.values[relation.id]).flatMap((id) => {
    const target = state.pages.get(id);
    const column = target === undefined ? undefined : rolledUp(target, property, state);
    // A rollup of a rollup would recurse without end on a cycle of relations.
    if (target === undefined || column === undefined || column.type === "rollup") return [];
    return [{ type: column.type, [column.type]: renderValue(target, column, context) }];
  });
}

/** The column of the related pages that is rolled up. */
export function rolledUp(target: Page, property: Property, state: State): Property | undefined {
  return findProperty(
    dataSourceOf(state, target)?.properties ?? [],
    stringOr(property.config.rollup_property_id, ""),
  );
}

function bare(element: JsonObject): Json {
  const value = element[stringOr(element.type, "")] ?? null;
  if (!isObject(value) || typeof value.type !== "string") return value;
  return value[value.type] ?? null;
}

function isEmpty(value: Json): boolean {
  return value === null || value === "" || (Array.isArray(value) && value.length === 0);
}

function numbersIn(values: Json[]): number[] {
  return values.filter((value) => typeof value === "number");
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function median(numbers: readonly number[]): number | null {
  const sorted = numbers.toSorted((left, right) => left - right);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  return upper === undefined || lower === undefined ? null : (lower + upper) / 2;
}

const counted = (values: Json[], accepts: (value: Json) => boolean): number => values.filter(accepts).length;
const isFilled = (value: Json): boolean => !isEmpty(value);
const isChecked = (value: Json): boolean => value === true;

const numberFunctions: { readonly [name: string]: (values: Json[]) => number | null } = {
  count: (values) => values.length,
  count_values: (values) =>
    total(values.map((value) => (Array.isArray(value) ? value.length : isEmpty(value) ? 0 : 1))),
  empty: (values) => counted(values, isEmpty),
  not_empty: (values) => counted(values, isFilled),
  percent_empty: (values) => share(counted(values, isEmpty), values.length),
  percent_not_empty: (values) => share(counted(values, isFilled), values.length),
  unique: (values) => new Set(values.filter(isFilled).map((value) => JSON.stringify(value))).size,
  checked: (values) => counted(values, isChecked),
  unchecked: (values) => counted(values, (value) => value === false),
  percent_checked: (values) => share(counted(values, isChecked), values.length),
  percent_unchecked: (values) =>
    share(
      counted(values, (value) => value === false),
      values.length,
    ),
  sum: (values) => total(numbersIn(values)),
  average: (values) =>
    numbersIn(values).length === 0 ? null : share(total(numbersIn(values)), numbersIn(values).length),
  median: (values) => median(numbersIn(values)),
  min: (values) => (numbersIn(values).length === 0 ? null : Math.min(...numbersIn(values))),
  max: (values) => (numbersIn(values).length === 0 ? null : Math.max(...numbersIn(values))),
  range: (values) =>
    numbersIn(values).length === 0 ? null : Math.max(...numbersIn(values)) - Math.min(...numbersIn(values)),
};

function dateOf(element: JsonObject): number[] {
  const value = bare(element);
  const text = isObject(value) ? value.start : value;
  const ms = typeof text === "string" ? instantOf(text) : null;
  return ms === null ? [] : [ms];
}

function dateValue(start: number, end: number | null): JsonObject {
  return {
    start: offsetMinuteText(start),
    end: end === null ? null : offsetMinuteText(end),
    time_zone: null,
  };
}

const dateFunctions: { readonly [name: string]: (instants: number[]) => JsonObject | null } = {
  earliest_date: (instants) => (instants.length === 0 ? null : dateValue(Math.min(...instants), null)),
  latest_date: (instants) => (instants.length === 0 ? null : dateValue(Math.max(...instants), null)),
  date_range: (instants) =>
    instants.length === 0 ? null : dateValue(Math.min(...instants), Math.max(...instants)),
};
