import type { DatabaseUrl, TableConfig, TableFieldConfig, WordMapConfig } from "../../config/config.ts";
import { notionIdIn, parseNotionId } from "../../config/notion-id.ts";
import { type ConfigProblem, pathText } from "../../config/problem.ts";
import { absoluteStoreUrl } from "../../config/store-url.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import type { WrittenTable } from "./schema.ts";

/**
 * What only shows when entries are seen together: a name, a database or a table used twice, a field named twice, a
 * match that is no field, a map without a way back. Reads the file as it came, so that these are reported beside
 * everything else that is wrong. `taken`: names of other syncs.
 */
export function tableProblems(tables: Json | undefined, taken: readonly string[]): readonly ConfigProblem[] {
  const entries = objectsIn(tables);
  return [
    ...repeats(entries, { path: ["name"], valueOf: ({ name }) => textOf(name), what: "the name" }),
    ...entries.flatMap(({ name }, index) => takenName(name, index, taken)),
    ...repeats(entries, { path: ["notion", "database"], valueOf: dataSourceOf, what: "the data source" }),
    ...repeats(entries, { path: ["table", "name"], valueOf: sqlTableOf, what: "the table" }),
    ...entries.flatMap((entry, index) => fieldProblems(entry, ["tables", index])),
  ];
}

type Entry = { readonly [key: string]: Json };

function objectsIn(list: Json | undefined): readonly Entry[] {
  return Array.isArray(list) ? list.map((entry) => (isJsonObject(entry) ? entry : {})) : [];
}

function textOf(value: Json | undefined): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function takenName(
  name: Json | undefined,
  index: number,
  taken: readonly string[],
): readonly ConfigProblem[] {
  if (typeof name !== "string" || !taken.includes(name)) return [];
  const message = `the name "${name}" is already used in backup.databases`;
  return [{ path: pathText(["tables", index, "name"]), message }];
}

function repeats(
  entries: readonly Entry[],
  of: {
    readonly path: readonly string[];
    readonly valueOf: (entry: Entry) => string | null;
    readonly what: string;
  },
): readonly ConfigProblem[] {
  const values = entries.map(of.valueOf);
  return values.flatMap((value, index) => {
    const first = values.indexOf(value);
    if (value === null || first === index) return [];
    const message = `${of.what} is already used by tables[${first}]; each belongs to one sync`;
    return [{ path: pathText(["tables", index, ...of.path]), message }];
  });
}

function dataSourceOf({ notion }: Entry): string | null {
  if (!isJsonObject(notion) || typeof notion.database !== "string") return null;
  const parsed = parseNotionId(notion.database);
  return "id" in parsed ? `${parsed.id}/${textOf(notion.dataSource) ?? ""}` : null;
}

function sqlTableOf({ table }: Entry): string | null {
  if (!isJsonObject(table) || typeof table.name !== "string") return null;
  return `${JSON.stringify(table.url ?? null)}/${table.name}`;
}

function fieldProblems(entry: Entry, path: readonly PropertyKey[]): readonly ConfigProblem[] {
  const fields = objectsIn(entry.fields);
  const properties = fields.map(({ property }) => textOf(property));
  const columns = fields.map(({ column }) => textOf(column));
  const repeated = (values: readonly (string | null)[], key: "property" | "column") =>
    values.flatMap((value, index) => {
      const first = values.indexOf(value);
      if (value === null || first === index) return [];
      const message = `"${value}" is already mapped in fields[${first}]; map each ${key} once`;
      return [{ path: pathText([...path, "fields", index, key]), message }];
    });
  return [
    ...repeated(properties, "property"),
    ...repeated(columns, "column"),
    ...matchProblems(entry, path),
    ...fields.flatMap(({ map }, index) => mapProblems(map, [...path, "fields", index, "map"])),
  ];
}

