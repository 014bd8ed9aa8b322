import { z } from "zod";
import type {
  Config,
  DatabaseConfig,
  FieldMappingConfig,
  ScheduleConfig,
  TaskField,
} from "../../config/config.ts";
import { nameSchema, notionIdSchema } from "../../config/named.ts";
import { suggestion } from "../../config/nearest.ts";
import { notionIdIn, parseNotionId } from "../../config/notion-id.ts";
import { type ConfigProblem, pathText } from "../../config/problem.ts";
import { checkedString, resolveSchedule, scheduleSchema } from "../../config/schedule.ts";
import { isJsonObject, type Json } from "../../core/json.ts";

const columns = ["title", "description", "status", "resolution"] as const;
/** Keys of a task's metadata that hold what Notion said. */
const reservedKeys = ["notion", "notionProperties"];
const defaultSchedule: ScheduleConfig = { cron: "0 3 * * *", timeZone: "UTC", isEnabled: true };

const databaseSchema = z.strictObject({
  name: nameSchema.optional().meta({
    description: "What commands call this sync; unique. Default: the project scope id, numbered if taken.",
  }),
  notionDatabaseId: notionIdSchema.meta({
    description: "Id of the Notion database or data source, or a link to it copied from Notion.",
  }),
  dataSource: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'For a database with several data sources: "all", or the name or id of one.' }),
  projectScopeId: z
    .string()
    .min(1)
    .max(200)
    .meta({ description: "Groups the tasks that come from this database; yours to choose." }),
  syncEnabled: z
    .boolean()
    .optional()
    .meta({ description: "False: neither the schedule nor a sync of everything touches it. Default true." }),
  fieldMappings: z
    .record(z.string().min(1), checkedString(taskFieldProblem))
    .optional()
    .meta({
      description:
        "Notion property (name or id) → task field: title, description, status, resolution or metadata.<key>. The title property is always mapped; every property is kept in metadata either way.",
      examples: [{ Notes: "description", State: "status", Estimate: "metadata.estimate" }],
    }),
  schedule: scheduleSchema
    .optional()
    .meta({ description: "When this database is synced; what is left out comes from backup.schedule." }),
});

/** The `backup` section of the file. */
export const backupSchema = z.strictObject({
  schedule: scheduleSchema
    .optional()
    .meta({ description: 'When databases are synced. Default "0 3 * * *" in UTC.' }),
  sweepEveryHours: z.number().min(0).max(8760).optional().meta({
    description: "How often a run reads every row to find deletions. 0, the default: in every run.",
  }),
  guard: z
    .strictObject({
      deletesMax: z.int().min(0).optional().meta({ description: "Deletions that always pass. Default 10." }),
      deleteShareMax: z.number().min(0).max(1).optional().meta({
        description: "Share of the live rows that may be deleted in one run. Default 0.1.",
      }),
    })
    .optional()
    .meta({ description: "A run that would delete more than both numbers allow is refused." }),
  databases: z.array(databaseSchema).min(1).meta({ description: "The Notion databases to back up." }),
});

type WrittenBackup = z.output<typeof backupSchema>;

function taskFieldProblem(text: string): string | null {
  const expected = "expected title, description, status, resolution or metadata.<key>";
  if (columns.some((column) => column === text)) return null;
  if (!text.startsWith("metadata.")) return `${expected}.${suggestion(text, [...columns, "metadata."])}`;
  const key = text.slice("metadata.".length);
  if (key === "") return `${expected}; the key is missing`;
  return reservedKeys.includes(key)
    ? `metadata.${key} is where Notion's own values are kept; choose another key`
    : null;
}

/**
 * What only shows when entries are seen together: a field written by two properties, a name or a data source used
 * twice. Reads the file as it came, so that these are reported beside everything else that is wrong.
 */
export function crossProblems(backup: Json | undefined): readonly ConfigProblem[] {
  const databases = isJsonObject(backup) && Array.isArray(backup.databases) ? backup.databases : [];
  const entries = databases.map((entry) => (isJsonObject(entry) ? entry : {}));
  return [
    ...entries.flatMap((entry, index) =>
      repeatedTargets(entry.fieldMappings, ["backup", "databases", index, "fieldMappings"]),
    ),
    ...repeatedNames(entries),
    ...repeatedSources(entries),
  ];
}

