import type { Json } from "../../core/json.ts";
import type { SourceRecord } from "../../core/record.ts";
import { derivedValue, hasManyReferences, isDerivable } from "./derived.ts";
import { isSameId, type JsonObject, type NotionPage, type PageProperty, readProperty } from "./page.ts";
import { canonicalText } from "./rich-text.ts";
import { stableValue } from "./stable.ts";
import { canonicalValue, isDerivedType } from "./values.ts";

/** Attributes of the page itself that a person edits, under ids that no property has. */
const pageFields: readonly (readonly [string, string])[] = [
  ["$icon", "icon"],
  ["$cover", "cover"],
  ["$locked", "is_locked"],
];

/** What is kept of the page beside its properties, as Notion sent it. */
const pageKeys = [
  "id",
  "url",
  "public_url",
  "icon",
  "cover",
  "created_time",
  "last_edited_time",
  "created_by",
  "last_edited_by",
  "parent",
  "is_locked",
] as const;

/** How a collection's pages are read. */
export interface PageView {
  /** Id or name of the property that holds our marker; it is no field. null: pages carry no markers. */
  readonly markerProperty: string | null;
  /** Ids or names of computed properties that are fields all the same. They change without a stamp. */
  readonly derivedFields: ReadonlySet<string>;
  /** The user that this connection writes as. */
  readonly botId: string | null;
}

const plainView: PageView = { markerProperty: null, derivedFields: new Set(), botId: null };

export type Decode = (page: NotionPage) => SourceRecord;

/** A page of any API version as a record. Property values that do not look like their type become unobserved. */
export function decodePage(page: NotionPage, view: PageView = plainView): SourceRecord {
  const fields: Record<string, Json> = {};
  const unobserved: string[] = [];
  let marker: string | null = null;
  for (const name of Object.keys(page.properties)) {
    const property = readProperty(name, page.properties[name]);
    if (property === null) {
      unobserved.push(name);
      continue;
    }
    if (isMarker(property, view)) {
      marker = markerIn(property);
      continue;
    }
    const isDerived = isDerivedField(property, view);
    if (isDerivedType(property.type) && !isDerived) continue;
    const value = isDerived ? derivedIn(page, property) : canonicalValue(property.type, property.value);
    if (value === undefined) unobserved.push(property.id);
    else fields[property.id] = value;
  }
  for (const [id, key] of pageFields) {
    const value = page.object[key];
    if (value !== undefined) fields[id] = stableValue(value);
  }
  return {
    id: page.id,
    presence: presenceOf(page),
    fields,
    unobserved,
    raw: { properties: page.properties, page: keptOf(page.object) },
    revision: page.lastEditedTime,
    createdAt: page.createdTime,
    editedBy: userId(page.object.last_edited_by),
    memo: null,
    ...(view.markerProperty === null
      ? {}
      : { marker, isOurs: view.botId !== null && userId(page.object.created_by) === view.botId }),
  };
}

export function isMarker(
  { id, name }: { readonly id: string; readonly name: string },
  { markerProperty }: Pick<PageView, "markerProperty">,
): boolean {
  return markerProperty !== null && (id === markerProperty || name === markerProperty);
}

/** A computed property that is read as a field. */
export function isDerivedField(
  { id, name, type }: { readonly id: string; readonly name: string; readonly type: string },
  { derivedFields }: Pick<PageView, "derivedFields">,
): boolean {
  return (derivedFields.has(id) || derivedFields.has(name)) && isDerivable(type);
}

function markerIn({ type, value }: PageProperty): string | null {
  const plain = type === "rich_text" ? canonicalText(value)?.plain.trim() : undefined;
  return plain === undefined || plain === "" ? null : plain;
}

/** A rollup is computed from what the page shows of its relations: from a part only, when there are many. */
function derivedIn(page: NotionPage, { type, value }: PageProperty): Json | undefined {
  if (type === "rollup" && hasManyReferences(page)) return undefined;
  return derivedValue(type, value);
}

/** `in_trash` since 2024, `archived` before it, both in between (then with one meaning). */
export function presenceOf(page: NotionPage): "live" | "trashed" | "archived" {
  const { in_trash: inTrash, archived, is_archived: isArchived } = page.object;
  if (inTrash === true || (inTrash === undefined && archived === true)) return "trashed";
  return isArchived === true ? "archived" : "live";
}

/**
 * True when the page says that it lives somewhere else than in this data source. A parent named by its database
 * alone is how versions before data sources spoke of a row in place.
 */
export function isElsewhere(page: NotionPage, dataSourceId: string): boolean {
  const { parent } = page.object;
  if (typeof parent !== "object" || parent === null || !("type" in parent)) return false;
  if (parent.type === "data_source_id") return !isSameId(parent.data_source_id, dataSourceId);
  return parent.type !== "database_id";
}

function keptOf(object: JsonObject): JsonObject {
  const kept: Record<string, Json> = {};
  for (const key of pageKeys) {
    const value = object[key];
    if (value !== undefined) kept[key] = value;
  }
  return kept;
}

function userId(user: Json | undefined): string | null {
  return typeof user === "object" && user !== null && "id" in user && typeof user.id === "string"
    ? user.id
    : null;
}
