import { isJsonObject, type Json } from "../../core/json.ts";
import type { DateValue, FieldType, OptionValue } from "../../core/record.ts";
import { canonicalText } from "./rich-text.ts";
import { stableUrl, stableValue } from "./stable.ts";

/** Notion's property types by the canonical form of their values; the rest is opaque. */
const fieldTypes: ReadonlyMap<string, FieldType> = new Map([
  ["title", "text"],
  ["rich_text", "text"],
  ["number", "number"],
  ["select", "option"],
  ["status", "option"],
  ["multi_select", "options"],
  ["date", "date"],
  ["checkbox", "boolean"],
]);

/** Notion computes them, some anew at every read: kept, never compared. */
const derivedTypes: ReadonlySet<string> = new Set([
  "formula",
  "rollup",
  "button",
  "last_edited_time",
  "last_edited_by",
  "last_visited_time",
]);

export function fieldTypeOf(vendorType: string): FieldType {
  return fieldTypes.get(vendorType) ?? "opaque";
}

export function isDerivedType(vendorType: string): boolean {
  return derivedTypes.has(vendorType);
}

type Canonical = (value: Json | undefined) => Json | undefined;

/**
 * The comparable form of a property's value, every object built with its keys in order so that no sorting is needed.
 * undefined: the value does not look like its type, so nothing is known about it.
 */
export function canonicalValue(type: string, value: Json | undefined): Json | undefined {
  const canonical = canonicals.get(type);
  if (canonical !== undefined) return canonical(value);
  return value === undefined ? undefined : stableValue(value);
}

const textOrNull: Canonical = (value) => (typeof value === "string" || value === null ? value : undefined);
const ids: Canonical = (value) =>
  eachOf(value, (item) => (typeof item.id === "string" ? item.id : undefined));
const option: Canonical = (value) =>
  value === null ? null : isJsonObject(value) ? optionOf(value) : undefined;

const canonicals: ReadonlyMap<string, Canonical> = new Map(
  Object.entries({
    title: canonicalText,
    rich_text: canonicalText,
    number: (value) => (typeof value === "number" || value === null ? value : undefined),
    select: option,
    status: option,
    multi_select: (value) => eachOf(value, optionOf),
    date: (value) => (value === null ? null : dateOf(value)),
    checkbox: (value) => (typeof value === "boolean" ? value : undefined),
    url: textOrNull,
    email: textOrNull,
    phone_number: textOrNull,
    created_time: textOrNull,
    people: ids,
    relation: ids,
    files: (value) => eachOf(value, fileOf),
    created_by: (value) => (isJsonObject(value) && typeof value.id === "string" ? value.id : undefined),
  } satisfies Record<string, Canonical>),
);

type Members = { readonly [key: string]: Json };

function eachOf(value: Json | undefined, one: (item: Members) => Json | undefined): Json | undefined {
  if (!Array.isArray(value)) return undefined;
  const all: Json[] = [];
  for (const item of value) {
    const canonical = isJsonObject(item) ? one(item) : undefined;
    if (canonical === undefined) return undefined;
    all.push(canonical);
  }
  return all;
}

/** Without the colour: recolouring an option is no edit of the rows that carry it. */
function optionOf(value: Members): OptionValue | undefined {
  if (typeof value.name !== "string") return undefined;
  return { id: typeof value.id === "string" ? value.id : null, name: value.name };
}

function dateOf(value: Json | undefined): DateValue | undefined {
  if (!isJsonObject(value) || typeof value.start !== "string") return undefined;
  return {
    end: typeof value.end === "string" ? value.end : null,
    start: value.start,
    timeZone: typeof value.time_zone === "string" ? value.time_zone : null,
  };
}

function fileOf(value: Members): Json | undefined {
  const type = typeof value.type === "string" ? value.type : "file" in value ? "file" : "external";
  const file = value[type];
  const name = typeof value.name === "string" ? value.name : null;
  if (!isJsonObject(file)) return { name, type, url: null };
  // An external link is the person's own, with its query; only what Notion signs changes by itself.
  const url = typeof file.url === "string" ? (type === "file" ? stableUrl(file.url) : file.url) : null;
  return { name, type, url };
}
