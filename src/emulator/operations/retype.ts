import { type JsonObject, stringOr } from "../json.ts";
import type { DataSource, Property, State, Value } from "../state/state.ts";
import { instantOf, normalizeDate } from "../values/dates.ts";
import { defaultStatus, findOption } from "../values/options.ts";
import { textOf } from "../values/text-of.ts";
import { createOption } from "../values/write.ts";

/** Changes a column's type under the same id; values are read again from their text, what does not fit is lost. */
export function retype(
  state: State,
  dataSource: DataSource,
  {
    property,
    type,
    config,
  }: { readonly property: Property; readonly type: string; readonly config: JsonObject },
): void {
  const before: Property = { ...property };
  property.type = type;
  property.config = config;
  for (const row of dataSource.rows) {
    const text = textOf(row.values[property.id], before, state);
    const value = text === "" ? undefined : fromText(text, property, state);
    if (value === undefined) delete row.values[property.id];
    else row.values[property.id] = value;
  }
}

function fromText(text: string, property: Property, state: State): Value | undefined {
  const optionId = (name: string): string =>
    stringOr(findOption(property, { name })?.id, "") || createOption(property, name, state);
  switch (property.type) {
    case "rich_text":
    case "url":
    case "email":
    case "phone_number":
      return text;
    case "number": {
      const number = Number(text);
      return Number.isFinite(number) ? number : undefined;
    }
    case "checkbox":
      return /^(yes|true|1)$/i.test(text);
    case "date":
      return instantOf(text) === null ? undefined : { start: normalizeDate(text, null), end: null };
    case "select":
      return optionId(text.replaceAll(",", " "));
    case "status":
      return stringOr(findOption(property, { name: text })?.id, defaultStatus(property) ?? "") || undefined;
    case "multi_select":
      return [...new Set(text.split(",").map((part) => optionId(part.trim())))];
    default:
      return undefined;
  }
}
