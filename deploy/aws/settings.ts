import { join } from "node:path";
import { z } from "zod";
import { pairsIn } from "../../src/app/targets.ts";
import type { Config } from "../../src/config/config.ts";
import { resolveConfig } from "../../src/config/resolve.ts";
import { isJsonObject, type Json } from "../../src/core/json.ts";
import { furtherSecrets } from "./runtime/secret-names.ts";

const stageSchema = z.strictObject({
  /** IANA name: the time zone of functions and schedules. */
  timeZone: z.string().default("UTC"),
  /** Syncs that ask their sides by themselves, and every how many minutes. Without one, only webhooks and imports do. */
  polls: z.record(z.string(), z.int().min(1).max(1_440)).default({}),
  /** Computes all series anew, every night: there, and off, unless this says so. */
  recomputes: z.boolean().default(false),
  /** Where alarms go; null: they only show. */
  alarmTopicArn: z.string().startsWith("arn:").nullable().default(null),
  /** Where the functions are that reach a database; null: in no network of yours, with the internet before them. */
  network: z
    .strictObject({
      subnetIds: z.array(z.string().regex(/^subnet-[0-9a-f]{8,17}$/)).min(1),
      securityGroupIds: z.array(z.string().regex(/^sg-[0-9a-f]{8,17}$/)).min(1),
    })
    .nullable()
    .default(null),
  /** Further variables that are kept as secrets, beside those that every stage has and those that `config` names. */
  secrets: z.array(z.enum(furtherSecrets)).default([]),
  /** A `lockstep.config.json` without a store: which one it is, the stage says. Folders are relative to `cdk.json`'s. */
  config: z.record(z.string(), z.json()),
});

/** `cdk.json` does not say what it has to, in words for people. */
export class StageError extends Error {}

/** One deployment: what `cdk.json` says of a stage, checked. */
export interface StageSettings extends Omit<z.infer<typeof stageSchema>, "config" | "secrets"> {
  readonly stage: string;
  /** Variables that are kept as secrets, beside those that every stage has: addresses of databases and chats, and what it says. */
  readonly ownSecrets: readonly string[];
  /** As it goes into the bundles. */
  readonly written: Json;
  readonly config: Config;
}

/** Throws StageError for a stage that is not there or not as expected, and for a poll of a sync that is not configured. */
export function readStage(stage: string, stages: unknown): StageSettings {
  if (!/^[a-z][a-z0-9-]{0,19}$/.test(stage))
    throw new StageError(`A stage is called by small letters, digits and dashes; got "${stage}".`);
  const all = typeof stages === "object" && stages !== null ? new Map(Object.entries(stages)) : new Map();
  if (!all.has(stage))
    throw new StageError(
      `cdk.json has no stage "${stage}"; it has: ${[...all.keys()].join(", ") || "none"}.`,
    );
  const parsed = stageSchema.safeParse(all.get(stage));
  if (!parsed.success) throw new StageError(`Stage "${stage}" in cdk.json: ${z.prettifyError(parsed.error)}`);
  const { config: section, secrets, ...rest } = parsed.data;
  if ("store" in section)
    throw new StageError(`Stage "${stage}": leave "store" out; the stage says which it is.`);
  const written: Json = { ...section, store: `dynamodb:${stage}` };
  const config = resolveConfig(written, join(import.meta.dirname, `cdk.json#${stage}`));
  const ownSecrets = [...new Set([...addressesIn(config), ...secrets])];
  if (rest.network !== null && !hasSql(config))
    throw new StageError(`Stage "${stage}" has a "network", and no database to reach in it: leave it out.`);
  const known = syncNames(config);
  const unknown = Object.keys(rest.polls).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new StageError(`Stage "${stage}" polls "${unknown}", and has: ${known.join(", ") || "no sync"}.`);
  return { ...rest, stage, ownSecrets, written: withoutNull(written), config };
}

export function syncNames(config: Config): readonly string[] {
  return [...config.backup.databases, ...pairsIn(config)].map(({ name }) => name);
}

/** Whether anything is synced with a SQL database: then functions bring its driver. */
export function hasSql({ tables, pipeline }: Pick<Config, "tables" | "pipeline">): boolean {
  return tables.length > 0 || pipeline !== undefined;
}

/** Variables that hold addresses. A file is in no function's reach, and an address with its password in no configuration. */
function addressesIn({ tables, pipeline, planning }: Config): readonly string[] {
  const databases = [...tables, ...(pipeline === undefined ? [] : [pipeline])].map(({ name, table }) => {
    if ("variable" in table.url) return table.url.variable;
    throw new StageError(
      `"${name}": name the variable that holds the address of its database, as {"url": {"env": "TASKS_URL"}}: it becomes a secret.`,
    );
  });
  return [...databases, pipeline?.alertVariable, planning?.alertVariable].filter((name) => name != null);
}

function withoutNull(value: Json): Json {
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== null));
}
