import { arrayAt, idAt, objectAt, oneOf, textAt } from "../api/input.ts";
import { bodyError } from "../http/errors.ts";
import { isObject, type Json, type JsonObject, objectOr } from "../json.ts";
import type { Block } from "../state/state.ts";
import { minuteText, normalizeDate } from "../values/dates.ts";
import { plainText } from "../values/rich-text.ts";
import { addMonths, type Span, spanOf, startOfDay } from "./dates.ts";

export type NotesTest = (notes: Block) => boolean;

/** Where in the body, what time it is, and how deep in groups. */
interface Place {
  readonly path: string;
  readonly now: number;
  readonly depth: number;
}

const groupDepthMax = 3;
const dayMs = 86_400_000;

const texts: { readonly [property: string]: (notes: Block) => string } = {
  title: titleOf,
};
const moments: { readonly [property: string]: (notes: Block) => number } = {
  created_time: (notes) => Date.parse(minuteText(notes.createdAt)),
  last_edited_time: (notes) => Date.parse(minuteText(notes.editedAt)),
};
const people: { readonly [property: string]: (notes: Block) => readonly Json[] } = {
  created_by: (notes) => [notes.createdBy],
  last_edited_by: (notes) => [notes.editedBy],
  attendees: attendeesOf,
};
export const notesProperties = [texts, moments, people].flatMap((each) => Object.keys(each));

function titleOf({ content }: Block): string {
  return plainText(content.title);
}

function attendeesOf({ content }: Block): readonly Json[] {
  const { attendees } = objectOr(content.calendar_event);
  return Array.isArray(attendees) ? attendees : [];
}

/** The value a list of meeting notes can be sorted by. */
export function notesKey(notes: Block, property: string): string | number {
  return (
    texts[property]?.(notes).toLowerCase() ??
    moments[property]?.(notes) ??
    people[property]?.(notes).join(",") ??
    ""
  );
}

/** `{operator: "and" | "or", filters}`, or `{property, filter: {operator, value}}` inside of one. */
export function compileNotesFilter(input: Json | undefined, now: number): NotesTest {
  if (input === undefined) return () => true;
  return compileGroup(objectAt(input, "body.filter"), { path: "body.filter", now, depth: 1 });
}

function compileGroup(group: JsonObject, place: Place): NotesTest {
  const word = oneOf(group.operator, `${place.path}.operator`, ["and", "or"]);
  const path = `${place.path}.filters`;
  if (place.depth > groupDepthMax) throw bodyError(path, "not present", group.filters);
  const tests = arrayAt(group.filters ?? [], path).map((each, index) => {
    const inner = { ...place, path: `${path}[${index}]`, depth: place.depth + 1 };
    const node = objectAt(each, inner.path);
    return node.property === undefined ? compileGroup(node, inner) : compileProperty(node, inner);
  });
  if (tests.length === 0) return () => true;
  return word === "and"
    ? (notes) => tests.every((test) => test(notes))
    : (notes) => tests.some((test) => test(notes));
}

function compileProperty(node: JsonObject, place: Place): NotesTest {
  const name = oneOf(node.property, `${place.path}.property`, notesProperties);
  const path = `${place.path}.filter`;
  const { operator, value } = objectAt(node.filter, path);
  const word = textAt(operator, `${path}.operator`);
  const [readText, readMoment, readPeople] = [texts[name], moments[name], people[name]];
  if (word === "is_empty" || word === "is_not_empty") {
    const isEmpty = (notes: Block): boolean =>
      readText === undefined ? readPeople?.(notes).length === 0 : readText(notes) === "";
    return (notes) => isEmpty(notes) === (word === "is_empty");
  }
  const at = { ...place, path };
  if (readText !== undefined) {
    const test = textTest(word, value, at);
    return (notes) => test(readText(notes));
  }
  if (readMoment !== undefined) {
    const test = dateTest(word, value, at);
    return (notes) => test(readMoment(notes));
  }
  const test = peopleTest(word, value, at);
  return (notes) => test(readPeople?.(notes) ?? []);
}

type Test<V> = (value: V) => boolean;

