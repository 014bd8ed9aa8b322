import { isObject, type Json, type JsonObject, objectOr, stringOr } from "./json.ts";
import type { SeedDatabase, SeedPage, WorkspaceSeed } from "./seed.ts";
import { typeIn } from "./values/schema.ts";

/**
 * A workspace made of recorded answers: pages, databases, data sources and lists of them, in the order they were recorded; the
 * last answer about an object counts. Rows whose schema was not recorded get one that fits their values. What the recordings
 * do not hold is left out: blocks, relations to data sources nobody read, and rollups over them.
 */
export function seedFromAnswers(answers: readonly unknown[]): WorkspaceSeed {
  const objects = new Map<string, JsonObject>();
  for (const answer of answers) collect(answer, objects);
  const all = [...objects.values()];
  const pages = all.filter(({ object }) => object === "page");
  const sources = sourcesIn(all, pages);
  const databases = Map.groupBy(sources, ({ databaseId }) => databaseId);
  const known: Known = {
    pages: new Set(pages.map(({ id }) => id ?? null)),
    sources: new Set(sources.map(({ id }) => id)),
    databases,
  };
  return {
    people: peopleIn(all),
    databases: [...databases].map(([id, members]): SeedDatabase => {
      const title = textOf(objects.get(id)?.title) || members[0]?.name || "Untitled";
      return { id, title, dataSources: members.map((source) => seedSource(source, pages, known)) };
    }),
    pages: pages.filter((page) => rowParents(page).length === 0).map((page) => seedPage(page, null, known)),
  };
}

interface Known {
  readonly pages: ReadonlySet<Json>;
  readonly sources: ReadonlySet<Json>;
  readonly databases: ReadonlyMap<Json, readonly Source[]>;
}

function collect(answer: unknown, objects: Map<string, JsonObject>): void {
  if (!isObject(answer)) return;
  if (Array.isArray(answer.results)) {
    for (const result of answer.results) collect(result, objects);
  } else if (
    typeof answer.id === "string" &&
    ["page", "database", "data_source"].includes(String(answer.object))
  ) {
    // Moved to the end: what is made of an object follows its last answer.
    objects.delete(answer.id);
    objects.set(answer.id, answer);
  }
}

interface Source {
  readonly id: string;
  readonly databaseId: string;
  readonly name: string;
  readonly properties: JsonObject;
}

function sourcesIn(all: readonly JsonObject[], pages: readonly JsonObject[]): Source[] {
  const inNewVersions = new Set(
    all.filter(({ object }) => object === "data_source").map(({ parent }) => objectOr(parent).database_id),
  );
  // A database that was also recorded as a container of data sources is that.
  const recorded = all.filter(({ id }) => !inNewVersions.has(id)).flatMap(recordedSource);
  const covered = new Set(recorded.flatMap(({ id, databaseId }) => [id, databaseId]));
  const orphans = pages.filter((page) => {
    const parents = rowParents(page);
    return parents.length > 0 && !parents.some((id) => covered.has(id));
  });
  const guessed = Map.groupBy(orphans, (page) => rowParents(page)[0] ?? "");
  return [
    ...recorded,
    ...[...guessed].map(([id, rows]): Source => {
      const databaseId = stringOr(objectOr(rows[0]?.parent).database_id, id);
      return { id, databaseId, name: "Recorded rows", properties: guessedSchema(rows) };
    }),
  ];
}

/** A data source, or a database as it was before there were any. */
function recordedSource(recorded: JsonObject): Source[] {
  const { object, properties } = recorded;
  const id = stringOr(recorded.id, "");
  if (!isObject(properties) || object === "page") return [];
  const databaseId = object === "database" ? id : stringOr(objectOr(recorded.parent).database_id, id);
  return [{ id, databaseId, name: textOf(recorded.title), properties }];
}

/** What a row's parent is called, the data source first; nothing for a page elsewhere. */
function rowParents(page: JsonObject): string[] {
  const { data_source_id: source, database_id: database } = objectOr(page.parent);
  return [source, database].filter((id) => typeof id === "string");
}

/** Columns whose configuration cannot be told from values. */
const unguessable: readonly (string | null)[] = [null, "relation", "rollup", "formula", "button"];

function guessedSchema(rows: readonly JsonObject[]): JsonObject {
  const schema: JsonObject = {};
  for (const row of rows) {
    for (const [name, value] of Object.entries(objectOr(row.properties))) {
      const type = typeIn(objectOr(value));
      if (type === null || unguessable.includes(type)) continue;
      const before = objectOr(objectOr(schema[name])[type]);
      schema[name] = {
        id: objectOr(value).id ?? null,
        type,
        [type]: guessedConfig(before, objectOr(value)[type]),
      };
    }
  }
  return schema;
}

/** Options are gathered from the rows that have them. */
function guessedConfig(before: JsonObject, value: Json | undefined): JsonObject {
  const chosen = (Array.isArray(value) ? value : [value]).filter(isObject).filter(isOption);
  if (chosen.length === 0) return before;
  const options = [...(Array.isArray(before.options) ? before.options.filter(isObject) : []), ...chosen];
  return {
    options: [
      ...new Map(
        options.map(({ id, name, color }) => [
          id,
          { id: id ?? null, name: name ?? null, color: color ?? null },
        ]),
      ).values(),
    ],
  };
}

