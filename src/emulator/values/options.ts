import { isObject, type Json, type JsonObject, stringOr } from "../json.ts";
import type { Property } from "../state/state.ts";

/** The options of a select, multi_select or status column. */
export function optionsOf(property: Property): JsonObject[] {
  const options = property.config.options;
  return Array.isArray(options) ? options.filter(isObject) : [];
}

/** An option by name, whatever the case, or by id. */
export function findOption(
  property: Property,
  wanted: { readonly id?: Json | undefined; readonly name?: Json | undefined },
): JsonObject | undefined {
  const name = typeof wanted.name === "string" ? wanted.name.toLowerCase() : null;
  return optionsOf(property).find(
    (option) =>
      option.id === wanted.id || (name !== null && stringOr(option.name, "").toLowerCase() === name),
  );
}

/** An option as a page value shows it. */
export function renderOption(property: Property, id: Json): JsonObject | null {
  const option = optionsOf(property).find((candidate) => candidate.id === id);
  return option === undefined
    ? null
    : { id: option.id ?? null, name: option.name ?? null, color: option.color ?? null };
}

/** The groups of a status column, each with the ids of its options. */
export function groupsOf(property: Property): JsonObject[] {
  const groups = property.config.groups;
  return Array.isArray(groups) ? groups.filter(isObject) : [];
}

/** The status a row gets when nobody sets one: the first option of the first group. */
export function defaultStatus(property: Property): string | undefined {
  for (const group of groupsOf(property)) {
    const ids = group.option_ids;
    const first = Array.isArray(ids)
      ? ids.find((id) => findOption(property, { id }) !== undefined)
      : undefined;
    if (typeof first === "string") return first;
  }
  const [first] = optionsOf(property);
  return first === undefined ? undefined : stringOr(first.id, "");
}
