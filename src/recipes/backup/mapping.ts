import type { FieldMappingConfig, TaskField } from "../../config/config.ts";
import { suggestion } from "../../config/nearest.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import type { FieldValues } from "../../core/merge.ts";
import type { FieldSchema, SourceRecord } from "../../core/record.ts";

/** A configured mapping, tied to the property's id: names change, ids do not. */
export interface FieldBinding {
  readonly propertyId: string;
  readonly field: TaskField;
}

export interface Bound {
  readonly bindings: readonly FieldBinding[];
  /** Property id by configured name, to be handed back at the next binding. */
  readonly stored: Json;
  readonly warnings: readonly string[];
  readonly errors: readonly string[];
}

/** A property found for a configured name, and what a person should know about how. */
interface Match {
  readonly field: FieldSchema;
  readonly warning: string | null;
}

/** Ties configured property names to the properties of the collection as it is now. Pure. */
export function bindMappings(
  mappings: readonly FieldMappingConfig[],
  fields: readonly FieldSchema[],
  stored: Json,
): Bound {
  const bindings: FieldBinding[] = [];
  const ids: Record<string, Json> = {};
  const warnings: string[] = [];
  const errors: string[] = [];
  for (const { property, field } of mappings) {
    const knownId = storedId(stored, property);
    const match = findProperty(property, fields, knownId);
    if ("error" in match) {
      // Never seen: a mistake in the configuration. Seen before: its field rests, and everything else goes on.
      if (knownId === null) errors.push(match.error);
      else {
        ids[property] = knownId;
        warnings.push(
          `the property "${property}" is gone from Notion; ${field} keeps its last values. Put it back, or take it out of fieldMappings.`,
        );
      }
      continue;
    }
    if (match.warning !== null) warnings.push(match.warning);
    ids[property] = match.field.id;
    const problem = targetProblem(match.field, field, bindings);
    if (problem === null) bindings.push({ propertyId: match.field.id, field });
    else warnings.push(problem);
  }
  return { bindings: withTitle(bindings, fields), stored: ids, warnings, errors };
}

/** By the id it had before, then by name, by id, and by a name that differs in case only. */
function findProperty(
  property: string,
  fields: readonly FieldSchema[],
  knownId: string | null,
): Match | { readonly error: string } {
  const known = fields.find((field) => field.id === knownId);
  if (known !== undefined) {
    const isRenamed = known.name !== property && known.id !== property && !isSameName(known.name, property);
    const warning = `the property "${property}" is now called "${known.name}"; its mapping follows it. Write the new name into the configuration when convenient.`;
    return { field: known, warning: isRenamed ? warning : null };
  }
  const recreated =
    knownId === null
      ? null
      : `the property "${property}" was deleted in Notion and made again; its mapping follows the new one.`;
  const exact =
    fields.find((field) => field.name === property) ?? fields.find((field) => isSameId(field.id, property));
  if (exact !== undefined) return { field: exact, warning: recreated };
  const alike = fields.filter((field) => isSameName(field.name, property));
  if (alike.length === 1 && alike[0] !== undefined) return { field: alike[0], warning: recreated };
  const names = fields.map((field) => field.name);
  if (alike.length > 1) {
    const choices = alike.map((field) => `"${field.name}"`).join(" or ");
    return { error: `the property "${property}" could be ${choices}: write the name as it is in Notion` };
  }
  return { error: `there is no property "${property}" in Notion.${suggestion(property, names)}` };
}

/** Ids come percent-encoded; people may write them as Notion's app shows them. */
function isSameId(id: string, written: string): boolean {
  return id === written || id === encodeURIComponent(written);
}

function isSameName(a: string, b: string): boolean {
  return a.trim().toLowerCase() === b.trim().toLowerCase();
}

/** Why the property cannot be mapped to the field, null when it can. Its value is in the metadata either way. */
function targetProblem(
  source: FieldSchema,
  field: TaskField,
  bindings: readonly FieldBinding[],
): string | null {
  if (source.type === "opaque") {
    return `the property "${source.name}" is of type ${source.vendorType}, which has no mapping rule; it is kept in metadata.notionProperties only`;
  }
  if (bindings.some((binding) => binding.field === field)) {
    return `"${source.name}" is mapped to ${field}, which another property already fills; it is kept in metadata.notionProperties only`;
  }
  return null;
}

/** Every task has a title, and every Notion database exactly one title property. */
function withTitle(bindings: readonly FieldBinding[], fields: readonly FieldSchema[]): FieldBinding[] {
  const title = fields.find((field) => field.vendorType === "title");
  const isFilled = bindings.some((binding) => binding.field === "title");
  return isFilled || title === undefined
    ? [...bindings]
    : [{ propertyId: title.id, field: "title" }, ...bindings];
}

function storedId(stored: Json, property: string): string | null {
  const id = isJsonObject(stored) ? stored[property] : undefined;
  return typeof id === "string" ? id : null;
}

/** A record in the words of a task. What the read did not observe is absent: it is not known to be empty. */
export function projectRecord(
  record: SourceRecord,
  bindings: readonly FieldBinding[],
): { readonly values: FieldValues; readonly metadata: { readonly [key: string]: Json } } {
  const values: Record<string, Json> = {};
  const metadata: Record<string, Json> = {
    notion: record.raw.page ?? null,
    notionProperties: record.raw.properties ?? null,
  };
  for (const { propertyId, field } of bindings) {
    const value = record.fields[propertyId];
    if (value === undefined) continue;
    if (field.startsWith("metadata.")) values[field] = toTyped(value);
    else values[field] = toText(value) ?? (field === "title" ? "" : null);
  }
  return { values, metadata };
}

/** The value for a text column, null when there is none. */
function toText(value: Json): string | null {
  const typed = toTyped(value);
  if (typed === null || typeof typed === "string") return typed;
  if (typeof typed === "number") return toDecimal(typed);
  if (typeof typed === "boolean") return String(typed);
  if (Array.isArray(typed)) return typed.join(", ");
  if (!isJsonObject(typed)) return null;
  return typed.end === null ? String(typed.start) : `${typed.start}/${typed.end}`;
}

/** The value without Notion's ids and formatting: text, number, boolean, names, or a date with start and end. */
function toTyped(value: Json): Json {
  if (Array.isArray(value)) return value.map(toTyped);
  if (!isJsonObject(value)) return value;
  return value.plain ?? value.name ?? value;
}

/** Digits all the way: 1e21 and 1e-7 are for machines. */
function toDecimal(value: number): string {
  const text = String(value);
  if (!text.includes("e")) return text;
  if (Number.isInteger(value)) return BigInt(value).toString();
  const [mantissa = "", exponent = "0"] = text.split("e");
  const digits = mantissa.replace("-", "").replace(".", "");
  const sign = value < 0 ? "-" : "";
  return `${sign}0.${"0".repeat(-Number(exponent) - 1)}${digits}`;
}
