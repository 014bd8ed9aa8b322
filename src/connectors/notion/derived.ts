import { isJsonObject, type Json } from "../../core/json.ts";
import { type NotionPage, readProperty } from "./page.ts";
import { canonicalValue } from "./values.ts";

/** A page shows this many references of a relation at most: https://developers.notion.com/reference/page-property-values */
const REFERENCES_SHOWN = 25;

/**
 * What Notion computes, as a plain value: a formula's or rollup's result, a time as ISO text, a user's id, a unique id
 * as people read it ("ABC-12"). undefined: it could not be computed, or is of a kind that has no plain form.
 */
export function derivedValue(type: string, value: Json | undefined): Json | undefined {
  switch (type) {
    case "formula":
    case "rollup":
      return isJsonObject(value) ? resultOf(value) : undefined;
    case "unique_id":
      return uniqueId(value);
    case "created_by":
    case "last_edited_by":
      return isJsonObject(value) && typeof value.id === "string" ? value.id : undefined;
    case "created_time":
    case "last_edited_time":
      return typeof value === "string" ? value : undefined;
    default:
      return undefined;
  }
}

export function isDerivable(type: string): boolean {
  return derivable.has(type);
}

const derivable: ReadonlySet<string> = new Set([
  "formula",
  "rollup",
  "unique_id",
  "created_by",
  "last_edited_by",
  "created_time",
  "last_edited_time",
]);

export function hasManyReferences(page: NotionPage): boolean {
  return Object.keys(page.properties).some((name) => {
    const raw = page.properties[name];
    const property = readProperty(name, raw);
    if (property?.type !== "relation" || !isJsonObject(raw)) return false;
    return (
      raw.has_more === true || (Array.isArray(property.value) && property.value.length > REFERENCES_SHOWN)
    );
  });
}

/** `{type: "number", number: 7}` and the like; "incomplete" and "unsupported" have no value to name. */
function resultOf(result: { readonly [key: string]: Json }): Json | undefined {
  const { type } = result;
  if (typeof type !== "string") return undefined;
  const value = result[type];
  switch (type) {
    case "string":
    case "number":
    case "boolean":
      return value === null || typeof value === type ? value : undefined;
    case "date":
      return value === null ? null : dateText(value);
    case "array":
      return Array.isArray(value) ? listOf(value) : undefined;
    default:
      return undefined;
  }
}

function dateText(value: Json | undefined): string | undefined {
  if (!isJsonObject(value) || typeof value.start !== "string") return undefined;
  return typeof value.end === "string" ? `${value.start}/${value.end}` : value.start;
}

/** Elements of a rollup look like properties without an id. All of them are known, or nothing is. */
function listOf(elements: readonly Json[]): Json | undefined {
  const list: Json[] = [];
  for (const element of elements) {
    const plain = plainElement(element);
    if (plain === undefined) return undefined;
    list.push(plain);
  }
  return list;
}

function plainElement(element: Json): Json | undefined {
  const property = readProperty("", element);
  if (property === null) return undefined;
  if (isDerivable(property.type)) return derivedValue(property.type, property.value);
  const value = canonicalValue(property.type, property.value);
  if (property.type === "date") return value === null ? null : dateText(value);
  if (!isJsonObject(value)) return value;
  if (typeof value.plain === "string") return value.plain;
  return typeof value.name === "string" ? value.name : value;
}

function uniqueId(value: Json | undefined): Json | undefined {
  if (!isJsonObject(value) || typeof value.number !== "number") return undefined;
  return typeof value.prefix === "string" && value.prefix !== ""
    ? `${value.prefix}-${value.number}`
    : String(value.number);
}
