import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PipelineConfig, Secrets } from "../config/config.ts";
import type { DatabaseSpec } from "../connector/database-spec.ts";
import { createNotionClient } from "../connectors/notion/client.ts";
import { createProvisionApi } from "../connectors/notion/provision/api.ts";
import { type Check, checkDatabases } from "../connectors/notion/provision/checks.ts";
import { type ProvisionTarget, provision } from "../connectors/notion/provision/provision.ts";
import { resolveDataSources } from "../connectors/notion/resolve.ts";
import { LockstepError } from "../core/errors.ts";
import type { EngineDeps } from "../engine/sync.ts";
import type { HttpClient } from "../http/client.ts";
import { boardSpecs } from "../recipes/pipeline/board.ts";
import { type Channel, demandChannels, readChannelFolder } from "../recipes/pipeline/channels.ts";
import { pipelinePairs } from "../recipes/pipeline/config.ts";
import { openTaskDatabase } from "../recipes/pipeline/database.ts";
import { type LinkKind, linkKinds } from "../recipes/pipeline/links.ts";
import { migrateTasks } from "../recipes/pipeline/migrate.ts";
import { columnsOf } from "../recipes/pipeline/recipe.ts";
import { inTheWay, knownOf, rememberKnown } from "./provisioned.ts";
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
  const { deps, http, pipeline, secrets, signal } = request;
  const targets = await targetsOf(request);
  const made = await provision(createProvisionApi(http), targets, signal);
  if (made.kind === "blocked") throw inTheWay(made.differences);
  const schema = pipeline.table.isOwn ? await migrate(pipeline, request) : null;
  for (const known of Object.values(made.databases)) await rememberKnown(deps, known);
  const board = made.databases.tasks?.dataSourceId ?? "";
  const links = Object.fromEntries(
    linkKinds.flatMap((kind) => {
      const known = made.databases[kind];
      return known === undefined ? [] : [[kind, known.dataSourceId] as const];
    }),
  );
  const ready = { ...pipeline, notion: { ...pipeline.notion, id: board, links } };
  for (const pair of pipelinePairs(ready)) {
    await using table = openSqlTable({ table: pair.table, columns: columnsOf(pair) }, secrets, deps);
    await table.capture.install();
  }
  const differences = made.differences.map(({ about, problem }) => `${about} ${problem}`);
  return { board, links, writes: made.writes, schema, differences };
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
    targets[key] = await targetOf({ deps, http, spec, id, parentPageId: notion.parentPageId, signal });
  }
  return targets;
}

async function targetOf(of: {
  readonly deps: EngineDeps;
  readonly http: HttpClient;
  readonly spec: DatabaseSpec;
  readonly id: string | null;
  readonly parentPageId: string | null;
  readonly signal: AbortSignal | undefined;
}): Promise<ProvisionTarget> {
  const { deps, http, spec, id, parentPageId, signal } = of;
  if (id === null) {
    if (parentPageId !== null) return { spec, place: { parentPageId }, known: null };
    throw new LockstepError(
      "CONFIG_INVALID",
      `The pipeline needs the database "${spec.title}", and nothing says where it is: set pipeline.notion.parentPage to the ` +
        "page that it is to be made in, and run `lockstep init --recipe pipeline`.",
    );
  }
  const known = await knownOf(deps, id);
  if (known !== null) return { spec, place: { dataSourceId: id }, known };
  const [ref, ...others] = await resolveDataSources(createNotionClient({ http }), id, signal);
  if (ref === undefined || others.length > 0) {
    throw new LockstepError(
      "CONFIG_INVALID",
      `The pipeline's database ${id} has ${others.length + (ref === undefined ? 0 : 1)} data sources; give the id of one.`,
    );
  }
  return { spec, place: { dataSourceId: ref.id }, known: await knownOf(deps, ref.id) };
}

async function migrate(
  { table }: PipelineConfig,
  { deps, secrets }: { readonly deps: EngineDeps; readonly secrets: Pick<Secrets, "databaseUrls"> },
) {
  await using database = openTaskDatabase(urlOf(table.url, secrets.databaseUrls), deps.clock);
  return migrateTasks(database);
}
