/** Every property type a schema may hold, and what the emulator lets clients do with it. */
export const propertyTypes = [
  "title",
  "rich_text",
  "number",
  "select",
  "multi_select",
  "status",
  "date",
  "people",
  "files",
  "checkbox",
  "url",
  "email",
  "phone_number",
  "relation",
  "rollup",
  "formula",
  "created_time",
  "last_edited_time",
  "created_by",
  "last_edited_by",
  "unique_id",
  "verification",
  "button",
  "place",
  "location",
  "last_visited_time",
] as const;
export type PropertyType = (typeof propertyTypes)[number];

const readOnly = new Set<string>([
  "rollup",
  "formula",
  "created_time",
  "last_edited_time",
  "created_by",
  "last_edited_by",
  "unique_id",
  "button",
  "location",
  "last_visited_time",
]);

export function isPropertyType(type: string): type is PropertyType {
  return propertyTypes.some((known) => known === type);
}

/** Computed by Notion: a page write that names one is refused. */
export function isReadOnly(type: string): boolean {
  return readOnly.has(type);
}
