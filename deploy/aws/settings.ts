import { z } from "zod";
import { pairsIn } from "../../src/app/targets.ts";
import type { Config } from "../../src/config/config.ts";
import { resolveConfig } from "../../src/config/resolve.ts";
import { isJsonObject, type Json } from "../../src/core/json.ts";

const stageSchema = z.strictObject({
  /** IANA name: the time zone of functions and schedules. */
  timeZone: z.string().default("UTC"),
  /** Syncs that ask their sides by themselves, and every how many minutes. Without one, only webhooks and imports do. */
  polls: z.record(z.string(), z.int().min(1).max(1_440)).default({}),
  /** Computes all series anew, every night: there, and off, unless this says so. */
  recomputes: z.boolean().default(false),
  /** Where alarms go; null: they only show. */
  alarmTopicArn: z.string().startsWith("arn:").nullable().default(null),
  /** A `lockstep.config.json` without a store: which one it is, the stage says. */
  config: z.record(z.string(), z.json()),
});

/** One deployment: what `cdk.json` says of a stage, checked. */
export interface StageSettings extends Omit<z.infer<typeof stageSchema>, "config"> {
  readonly stage: string;
  /** As it goes into the bundles. */
  readonly written: Json;
  readonly config: Config;
}

/** Throws for a stage that is not there or not as expected, and for a poll of a sync that is not configured. */
export function readStage(stage: string, stages: unknown): StageSettings {
  if (!/^[a-z][a-z0-9-]{0,19}$/.test(stage))
    throw new Error(`A stage is called by small letters, digits and dashes; got "${stage}".`);
  const all = typeof stages === "object" && stages !== null ? new Map(Object.entries(stages)) : new Map();
  if (!all.has(stage))
    throw new Error(`cdk.json has no stage "${stage}"; it has: ${[...all.keys()].join(", ") || "none"}.`);
  const parsed = stageSchema.safeParse(all.get(stage));
  if (!parsed.success) throw new Error(`Stage "${stage}" in cdk.json: ${z.prettifyError(parsed.error)}`);
  const { config: section, ...rest } = parsed.data;
  if ("store" in section) throw new Error(`Stage "${stage}": leave "store" out; the stage says which it is.`);
  const written: Json = { ...section, store: `dynamodb:${stage}` };
  const config = resolveConfig(written, `/cdk.json#${stage}`);
  demandServerless(config);
  const known = syncNames(config);
  const unknown = Object.keys(rest.polls).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new Error(`Stage "${stage}" polls "${unknown}", and has: ${known.join(", ") || "no sync"}.`);
  return { ...rest, stage, written: withoutNull(written), config };
}

export function syncNames(config: Config): readonly string[] {
  return [...config.backup.databases, ...pairsIn(config)].map(({ name }) => name);
}

/** The functions bring no driver of a SQL database. */
function demandServerless({ tables, pipeline }: Config): void {
  if (tables.length === 0 && pipeline === undefined) return;
  throw new Error(
    'Syncs with tables ("tables", "pipeline") need a SQL database beside them and run on a server, not on Lambda.',
  );
}

function withoutNull(value: Json): Json {
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== null));
}