function isOption(value: JsonObject): boolean {
  return typeof value.name === "string" && typeof value.color === "string";
}

function seedSource(
  source: Source,
  pages: readonly JsonObject[],
  known: Known,
): SeedDatabase["dataSources"][number] {
  const properties: JsonObject = {};
  for (const [name, entry] of Object.entries(source.properties)) {
    const column = wholeColumn(objectOr(entry), source, known);
    if (column !== null) properties[name] = column;
  }
  const isFirst = known.databases.get(source.databaseId)?.[0] === source;
  const rows = pages.filter((page) => {
    const [parent = null] = rowParents(page);
    return parent === source.id || (isFirst && !known.sources.has(parent) && parent === source.databaseId);
  });
  return {
    // Before 2025-09-03 only the database has an id that was recorded.
    ...(source.id === source.databaseId ? {} : { id: source.id }),
    name: source.name,
    properties,
    rows: rows.map((page) => seedPage(page, properties, known)),
  };
}

/** A column that has everything it needs, relations their target and rollups their relation; null otherwise. */
function wholeColumn(entry: JsonObject, source: Source, known: Known): JsonObject | null {
  const type = typeIn(entry);
  const config = objectOr(entry[type ?? ""]);
  if (type === "relation") {
    const target = relationTarget(config, known);
    const { data_source_id: _, database_id: __, ...more } = config;
    return target === null ? null : { ...entry, relation: { ...target, ...more } };
  }
  if (type !== "rollup") return type === null ? null : entry;
  const relation = source.properties[stringOr(config.relation_property_name, "")];
  return isObject(relation) && wholeColumn(relation, source, known) !== null ? entry : null;
}

/** By data source where that was recorded; recordings before 2025-09-03 have databases only. */
function relationTarget(config: JsonObject, { sources, databases }: Known): JsonObject | null {
  const { data_source_id: source = null, database_id: database = null } = config;
  const [first] = databases.get(database) ?? [];
  if (sources.has(source) && !databases.has(source)) return { data_source_id: source };
  if (first === undefined) return null;
  return first.id === first.databaseId ? { database_id: database } : { data_source_id: first.id };
}

/** A page; `columns` is the schema it stands under, null for a page outside data sources. */
function seedPage(page: JsonObject, columns: JsonObject | null, known: Known): SeedPage {
  const values = Object.entries(objectOr(page.properties)).flatMap(
    ([name, value]): [string, JsonObject][] => {
      const column = columns === null ? value : columns[name];
      return isObject(value) && isObject(column) ? [[name, seedValue(value, column, known)]] : [];
    },
  );
  const { id, created_time: createdTime, last_edited_time: lastEditedTime } = page;
  return {
    id: stringOr(id, ""),
    properties: Object.fromEntries(values.filter(([, value]) => Object.keys(value).length > 0)),
    ...(typeof createdTime === "string" ? { createdTime } : {}),
    ...(typeof lastEditedTime === "string" ? { lastEditedTime } : {}),
    ...author("createdBy", page.created_by),
    ...author("lastEditedBy", page.last_edited_by),
    inTrash: page.in_trash === true || page.archived === true,
    isArchived: page.is_archived === true,
    icon: page.icon ?? null,
    cover: page.cover ?? null,
  };
}

function author(key: "createdBy" | "lastEditedBy", user: Json | undefined): Partial<SeedPage> {
  const { id } = objectOr(user);
  return typeof id === "string" ? { [key]: id } : {};
}

/** A value as it can be planted; empty when its column is of another type by now, or no longer has its option. */
function seedValue(value: JsonObject, column: JsonObject, known: Known): JsonObject {
  const type = typeIn(value);
  if (type === null || type !== typeIn(column)) return {};
  const content = value[type] ?? null;
  if (type === "relation" && Array.isArray(content))
    return { relation: content.filter((each) => known.pages.has(objectOr(each).id ?? null)) };
  if (type === "status" && isObject(content)) {
    const { options } = objectOr(column.status);
    const isThere =
      Array.isArray(options) && options.some((option) => objectOr(option).name === content.name);
    return isThere ? { status: content } : {};
  }
  if (type === "verification") {
    const { state, date = null } = objectOr(content);
    if (content === null) return {};
    if (state === "expired") return { verification: { state: "verified", date } };
  }
  return { [type]: content };
}

/** Everybody seen in a value, by the last name they were seen with. */
function peopleIn(all: readonly Json[]): NonNullable<WorkspaceSeed["people"]> {
  const people = new Map<string, { id: string; name: string; email?: string; avatarUrl?: string }>();
  const look = (value: Json): void => {
    if (Array.isArray(value)) for (const each of value) look(each);
    if (!isObject(value)) return;
    if (value.object === "user" && typeof value.id === "string" && value.type !== "bot") {
      const before = people.get(value.id);
      const email = objectOr(value.person).email;
      people.set(value.id, {
        id: value.id,
        name: stringOr(value.name, before?.name ?? "Somebody"),
        ...(typeof email === "string" ? { email } : {}),
        ...(typeof value.avatar_url === "string" ? { avatarUrl: value.avatar_url } : {}),
      });
    }
    for (const each of Object.values(value)) look(each);
  };
  for (const each of all) look(each);
  return [...people.values()];
}

function textOf(items: Json | undefined): string {
  if (!Array.isArray(items)) return "";
  return items.map((item) => stringOr(objectOr(item).plain_text, "")).join("");
}
