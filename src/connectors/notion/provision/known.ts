import type { DatabaseSpec } from "../../../connector/database-spec.ts";
import { isJsonObject, type Json } from "../../../core/json.ts";
import type { CurrentDatabase, CurrentOption, CurrentProperty, CurrentView } from "./current.ts";

/** The ids of what a spec asks for, by the spec's names. Stored, so that people may rename everything. */
export interface KnownDatabase {
  readonly databaseId: string;
  readonly dataSourceId: string;
  readonly properties: Readonly<Record<string, KnownProperty>>;
  readonly views: Readonly<Record<string, string>>;
}

export interface KnownProperty {
  readonly id: string;
  readonly options: Readonly<Record<string, string>>;
  /** Of a two-way relation: the property on the other side. */
  readonly mirrorId: string | null;
}

/**
 * What stands for a name of the spec: what it stood for before, whatever it is called now, or else what has the name.
 * The title is found by its type, because there is exactly one.
 */
export function findCurrent(
  { properties }: Pick<CurrentDatabase, "properties">,
  wanted: { readonly name: string; readonly type: string; readonly known: KnownDatabase | null },
): CurrentProperty | undefined {
  if (wanted.type === "title") return properties.find(({ type }) => type === "title");
  const id = own(wanted.known?.properties, wanted.name)?.id;
  // One that was retyped is people's own from now on; under the old name it stands in the way, and that is told.
  const same = properties.find((each) => each.id === id && each.type === wanted.type);
  return same ?? named(properties, wanted.name);
}

export function findOption(
  { options }: CurrentProperty,
  name: string,
  known: KnownProperty | undefined,
): CurrentOption | undefined {
  const id = own(known?.options, name);
  return (id === undefined ? undefined : options.find((each) => each.id === id)) ?? named(options, name);
}

export function findView(
  { views }: Pick<CurrentDatabase, "views">,
  name: string,
  known: KnownDatabase | null,
): CurrentView | undefined {
  const id = own(known?.views, name);
  return (id === undefined ? undefined : views.find((each) => each.id === id)) ?? named(views, name);
}

/** Notion compares names ignoring case where it compares them at all. */
function named<T extends { readonly name: string }>(items: readonly T[], name: string): T | undefined {
  const wanted = name.trim().toLowerCase();
  return (
    items.find((item) => item.name === name) ??
    items.find((item) => item.name.trim().toLowerCase() === wanted)
  );
}

/** The ids of everything the spec asks for that is there. */
export function learnKnown(
  current: CurrentDatabase,
  spec: DatabaseSpec,
  before: KnownDatabase | null,
): KnownDatabase {
  const properties = Object.entries(spec.properties).flatMap(([name, wanted]) => {
    const found = findCurrent(current, { name, type: wanted.type, known: before });
    if (found === undefined || found.type !== wanted.type) return [];
    const options = "options" in wanted ? wanted.options : [];
    const ids = options.flatMap((option) => {
      const id = findOption(found, option.name, own(before?.properties, name))?.id;
      return id === undefined ? [] : [[option.name, id] as const];
    });
    return [[name, { id: found.id, options: Object.fromEntries(ids), mirrorId: found.mirrorId }] as const];
  });
  const views = spec.views.flatMap(({ name }) => {
    const found = findView(current, name, before);
    return found === undefined ? [] : [[name, found.id] as const];
  });
  const { databaseId, dataSourceId } = current;
  return {
    databaseId,
    dataSourceId,
    properties: Object.fromEntries(properties),
    views: Object.fromEntries(views),
  };
}

/** As it was stored; null: it does not look like one, so nothing is known. */
export function parseKnown(stored: Json | undefined): KnownDatabase | null {
  if (!isJsonObject(stored)) return null;
  const { databaseId, dataSourceId, properties, views } = stored;
  if (typeof databaseId !== "string" || typeof dataSourceId !== "string" || !isJsonObject(properties))
    return null;
  const parsed = Object.entries(properties).flatMap(([name, property]) => {
    if (!isJsonObject(property) || typeof property.id !== "string") return [];
    const mirrorId = typeof property.mirrorId === "string" ? property.mirrorId : null;
    return [[name, { id: property.id, options: textsIn(property.options), mirrorId }] as const];
  });
  return { databaseId, dataSourceId, properties: Object.fromEntries(parsed), views: textsIn(views) };
}

function textsIn(value: Json | undefined): Readonly<Record<string, string>> {
  const entries = isJsonObject(value) ? Object.entries(value) : [];
  return Object.fromEntries(
    entries.flatMap(([key, text]) => (typeof text === "string" ? [[key, text]] : [])),
  );
}

/** Names are people's to choose, "constructor" among them. */
export function own<T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;
}
