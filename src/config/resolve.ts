import { dirname } from "node:path";
import type { z } from "zod";
import { isJsonObject, type Json } from "../core/json.ts";
import { crossProblems, resolveBackup } from "../recipes/backup/config.ts";
import { libraryProblems, librarySyncs, resolveLibrary } from "../recipes/library/config.ts";
import { pipelineProblems, resolvePipeline } from "../recipes/pipeline/config.ts";
import { planningProblems, resolvePlanning } from "../recipes/planning/config.ts";
import { resolveTables, tableProblems } from "../recipes/table/config.ts";
import type { Config } from "./config.ts";
import { type ConfigProblem, configInvalid } from "./problem.ts";
import { configFileSchema } from "./schema.ts";
import { scanForSecrets } from "./secrets.ts";
import { absoluteStoreUrl } from "./store-url.ts";
import { problemsOf } from "./zod-problems.ts";

/**
 * Checks a configuration and fills in every default. Throws CONFIG_INVALID with all problems at once.
 * `file` is absolute; paths in the configuration are relative to it.
 */
export function resolveConfig(written: Json, file: string): Config {
  const { problems: secrets, masked } = scanForSecrets(written);
  const parsed = configFileSchema.safeParse(masked, { reportInput: true });
  const issues = parsed.success ? [] : problemsOf(parsed.error.issues, knownKeysAt);
  const sections = isJsonObject(masked) ? masked : {};
  const taken = [
    ...namesIn(sections.backup),
    ...tableNamesIn(sections.tables),
    ...pipelineNamesIn(sections.pipeline),
  ];
  const problems = [
    ...issues,
    ...crossProblems(sections.backup),
    ...tableProblems(sections.tables, namesIn(sections.backup)),
    ...pipelineProblems(sections.pipeline, {
      taken: [...namesIn(sections.backup), ...tableNamesIn(sections.tables)],
      store: storeOf(sections.store, file),
      folder: dirname(file),
    }),
    ...libraryProblems(sections.library, { taken }),
    ...planningProblems(sections.planning, { taken: [...taken, ...libraryNamesIn(sections.library)] }),
    ...(isEmpty(sections) ? [nothingToDo] : []),
  ];
  const secretPaths = new Set(secrets.map(({ path }) => path));
  const all = [...secrets, ...problems.filter(({ path }) => !secretPaths.has(path))];
  if (!parsed.success || all.length > 0) throw configInvalid(file, all);
  return withDefaults(parsed.data, file);
}

function withDefaults(written: z.output<typeof configFileSchema>, file: string): Config {
  const tableNames = (written.tables ?? []).map(({ name }) => name);
  const folder = dirname(file);
  const store = storeOf(written.store, file);
  return {
    file,
    store,
    notion: {
      ratePerMinute: written.notion?.ratePerMinute ?? 180,
      timeoutMs: written.notion?.timeoutMs ?? 60_000,
    },
    backup: resolveBackup(written.backup ?? { databases: [] }, tableNames),
    tables: resolveTables(written.tables ?? [], folder),
    ...(written.pipeline === undefined
      ? {}
      : { pipeline: resolvePipeline(written.pipeline, { folder, store }) }),
    ...(written.library === undefined ? {} : { library: resolveLibrary(written.library) }),
    ...(written.planning === undefined ? {} : { planning: resolvePlanning(written.planning) }),
  };
}

function storeOf(written: Json | undefined, file: string): string {
  return absoluteStoreUrl(typeof written === "string" ? written : "sqlite:lockstep.db", dirname(file));
}

const nothingToDo: ConfigProblem = {
  path: "",
  message:
    'expected "backup", "tables", "pipeline", "library" or "planning"; there is nothing to do without them',
};

function isEmpty(sections: { readonly [key: string]: Json }): boolean {
  const { tables } = sections;
  if (["backup", "pipeline", "library", "planning"].some((job) => sections[job] !== undefined)) return false;
  return tables === undefined || (Array.isArray(tables) && tables.length === 0);
}

/** Names that databases to back up are given in the file. */
function namesIn(backup: Json | undefined): readonly string[] {
  const databases = isJsonObject(backup) && Array.isArray(backup.databases) ? backup.databases : [];
  return databases.flatMap((entry) => {
    return isJsonObject(entry) && typeof entry.name === "string" ? [entry.name] : [];
  });
}

function tableNamesIn(tables: Json | undefined): readonly string[] {
  return (Array.isArray(tables) ? tables : []).flatMap((entry: Json) =>
    isJsonObject(entry) && typeof entry.name === "string" ? [entry.name] : [],
  );
}

function pipelineNamesIn(pipeline: Json | undefined): readonly string[] {
  if (!isJsonObject(pipeline)) return [];
  return [typeof pipeline.name === "string" ? pipeline.name : "pipeline"];
}

function libraryNamesIn(library: Json | undefined): readonly string[] {
  return isJsonObject(library) ? librarySyncs(library.name) : [];
}

/** The keys the schema knows at a path, for suggestions. */
function knownKeysAt(path: readonly PropertyKey[]): readonly string[] {
  let schema: unknown = configFileSchema;
  for (const key of path) schema = childOf(unwrapped(schema), key);
  const object = unwrapped(schema);
  return hasShape(object) ? Object.keys(object.shape) : [];
}

function childOf(schema: unknown, key: PropertyKey): unknown {
  if (hasShape(schema)) return schema.shape[String(key)];
  return isRecord(schema) && typeof key === "number" ? schema.element : undefined;
}

/** Without `optional`; of a union, the part that has keys. */
function unwrapped(schema: unknown): unknown {
  if (!isRecord(schema) || hasShape(schema)) return schema;
  if (Array.isArray(schema.options)) return schema.options.find((option) => hasShape(option));
  return typeof schema.unwrap === "function" && schema.element === undefined
    ? unwrapped(schema.unwrap())
    : schema;
}

function hasShape(schema: unknown): schema is { readonly shape: { readonly [key: string]: unknown } } {
  return isRecord(schema) && isRecord(schema.shape);
}

function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null;
}
