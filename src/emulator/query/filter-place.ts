import { objectAt } from "../api/input.ts";
import { bodyErrors } from "../http/errors.ts";
import { isObject, type Json } from "../json.ts";
import type { DataSource, Page, Property, State } from "../state/state.ts";
import { instantOf } from "../values/dates.ts";
import type { Condition, OperatorContext } from "./operators.ts";

export type PageTest = (page: Page) => boolean;

export interface FilterContext {
  readonly state: State;
  readonly dataSource: DataSource;
  /** What "me" means. */
  readonly me: string;
}

/** Where in a filter the compiler is. */
export type Place = FilterContext & { readonly path: string; readonly depth: number };

export function conditionIn(input: Json | undefined, path: string): Condition {
  const [entry] = Object.entries(objectAt(input, path));
  if (entry === undefined) throw bodyErrors([`${path}.equals`, `${path}.is_empty`]);
  return { operator: entry[0], wanted: entry[1] };
}

export function operatorContext(place: Place, property: Property | null, suffix = ""): OperatorContext {
  const path = suffix === "" ? place.path : `${place.path}.${suffix}`;
  return { path, now: place.state.now(), me: place.me, property };
}

export function numberOr(value: Json | undefined): number | null {
  return typeof value === "number" ? value : null;
}

export function stringOrNull(value: Json | undefined): string | null {
  return typeof value === "string" ? value : null;
}

export function arrayOr(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

/** The start of a date value, as an instant. */
export function startOf(value: Json | undefined): number | null {
  const start = isObject(value) ? value.start : value;
  return typeof start === "string" ? instantOf(start) : null;
}
