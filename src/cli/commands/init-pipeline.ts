import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { PipelineSetup } from "../../app/pipeline-setup.ts";
import type { PipelineConfig } from "../../config/config.ts";
import { readEnvironment, withDatabaseUrls } from "../../config/environment.ts";
import { configFileNames, readConfigFile } from "../../config/load.ts";
import { resolveConfig } from "../../config/resolve.ts";
import { LockstepError } from "../../core/errors.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import type { CommandContext, CommandResult } from "../command.ts";

/** What to write when there is no `pipeline` section yet. */
export interface PipelineFlags {
  readonly page?: string;
  readonly notion?: string;
  readonly status?: string;
  readonly links?: readonly string[];
  readonly url?: string;
  readonly urlEnv?: string;
  readonly channels?: string;
}

/**
 * Makes or completes a pipeline's board, table and queue, and writes their ids into the configuration; for one that is a
 * program it says what to write there. Run again, it changes nothing.
 */
export async function initPipeline(context: CommandContext, flags: PipelineFlags): Promise<CommandResult> {
  const { io, deps, flags: common } = context;
  const file = fileOf(io.cwd, common.config);
  const before = existsSync(file) ? objectIn(await readConfigFile(file), file) : {};
  const section = isJsonObject(before.pipeline) ? before.pipeline : sectionOf(flags);
  const config = resolveConfig({ ...before, pipeline: section }, file);
  const { pipeline } = config;
  if (pipeline === undefined) throw new LockstepError("UNEXPECTED", "the section that was written is gone");
  const environment = readEnvironment(io.env);
  const { setup, channels } = await deps.setUpPipeline({
    config,
    pipeline,
    secrets: withDatabaseUrls(environment.secrets, config, io.env),
    baseUrl: environment.notionBaseUrl,
    signal: io.signal,
  });
  const written = { ...before, pipeline: withIds(section, setup) };
  const isWanting = JSON.stringify(written) !== JSON.stringify(before);
  const isChanged = isWanting && file.endsWith(".json");
  if (isChanged) await writeFile(file, `${JSON.stringify(written, null, 2)}\n`);
  const toWrite = isWanting && !isChanged ? { pipeline: written.pipeline } : null;
  return {
    exitCode: 0,
    document: { ok: true, file, isFileChanged: isChanged, toWrite, ...setup, areChannelsNew: channels.isNew },
    text: textOf({
      ending: endingOf(file, { isChanged, toWrite }),
      pipeline,
      setup,
      areChannelsNew: channels.isNew,
    }),
  };
}

function fileOf(folder: string, named: string | undefined): string {
  if (named !== undefined) return resolve(folder, named);
  const there = configFileNames.find((name) => existsSync(join(folder, name)));
  return join(folder, there ?? configFileNames[0]);
}

function endingOf(
  file: string,
  { isChanged, toWrite }: { readonly isChanged: boolean; readonly toWrite: Json },
): string {
  if (isChanged) return `Wrote ${file}.`;
  if (toWrite === null) return `${file} is as it was.`;
  return `${file} is a program and stays as it is. Write this into it, in place of its pipeline if it has one:\n${JSON.stringify(toWrite, null, 2)}`;
}

function sectionOf({ page, notion, status, links = [], url, urlEnv, channels }: PipelineFlags): {
  readonly [key: string]: Json;
} {
  if (page === undefined && notion === undefined) {
    throw new LockstepError(
      "USAGE",
      "Where is the board to be? Give --page LINK for a page to make it in, or --notion LINK for a database to take over.",
    );
  }
  const address = urlEnv === undefined ? url : { env: urlEnv };
  return {
    notion: {
      ...(notion === undefined ? {} : { database: notion }),
      ...(page === undefined ? {} : { parentPage: page }),
      statusProperty: status ?? "select",
      ...(links.length === 0 ? {} : { links: Object.fromEntries(links.map((kind) => [kind, true])) }),
    },
    ...(address === undefined ? {} : { table: { url: address } }),
    ...(channels === undefined ? {} : { channels }),
  };
}

function withIds(section: { readonly [key: string]: Json }, { board, links }: PipelineSetup): Json {
  const notion = isJsonObject(section.notion) ? section.notion : {};
  const wanted = isJsonObject(notion.links) ? notion.links : {};
  const found = Object.fromEntries(
    Object.entries(wanted).map(([kind, link]) => {
      const made = Object.entries(links).find(([each]) => each === kind)?.[1];
      return [kind, link === true ? (made ?? true) : link];
    }),
  );
  return {
    ...section,
    notion: {
      ...notion,
      database: notion.database ?? board,
      ...(Object.keys(wanted).length === 0 ? {} : { links: found }),
    },
  };
}

function textOf({
  ending,
  pipeline,
  setup,
  areChannelsNew,
}: {
  readonly ending: string;
  readonly pipeline: PipelineConfig;
  readonly setup: PipelineSetup;
  readonly areChannelsNew: boolean;
}): string {
  const { schema, writes, board, differences } = setup;
  const table =
    schema === null
      ? `Table ${pipeline.table.name} is yours; triggers that see its changes are installed.`
      : schema.from === schema.to
        ? `Table ${pipeline.table.name} and its queue were there.`
        : `Made table ${pipeline.table.name} and its queue.`;
  return [
    writes === 0 ? `Board ${board}: everything was there.` : `Board ${board}: ${writes} writes to Notion.`,
    ...differences.map((difference) => `  left as it is: ${difference}`),
    table,
    ...(areChannelsNew
      ? [`Made ${pipeline.channelsFolder} with an example. Describe your channels there.`]
      : []),
    ending,
    "Next: lockstep doctor, then lockstep serve",
  ].join("\n");
}

function objectIn(value: Json, file: string): { readonly [key: string]: Json } {
  if (isJsonObject(value)) return value;
  throw new LockstepError("CONFIG_INVALID", `${file} holds no object; correct it, then run this again.`);
}