function pick<T>(known: { readonly [operator: string]: T }, operator: string, path: string): T {
  const found = Object.hasOwn(known, operator) ? known[operator] : undefined;
  if (found === undefined) throw bodyError(`${path}.operator`, Object.keys(known).join(", or "), operator);
  return found;
}

/** Case does not matter. */
function textTest(operator: string, value: Json | undefined, { path }: Place): Test<string> {
  const wanted = textAt(objectAt(value, `${path}.value`).value, `${path}.value.value`).toLowerCase();
  const known: { readonly [operator: string]: Test<string> } = {
    string_is: (text) => text === wanted,
    string_is_not: (text) => text !== wanted,
    string_contains: (text) => text.includes(wanted),
    string_does_not_contain: (text) => !text.includes(wanted),
    string_starts_with: (text) => text.startsWith(wanted),
    string_ends_with: (text) => text.endsWith(wanted),
  };
  const test = pick(known, operator, path);
  return (text) => test(text.toLowerCase());
}

function dateTest(operator: string, value: Json | undefined, place: Place): Test<number> {
  const { path } = place;
  const isRange = operator === "date_is_within" || operator === "date_is_relative_to";
  const wanted = objectAt(value, `${path}.value`);
  const span = isRange ? rangeOf(wanted, place) : pointOf(wanted, place);
  if (span === null) throw bodyError(`${path}.value`, "a date that is known here", value);
  const isWithin: Test<number> = (ms) => ms >= span.from && ms < span.to;
  const known: { readonly [operator: string]: Test<number> } = {
    date_is: isWithin,
    date_is_before: (ms) => ms < span.from,
    date_is_after: (ms) => ms >= span.to,
    date_is_on_or_before: (ms) => ms < span.to,
    date_is_on_or_after: (ms) => ms >= span.from,
    date_is_within: isWithin,
    date_is_relative_to: isWithin,
  };
  return pick(known, operator, path);
}

/** A day, a time, or a word such as `today`. */
function pointOf({ value }: JsonObject, { now }: Place): Span | null {
  if (typeof value === "string") return spanOf(value, now);
  const { start_date: day, start_time: time, time_zone: zone } = objectOr(value);
  if (typeof day !== "string") return null;
  if (typeof time !== "string") return spanOf(day, now);
  const text = normalizeDate(`${day}T${time}`, typeof zone === "string" ? zone : null);
  return text === null ? null : spanOf(text, now);
}

/** From one day to another, or so many days, weeks, months or years up to today or from today on. */
function rangeOf({ value, direction, unit, count }: JsonObject, { now }: Place): Span | null {
  if (isObject(value)) {
    const [first, last] = [value.start_date, value.end_date ?? value.start_date].map((day) =>
      typeof day === "string" ? spanOf(day, now) : null,
    );
    return first && last ? { from: first.from, to: last.to } : null;
  }
  if (direction !== "past" && direction !== "future") return null;
  const today = startOfDay(now);
  const other = shifted(today, direction === "past" ? -Number(count ?? 1) : Number(count ?? 1), unit);
  if (other === null) return null;
  return direction === "past" ? { from: other, to: today + dayMs } : { from: today, to: other + dayMs };
}

function shifted(day: number, count: number, unit: Json | undefined): number | null {
  if (!Number.isInteger(count)) return null;
  switch (unit) {
    case "day":
      return day + count * dayMs;
    case "week":
      return day + count * 7 * dayMs;
    case "month":
      return addMonths(day, count);
    case "year":
      return addMonths(day, 12 * count);
    default:
      return null;
  }
}

function peopleTest(operator: string, value: Json | undefined, { path }: Place): Test<readonly Json[]> {
  const wanted = (Array.isArray(value) ? value : [value ?? null]).map((each) =>
    idAt(objectOr(objectOr(each).value).id, `${path}.value.value.id`),
  );
  const contains: Test<readonly Json[]> = (ids) => wanted.some((id) => ids.includes(id));
  return pick(
    { person_contains: contains, person_does_not_contain: (ids) => !contains(ids) },
    operator,
    path,
  );
}
