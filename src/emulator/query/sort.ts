import { arrayAt, objectAt, textAt } from "../api/input.ts";
import { bodyError, bodyErrors, validationError } from "../http/errors.ts";
import type { Json } from "../json.ts";
import { minuteOf, type RowOrder } from "../state/row-set.ts";
import { type DataSource, findProperty, type Page, type Property, type State } from "../state/state.ts";
import { evaluateFormula } from "../values/formula.ts";
import { optionsOf } from "../values/options.ts";
import { textOf } from "../values/text-of.ts";
import { startOf } from "./filter-place.ts";

export interface Sort {
  readonly key: (page: Page) => number | string | null;
  readonly isDescending: boolean;
  /** The kept order that is this sort, when there is one. */
  readonly order: RowOrder | null;
}

export function parseSorts(
  input: Json | undefined,
  context: { readonly state: State; readonly dataSource: DataSource },
): Sort[] {
  if (input === undefined || input === null) return [];
  return arrayAt(input, "body.sorts").map((entry, index) =>
    parseSort(entry, { ...context, path: `body.sorts[${index}]` }),
  );
}

function parseSort(
  input: Json,
  {
    state,
    dataSource,
    path,
  }: { readonly state: State; readonly dataSource: DataSource; readonly path: string },
): Sort {
  const sort = objectAt(input, path);
  const direction = sort.direction ?? "ascending";
  if (direction !== "ascending" && direction !== "descending") {
    throw bodyError(`${path}.direction`, '`"ascending"`, or `"descending"`', direction);
  }
  const isDescending = direction === "descending";
  if (sort.timestamp !== undefined) return timestampSort(sort.timestamp, isDescending, path);
  if (sort.property === undefined) throw bodyErrors([`${path}.property`, `${path}.timestamp`]);
  const name = textAt(sort.property, `${path}.property`);
  const property = findProperty(dataSource.properties, name);
  if (property === undefined) throw validationError(`Could not find sort property with name or id: ${name}`);
  if (property.type === "created_time" || property.type === "last_edited_time") {
    return timestampSort(property.type, isDescending, path);
  }
  return { key: sortKey(property, state), isDescending, order: null };
}

function timestampSort(name: Json, isDescending: boolean, path: string): Sort {
  if (name === "created_time") {
    const order = isDescending ? "created_descending" : "created";
    return { key: (page) => minuteOf(page.createdAt), isDescending, order };
  }
  if (name === "last_edited_time") {
    const order = isDescending ? "edited_descending" : "edited";
    return { key: (page) => minuteOf(page.editedAt), isDescending, order };
  }
  throw bodyError(`${path}.timestamp`, '`"created_time"`, or `"last_edited_time"`', name);
}

/** Options sort in the order of the schema, text without regard to case, empty values always last. */
function sortKey(property: Property, state: State): Sort["key"] {
  const { id, type } = property;
  switch (type) {
    case "number":
    case "unique_id":
      return (page) => {
        const value = page.values[id];
        return typeof value === "number" ? value : null;
      };
    case "checkbox":
      return (page) => (page.values[id] === true ? 1 : 0);
    case "select":
    case "status": {
      const rank = new Map(optionsOf(property).map((option, index) => [option.id, index]));
      return (page) => rank.get(page.values[id] ?? null) ?? null;
    }
    case "formula":
      return (page) => {
        const result = evaluateFormula(page, property, state);
        const value = result[String(result.type)] ?? null;
        if (result.type === "date") return startOf(value);
        if (typeof value === "boolean") return value ? 1 : 0;
        return typeof value === "number" || typeof value === "string" ? value : null;
      };
    default:
      return (page) => textOf(page.values[id], property, state).toLowerCase() || null;
  }
}

/** Sorts by the first key that differs; equal rows keep the order they came in. */
export function sortPages(pages: readonly Page[], sorts: readonly Sort[]): Page[] {
  const keyed = pages.map((page) => ({ page, keys: sorts.map((sort) => sort.key(page)) }));
  keyed.sort((left, right) => {
    for (const [index, sort] of sorts.entries()) {
      const order = compareKeys(left.keys[index] ?? null, right.keys[index] ?? null, sort.isDescending);
      if (order !== 0) return order;
    }
    return 0;
  });
  return keyed.map(({ page }) => page);
}

function compareKeys(
  left: number | string | null,
  right: number | string | null,
  isDescending: boolean,
): number {
  if (left === right) return 0;
  if (left === null) return 1;
  if (right === null) return -1;
  const order = left < right ? -1 : 1;
  return isDescending ? -order : order;
}
