import { instantOf, offsetMinuteText } from "../values/dates.ts";
import { formatMoment, unitsBetween } from "./dates.ts";
import { booleanValue, dateValue, numberValue, textValue, type Value } from "./value.ts";

/** Null: these inputs are not for this function. */
type FormulaFunction = (inputs: readonly Value[], now: number) => Value | null;

/** What formulas can call, operators included. */
export const functions: { readonly [name: string]: FormulaFunction } = {
  if: ([condition, one, other]) =>
    condition?.type === "boolean" ? ((condition.value ? one : other) ?? null) : null,
  and: booleans((values) => values.every((value) => value)),
  or: booleans((values) => values.some((value) => value)),
  not: booleans(([value]) => value === false, 1),
  empty: ([input]) => (input === undefined ? null : booleanValue(isEmpty(input))),
  "+": (inputs) => numbers((left, right) => left + right)(inputs, 0) ?? concat(inputs),
  "-": numbers((left, right) => left - right),
  "*": numbers((left, right) => left * right),
  "/": numbers((left, right) => left / right),
  "%": numbers((left, right) => left % right),
  "^": numbers((left, right) => left ** right),
  negate: number((value) => -value),
  "==": ([left, right]) => equal(left, right),
  "!=": ([left, right]) => {
    const result = equal(left, right);
    return result?.type === "boolean" ? booleanValue(!result.value) : null;
  },
  ">": comparison((order) => order > 0),
  ">=": comparison((order) => order >= 0),
  "<": comparison((order) => order < 0),
  "<=": comparison((order) => order <= 0),
  abs: number(Math.abs),
  ceil: number(Math.ceil),
  floor: number(Math.floor),
  round,
  min: smallest((values) => Math.min(...values)),
  max: smallest((values) => Math.max(...values)),
  concat,
  length: ([input]) => (input?.type === "string" ? numberValue([...input.value].length) : null),
  format: ([input]) => {
    const text = input === undefined ? null : textFor(input);
    return text === null ? null : textValue(text);
  },
  toNumber,
  now: (_, now) => dateValue({ start: offsetMinuteText(now), end: null }),
  dateBetween,
  formatDate: ([date, pattern]) => {
    if (date?.type !== "date" || pattern?.type !== "string") return null;
    const text = date.value === null ? "" : formatMoment(date.value.start, pattern.value);
    return text === null ? null : textValue(text);
  },
};

function booleans(decide: (values: readonly boolean[]) => boolean, inputsMax?: number): FormulaFunction {
  return (inputs) => {
    const values = inputs.flatMap((input) => (input.type === "boolean" ? [input.value] : []));
    const isFit = values.length === inputs.length && values.length > 0;
    return isFit && values.length <= (inputsMax ?? values.length) ? booleanValue(decide(values)) : null;
  };
}

/** Of two numbers; empty when one of them is. */
function numbers(compute: (left: number, right: number) => number): FormulaFunction {
  return ([left, right]) => {
    if (left?.type !== "number" || right?.type !== "number") return null;
    return numberValue(left.value === null || right.value === null ? null : compute(left.value, right.value));
  };
}

function number(compute: (value: number) => number): FormulaFunction {
  return ([input]) =>
    input?.type === "number" ? numberValue(input.value === null ? null : compute(input.value)) : null;
}

/** Empty ones do not count. */
function smallest(choose: (values: readonly number[]) => number): FormulaFunction {
  return (inputs) => {
    if (inputs.length === 0 || inputs.some(({ type }) => type !== "number")) return null;
    return numberValue(choose(inputs.flatMap(({ value }) => (typeof value === "number" ? [value] : []))));
  };
}

/** Halves go up, also below zero. */
function round([input, places]: readonly Value[]): Value | null {
  if (input?.type !== "number" || (places !== undefined && places.type !== "number")) return null;
  if (input.value === null) return numberValue(null);
  const digits = places?.value ?? 0;
  // By the decimal writing: 1.005 * 100 is not 100.5.
  const shifted = Math.round(Number(`${input.value}e${digits}`));
  return numberValue(Number(`${shifted}e${-digits}`));
}

function isEmpty({ value }: Value): boolean {
  return value === null || value === "" || value === 0 || value === false;
}

function equal(left: Value | undefined, right: Value | undefined): Value | null {
  if (left === undefined || right === undefined || left.type !== right.type) return null;
  const [one, other] = [comparable(left), comparable(right)];
  return booleanValue(one === other);
}

/** Of two numbers or two dates; false when one of them is empty. */
function comparison(holds: (order: number) => boolean): FormulaFunction {
  return ([left, right]) => {
    if (left === undefined || left.type !== right?.type) return null;
    if (left.type !== "number" && left.type !== "date") return null;
    const [one, other] = [comparable(left), comparable(right)];
    return booleanValue(typeof one === "number" && typeof other === "number" && holds(one - other));
  };
}

function comparable(value: Value): string | number | boolean | null {
  return value.type === "date" ? momentOf(value) : value.value;
}

function momentOf(value: Value | undefined): number | null {
  return value?.type === "date" && value.value !== null ? instantOf(value.value.start) : null;
}

function concat(inputs: readonly Value[]): Value | null {
  const texts = inputs.map(textFor);
  return texts.includes(null) || inputs.length === 0 ? null : textValue(texts.join(""));
}

/** How Notion writes a date in a text is not known. */
function textFor(input: Value): string | null {
  if (input.type === "date") return input.value === null ? "" : null;
  return input.value === null ? "" : String(input.value);
}

function toNumber([input]: readonly Value[]): Value | null {
  if (input === undefined) return null;
  if (input.type === "date") return numberValue(momentOf(input));
  if (input.type !== "string") return numberValue(input.value === null ? null : Number(input.value));
  return numberValue(input.value.trim() === "" ? null : Number(input.value));
}

function dateBetween([to, from, unit]: readonly Value[]): Value | null {
  if (to?.type !== "date" || from?.type !== "date" || unit?.type !== "string") return null;
  const [end, start] = [momentOf(to), momentOf(from)];
  const isKnown = unitsBetween(0, 0, unit.value) !== null;
  if (!isKnown) return null;
  return numberValue(end === null || start === null ? null : unitsBetween(end, start, unit.value));
}
