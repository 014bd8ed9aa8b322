import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PipelineConfig, Secrets } from "../config/config.ts";
import { createProvisionApi } from "../connectors/notion/provision/api.ts";
import { type Check, checkDatabases } from "../connectors/notion/provision/checks.ts";
import type { ProvisionTarget } from "../connectors/notion/provision/provision.ts";
import type { EngineDeps } from "../engine/sync.ts";
import type { HttpClient } from "../http/client.ts";
import { boardSpecs } from "../recipes/pipeline/board.ts";
import { type Channel, demandChannels, readChannelFolder } from "../recipes/pipeline/channels.ts";
import { pipelinePairs } from "../recipes/pipeline/config.ts";
import { openTaskDatabase } from "../recipes/pipeline/database.ts";
import { type LinkKind, linkKinds } from "../recipes/pipeline/links.ts";
import { migrateTasks } from "../recipes/pipeline/migrate.ts";
import { columnsOf } from "../recipes/pipeline/recipe.ts";
import { provideDatabases, targetOf } from "./database-setup.ts";
import { openSqlTable, urlOf } from "./sql-table.ts";

export interface PipelineSetupRequest {
  readonly deps: EngineDeps;
  readonly http: HttpClient;
  readonly pipeline: PipelineConfig;
  readonly signal?: AbortSignal | undefined;
}

/** What there is now, by kind; the ids belong into the configuration. */
export interface PipelineSetup {
  /** Data source ids. */
  readonly board: string;
  readonly links: Readonly<Partial<Record<LinkKind, string>>>;
  /** Writes to Notion; 0: everything was there. */
  readonly writes: number;
  /** Of the task tables, before and after; null: the table is the user's own. */
  readonly schema: { readonly from: number; readonly to: number } | null;
  /** What people made otherwise, and may keep. */
  readonly differences: readonly string[];
}

/**
 * Makes or completes the board, the table and the queue, and installs what sees their changes. Everything that is there
 * already stays as it is: run again, it writes nothing. Throws SCHEMA_DRIFT when something that people made is in the way.
 */
export async function setUpPipeline(
  request: PipelineSetupRequest & { readonly secrets: Pick<Secrets, "databaseUrls"> },
): Promise<PipelineSetup> {
  const { deps, pipeline, secrets } = request;
  const { ids, writes, differences } = await provideDatabases(request, "pipeline", await targetsOf(request));
  const schema = pipeline.table.isOwn ? await migrate(pipeline, request) : null;
  const board = ids.tasks ?? "";
  const links = Object.fromEntries(
    linkKinds.flatMap((kind) => (ids[kind] === undefined ? [] : [[kind, ids[kind]] as const])),
  );
  const ready = { ...pipeline, notion: { ...pipeline.notion, id: board, links } };
  for (const pair of pipelinePairs(ready)) {
    await using table = openSqlTable({ table: pair.table, columns: columnsOf(pair) }, secrets, deps);
    await table.capture.install();
  }
  return { board, links, writes, schema, differences };
}

/** Whether board and views are as they have to be. Writes nothing. */
export async function checkPipeline(request: PipelineSetupRequest): Promise<readonly Check[]> {
  return checkDatabases(createProvisionApi(request.http), await targetsOf(request), request.signal);
}

/** Channels are read before anything is made of them. An empty place gets an example. */
export async function provideChannels(folder: string): Promise<{ readonly isNew: boolean }> {
  const isNew = (await mkdir(folder, { recursive: true })) !== undefined;
  if (isNew) await writeFile(join(folder, "main.yaml"), "id: main\nname: Main\nenabled: true\n");
  return { isNew };
}

async function targetsOf({
  deps,
  http,
  pipeline,
  signal,
}: PipelineSetupRequest): Promise<Readonly<Record<string, ProvisionTarget>>> {
  const { notion, channelsFolder } = pipeline;
  const channels: readonly Channel[] = demandChannels(await readChannelFolder(channelsFolder));
  const wanted = linkKinds.filter((kind) => notion.links[kind] !== undefined);
  const specs = boardSpecs({ statusType: notion.statusType, channels, links: wanted });
  const targets: Record<string, ProvisionTarget> = {};
  const idByKey: Readonly<Record<string, string | null>> = { ...notion.links, tasks: notion.id };
  for (const [key, spec] of Object.entries(specs)) {
    const id = idByKey[key] ?? null;
    targets[key] = await targetOf({
      recipe: "pipeline",
      deps,
      http,
      spec,
      id,
      parentPageId: notion.parentPageId,
      signal,
    });
  }
  return targets;
}

async function migrate(
  { table }: PipelineConfig,
  { deps, secrets }: { readonly deps: EngineDeps; readonly secrets: Pick<Secrets, "databaseUrls"> },
) {
  await using database = openTaskDatabase(urlOf(table.url, secrets.databaseUrls), deps.clock);
  return migrateTasks(database);
}
