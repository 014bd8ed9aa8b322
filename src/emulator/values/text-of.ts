import { isObject, stringOr } from "../json.ts";
import type { Property, State, Value } from "../state/state.ts";
import { renderOption } from "./options.ts";
import { plainText } from "./rich-text.ts";

/** A stored value as the text a person would read: what search, sorting, formulas and type changes go by. */
export function textOf(value: Value | undefined, property: Property, state: State): string {
  if (value === undefined || value === null) return "";
  switch (property.type) {
    case "title":
    case "rich_text":
      return plainText(value);
    case "select":
    case "status":
      return stringOr(renderOption(property, value)?.name, "");
    case "multi_select":
      return listOf(value)
        .map((id) => stringOr(renderOption(property, id)?.name, ""))
        .join(", ");
    case "people":
      return listOf(value)
        .map((id) => state.users.get(id)?.name ?? "")
        .join(", ");
    case "date":
      return isObject(value) ? stringOr(value.start, "") : "";
    case "checkbox":
      return value === true ? "Yes" : "No";
    default:
      return typeof value === "string" || typeof value === "number" ? String(value) : "";
  }
}

/** The ids of a stored list value. */
export function listOf(value: Value | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
