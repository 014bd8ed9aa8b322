import type { CollectionRecord } from "../../core/collection/record.ts";
import type { Json } from "../../core/json.ts";
import type { FieldSchema, FieldType, SourceRecord } from "../../core/record.ts";
import type { CollectionConfig, CollectionField } from "./config.ts";

/** Sixteen digits hold every revision below 2^53, and order as text. */
const REVISION_DIGITS = 16;

export function revisionText(revision: number): string {
  return String(revision).padStart(REVISION_DIGITS, "0");
}

export function schemaOf({ fields }: CollectionConfig): readonly FieldSchema[] {
  // Days and moments are kept as they come: to cut a moment down to its day would shift it by a zone.
  const kept = (type: FieldType) => (type === "date" ? "day or moment" : type);
  return fields.map(({ id, type }) => ({ id, name: id, type, vendorType: kept(type), isDerived: false }));
}

export function toRecord(config: CollectionConfig, record: CollectionRecord): SourceRecord {
  const { id, marker, status, revision, createdAt } = record;
  const fields: Record<string, Json> = {};
  const unobserved: string[] = [];
  for (const field of config.fields) {
    const value = record.fields[field.id] ?? null;
    if (fits(field.type, value)) fields[field.id] = value;
    else unobserved.push(field.id);
  }
  return {
    id,
    presence: status,
    fields,
    unobserved,
    raw: { record: { ...record.fields } },
    revision: revisionText(revision),
    createdAt,
    editedBy: null,
    memo: null,
    marker,
    // Nobody copies records here: whatever has a marker was given it.
    isOurs: marker !== null,
  };
}

/** Why a write's fields cannot be kept; null: they can. */
export function problemIn(
  config: CollectionConfig,
  fields: Readonly<Record<string, Json>>,
): { readonly code: "FIELD_UNKNOWN" | "VALUE_INVALID"; readonly message: string } | null {
  const byId = new Map<string, CollectionField>(config.fields.map((field) => [field.id, field]));
  for (const [id, value] of Object.entries(fields)) {
    const field = byId.get(id);
    if (field === undefined) {
      const message = `Tried to write "${id}" of ${config.collection}, which has no such field.`;
      return { code: "FIELD_UNKNOWN", message };
    }
    if (fits(field.type, value)) continue;
    const message = `Tried to write a value to "${id}" of ${config.collection}: expected ${field.type}, got ${typeof value}.`;
    return { code: "VALUE_INVALID", message };
  }
  return null;
}

function fits(type: FieldType, value: Json): boolean {
  if (value === null || type === "opaque") return true;
  if (type === "number") return typeof value === "number";
  if (type === "boolean") return typeof value === "boolean";
  if (type === "options") return Array.isArray(value) && value.every((each) => typeof each === "string");
  return typeof value === "string";
}
