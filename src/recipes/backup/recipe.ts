import type { FieldMappingConfig } from "../../config/config.ts";
import { LockstepError } from "../../core/errors.ts";
import { isJsonObject, type Json, sortKeys } from "../../core/json.ts";
import type { SourceRecord } from "../../core/record.ts";
import type { BoundRecipe, Metadata, Projection, Recipe } from "../../engine/sync.ts";
import { type Bound, bindMappings, type FieldBinding, projectRecord } from "./mapping.ts";

/**
 * Backup: a Notion data source into tasks with versions. Notion owns the mapped fields; an edit that an agent made
 * to a task stays until Notion changes the same field, then Notion's value is taken and the conflict is flagged.
 */
export function backupRecipe(mappings: readonly FieldMappingConfig[], syncName: string): Recipe {
  return {
    bind(description, stored): BoundRecipe {
      const bound = bindMappings(mappings, description.fields, idsIn(stored));
      if (bound.errors.length > 0) {
        throw new LockstepError(
          "SCHEMA_DRIFT",
          `the field mappings of "${syncName}" do not fit: ${bound.errors.join(" ")}`,
        );
      }
      const derived = new Set(description.fields.filter((field) => field.isDerived).map((field) => field.id));
      return {
        binding: bindingOf(bound),
        warnings: bound.warnings,
        project: (record, previous) => project(record, previous, bound.bindings),
        reasonFor: (kind, next, previous) => reasonFor(kind, changedProperties(next, previous, derived)),
      };
    },
  };
}

/** Ids keep a mapping tied to its property; targets show when it leads to another field than it did. */
function bindingOf({ stored, bindings }: Bound): Json {
  const targets = Object.fromEntries(bindings.map(({ field, propertyId }) => [field, propertyId]));
  return sortKeys({ ids: stored, targets });
}

function idsIn(binding: Json): Json {
  return isJsonObject(binding) ? (binding.ids ?? null) : null;
}

function project(
  record: SourceRecord,
  previous: Metadata | null,
  bindings: readonly FieldBinding[],
): Projection {
  const { values, metadata } = projectRecord(record, bindings);
  const author = record.editedBy === null ? "notion" : `notion:${record.editedBy}`;
  if (record.unobserved.length === 0) return { values, metadata, author };
  return { values, metadata: carryOver(metadata, previous, new Set(record.unobserved)), author };
}

/** A property that could not be read whole keeps its last known value: half a list must not replace a whole one. */
function carryOver(metadata: Metadata, previous: Metadata | null, unobserved: ReadonlySet<string>): Metadata {
  const before = propertiesById(previous);
  const properties: Record<string, Json> = {};
  for (const [name, property] of Object.entries(propertiesOf(metadata))) {
    const id = idOf(property);
    properties[name] = (id !== null && unobserved.has(id) ? before.get(id) : undefined) ?? property;
  }
  return { ...metadata, notionProperties: properties };
}

const verbs = {
  create: "first seen in Notion",
  update: "changed in Notion",
  delete: "moved to the trash in Notion",
  revive: "restored in Notion",
} as const;

function reasonFor(kind: keyof typeof verbs, changed: readonly string[]): string {
  if (kind === "create" || changed.length === 0) return verbs[kind];
  return `${verbs[kind]}: ${changed.join(", ")}`;
}

/** Names of the properties whose values differ, without those that Notion computes. */
function changedProperties(
  next: Metadata,
  previous: Metadata | null,
  derived: ReadonlySet<string>,
): string[] {
  if (previous === null) return [];
  const before = propertiesById(previous);
  const changed: string[] = [];
  for (const [name, property] of Object.entries(propertiesOf(next))) {
    const id = idOf(property);
    if (id === null || derived.has(id)) continue;
    if (stableText(before.get(id) ?? null) !== stableText(property)) changed.push(name);
  }
  return changed;
}

/** Signed file URLs differ at every read; what follows the question mark is not a change. */
function stableText(property: Json): string {
  return JSON.stringify(sortKeys(property), (key, value: unknown) =>
    key === "expiry_time"
      ? undefined
      : key === "url" && typeof value === "string"
        ? value.split("?")[0]
        : value,
  );
}

function propertiesOf(metadata: Metadata | null): { readonly [key: string]: Json } {
  const properties = metadata?.notionProperties;
  return isJsonObject(properties) ? properties : {};
}

function propertiesById(metadata: Metadata | null): Map<string, Json> {
  const byId = new Map<string, Json>();
  for (const property of Object.values(propertiesOf(metadata))) {
    const id = idOf(property);
    if (id !== null) byId.set(id, property);
  }
  return byId;
}

function idOf(property: Json): string | null {
  return isJsonObject(property) && typeof property.id === "string" ? property.id : null;
}
