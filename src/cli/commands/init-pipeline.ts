import type { PipelineSetup } from "../../app/pipeline-setup.ts";
import type { PipelineConfig } from "../../config/config.ts";
import { readEnvironment, withDatabaseUrls } from "../../config/environment.ts";
import { LockstepError } from "../../core/errors.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import type { CommandContext, CommandResult } from "../command.ts";
import { openSection, saveSection } from "../config-section.ts";

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
  const { io, deps } = context;
  const opened = await openSection(context, "pipeline", () => sectionOf(flags));
  const { config, recipe: pipeline, section } = opened;
  const environment = readEnvironment(io.env);
  const { setup, channels } = await deps.setUpPipeline({
    config,
    pipeline,
    secrets: withDatabaseUrls(environment.secrets, config, io.env),
    baseUrl: environment.notionBaseUrl,
    signal: io.signal,
  });
  const { document, text } = await saveSection(opened, withIds(section, setup));
  return {
    exitCode: 0,
    document: { ok: true, ...document, ...setup, areChannelsNew: channels.isNew },
    text: textOf({ ending: text, pipeline, setup, areChannelsNew: channels.isNew }),
  };
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

function withIds(section: { readonly [key: string]: Json }, { board, links }: PipelineSetup) {
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