function repeatedTargets(mappings: Json | undefined, path: readonly PropertyKey[]): readonly ConfigProblem[] {
  const takenBy = new Map<Json, string>();
  return Object.entries(isJsonObject(mappings) ? mappings : {}).flatMap(([property, field]) => {
    const first = takenBy.get(field);
    takenBy.set(field, first ?? property);
    if (first === undefined || typeof field !== "string") return [];
    return [
      {
        path: pathText([...path, property]),
        message: `"${field}" is already written by the property "${first}"; map one of them`,
      },
    ];
  });
}

function repeatedNames(entries: readonly { readonly [key: string]: Json }[]): readonly ConfigProblem[] {
  return entries.flatMap(({ name }, index) => {
    const first = entries.findIndex((entry) => typeof name === "string" && entry.name === name);
    if (first === -1 || first === index) return [];
    return [
      {
        path: pathText(["backup", "databases", index, "name"]),
        message: `the name "${name}" is already used by databases[${first}]`,
      },
    ];
  });
}

/** The same data source twice would give every row two tasks. */
function repeatedSources(entries: readonly { readonly [key: string]: Json }[]): readonly ConfigProblem[] {
  const sources = entries.map(({ notionDatabaseId, dataSource }) => {
    const parsed = typeof notionDatabaseId === "string" ? parseNotionId(notionDatabaseId) : null;
    const part = typeof dataSource === "string" && dataSource !== "all" ? dataSource : null;
    return { id: parsed !== null && "id" in parsed ? parsed.id : null, part };
  });
  return sources.flatMap(({ id, part }, index) => {
    const overlaps = (other: { id: string | null; part: string | null }) =>
      id !== null && other.id === id && (other.part === null || part === null || other.part === part);
    const first = sources.findIndex(overlaps);
    if (first === index || first === -1) return [];
    const message = `the same database and data source as databases[${first}]; name another dataSource or take one out`;
    return [{ path: pathText(["backup", "databases", index, "notionDatabaseId"]), message }];
  });
}

/** Fills in every default. `taken`: names of other syncs, which made-up names give way to. */
export function resolveBackup(written: WrittenBackup, taken: readonly string[]): Config["backup"] {
  const schedule = resolveSchedule(written.schedule, defaultSchedule);
  const names = uniqueNames(written.databases, taken);
  return {
    sweepEveryHours: written.sweepEveryHours ?? 0,
    guard: {
      deletesMax: written.guard?.deletesMax ?? 10,
      deleteShareMax: written.guard?.deleteShareMax ?? 0.1,
    },
    databases: written.databases.map((database, index): DatabaseConfig => {
      return {
        name: names[index] ?? database.projectScopeId,
        notionId: notionIdIn(database.notionDatabaseId),
        dataSource: database.dataSource ?? null,
        projectScopeId: database.projectScopeId,
        isEnabled: database.syncEnabled ?? true,
        fieldMappings: Object.entries(database.fieldMappings ?? {}).map(toMapping),
        schedule: resolveSchedule(database.schedule, schedule),
      };
    }),
  };
}

function toMapping([property, field]: [string, string]): FieldMappingConfig {
  // The schema has let nothing else through.
  return { property, field: field as TaskField };
}

/** Written names stay; the others are called after their scope: "team", "team-2", "team-3" … */
function uniqueNames(databases: WrittenBackup["databases"], others: readonly string[]): readonly string[] {
  const written = databases.flatMap(({ name }) => (name === undefined ? [] : [name]));
  const taken = new Set([...others, ...written]);
  return databases.map(({ name, projectScopeId }) => {
    if (name !== undefined) return name;
    const stem = projectScopeId.replaceAll("/", "-");
    let candidate = stem;
    for (let number = 2; taken.has(candidate); number += 1) candidate = `${stem}-${number}`;
    taken.add(candidate);
    return candidate;
  });
}