function matchProblems({ match, fields }: Entry, path: readonly PropertyKey[]): readonly ConfigProblem[] {
  if (!isJsonObject(match)) return [];
  const { property, column } = match;
  if (typeof property !== "string" || typeof column !== "string") return [];
  const isField = objectsIn(fields).some((field) => field.property === property && field.column === column);
  const message = `"${property}" and "${column}" are not mapped to each other in fields; match by a field that is`;
  return isField ? [] : [{ path: pathText([...path, "match"]), message }];
}

/** Where several words become one, the way back has to be chosen by a person. */
function mapProblems(map: Json | undefined, path: readonly PropertyKey[]): readonly ConfigProblem[] {
  if (!isJsonObject(map) || !isJsonObject(map.toTable)) return [];
  const back = isJsonObject(map.toNotion) ? map.toNotion : {};
  const sources = sourcesByWord(map.toTable);
  return [...sources].flatMap(([word, names]) => {
    if (names.length < 2 || Object.hasOwn(back, word)) return [];
    const choices = names.map((name) => `"${name}"`).join(" and ");
    const message = `${choices} both become "${word}"; say under "toNotion" which of them "${word}" becomes`;
    return [{ path: pathText(path), message }];
  });
}

function sourcesByWord(toTable: Entry): ReadonlyMap<string, readonly string[]> {
  const sources = new Map<string, string[]>();
  for (const [name, word] of Object.entries(toTable)) {
    if (typeof word === "string") sources.set(word, [...(sources.get(word) ?? []), name]);
  }
  return sources;
}

/** Fills in every default. `folder`: what paths are relative to. */
export function resolveTables(written: readonly WrittenTable[], folder: string): readonly TableConfig[] {
  return written.map((entry): TableConfig => {
    const { name, notion, table, match, creates, guard } = entry;
    return {
      name,
      notion: {
        id: notionIdIn(notion.database),
        dataSource: notion.dataSource ?? null,
        idProperty: notion.idProperty ?? "Lockstep ID",
        isProvisioningOptions: notion.provisionOptions ?? false,
      },
      table: {
        url: databaseUrl(table.url, folder),
        name: table.name,
        key: table.key,
        markerColumn: table.markerColumn ?? null,
        softDelete: table.softDelete ?? null,
        isHardDeleting: table.hardDelete ?? false,
        keyGenerator: table.keyGenerator ?? null,
      },
      fields: entry.fields.map(resolveField),
      match: match?.property ?? null,
      creates: { notion: creates?.notion ?? true, table: creates?.table ?? true },
      onDelete: entry.onDelete ?? "unlink",
      onDeleteEdit: entry.onDeleteEdit ?? "ask",
      guard: {
        deletesMax: guard?.deletesMax ?? 10,
        deleteShareMax: guard?.deleteShareMax ?? 0.1,
        clearShareMax: guard?.clearShareMax ?? 0.2,
        changeShareMax: guard?.changeShareMax ?? 0.9,
      },
      pollSeconds: entry.pollSeconds ?? 60,
      sweepEveryHours: entry.sweepEveryHours ?? 24,
      isEnabled: entry.syncEnabled ?? true,
      isFollowed: true,
    };
  });
}

function databaseUrl(url: WrittenTable["table"]["url"], folder: string): DatabaseUrl {
  return typeof url === "string" ? { url: absoluteStoreUrl(url, folder) } : { variable: url.env };
}

function resolveField(field: WrittenTable["fields"][number]): TableFieldConfig {
  return {
    property: field.property,
    column: field.column,
    owner: field.owner ?? null,
    conflict: field.conflict ?? "ask",
    map: field.map === undefined ? null : resolveMap(field.map),
    isWriteOnce: field.writeOnce ?? false,
  };
}

/** The way back is the way there, where that is clear. */
function resolveMap({
  toTable,
  toNotion = {},
}: NonNullable<WrittenTable["fields"][number]["map"]>): WordMapConfig {
  const inverse = Object.fromEntries(Object.entries(toTable).map(([name, word]) => [word, name]));
  return { toTable, toNotion: { ...inverse, ...toNotion } };
}
