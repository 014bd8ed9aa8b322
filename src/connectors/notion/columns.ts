import { isJsonObject, type Json } from "../../core/json.ts";
import type { FieldSchema } from "../../core/record.ts";
import { readProperty } from "./page.ts";

/** Types that no recorded row shows although its schema has them: their absence from a row proves nothing. */
const typesUnseenInRows: ReadonlySet<string> = new Set(["button", "place", "location", "last_visited_time"]);

/** True when the row has other columns than the schema that is known: every row shows all columns as they are now. null: not to be compared. */
export function hasOtherColumns(row: Json | undefined, known: readonly FieldSchema[] | null): boolean {
  if (known === null || !isJsonObject(row) || row.object !== "page" || !isJsonObject(row.properties))
    return false;
  const { properties } = row;
  const byId = new Map(known.map((field) => [field.id, field]));
  for (const name of Object.keys(properties)) {
    const property = readProperty(name, properties[name]);
    if (property === null) continue;
    const field = byId.get(property.id);
    if (field === undefined || field.name !== name || field.vendorType !== property.type) return true;
    byId.delete(property.id);
  }
  return [...byId.values()].some((field) => !typesUnseenInRows.has(field.vendorType));
}
