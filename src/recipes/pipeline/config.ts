import { join, resolve } from "node:path";
import type { DatabaseUrl, PipelineConfig, PipelinePairConfig } from "../../config/config.ts";
import { notionIdIn } from "../../config/notion-id.ts";
import { type ConfigProblem, pathText } from "../../config/problem.ts";
import { absoluteStoreUrl, storeKindOf } from "../../config/store-url.ts";
import { LockstepError } from "../../core/errors.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import { type LinkKind, linkKinds, linkTables } from "./links.ts";
import type { WrittenPipeline } from "./schema.ts";
import { type ColumnNames, linkTable, ownColumns, tasksTable } from "./table.ts";
import { humanMoves } from "./transitions.ts";

/** What the schema alone cannot see. Reads the section as it came. `taken`: names of other syncs; `folder`: of the file. */
export function pipelineProblems(
  section: Json | undefined,
  {
    taken,
    store,
    folder,
  }: { readonly taken: readonly string[]; readonly store: string; readonly folder: string },
): readonly ConfigProblem[] {
  if (!isJsonObject(section)) return [];
  const { notion, table, moves } = section;
  const name = typeof section.name === "string" ? section.name : defaultName;
  const problems: ConfigProblem[] = [];
  const add = (path: readonly string[], message: string) =>
    problems.push({ path: pathText(["pipeline", ...path]), message });
  if (taken.includes(name)) add(["name"], `the name "${name}" is already used by another sync`);
  if (isJsonObject(notion)) {
    const hasPlace = notion.database !== undefined || notion.parentPage !== undefined;
    if (!hasPlace) add(["notion"], "expected database, or parentPage for `lockstep init` to make one in");
    const isExisting = isJsonObject(table) && table.existing !== undefined;
    if (isExisting && isJsonObject(notion.links) && Object.keys(notion.links).length > 0)
      add(["notion", "links"], "links go with the tables that Lockstep makes; leave out table.existing");
  }
  const url = isJsonObject(table) ? table.url : undefined;
  if (typeof url === "string" && storeKindOf(url) === "sqlite" && absoluteStoreUrl(url, folder) === store)
    add(["table", "url"], "on SQLite the tasks need another file than the store's: one file has one writer");
  try {
    humanMoves(moves, "pipeline.moves");
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    add(["moves"], error.message);
  }
  return problems;
}

const defaultName = "pipeline";

/** Fills in every default. `folder`: what paths are relative to; `store`: the store's address, made absolute. */
export function resolvePipeline(
  written: WrittenPipeline,
  { folder, store }: { readonly folder: string; readonly store: string },
): PipelineConfig {
  const { notion, table, alerts } = written;
  const existing = table?.existing;
  return {
    name: written.name ?? defaultName,
    notion: {
      id: notionIdIn(notion.database),
      parentPageId: notionIdIn(notion.parentPage),
      statusType: notion.statusProperty ?? "select",
      links: Object.fromEntries(
        linkKinds.flatMap((kind): [LinkKind, string | null][] => {
          const link = notion.links?.[kind];
          return link === undefined ? [] : [[kind, link === true ? null : notionIdIn(link)]];
        }),
      ),
    },
    table: {
      url: urlOf(table?.url, { folder, store }),
      isOwn: existing === undefined,
      name: existing?.name ?? tasksTable.name,
      key: existing?.key ?? tasksTable.key,
      markerColumn: existing?.markerColumn ?? tasksTable.markerColumn,
      columns: existing === undefined ? ownColumns : columnsOf(existing.columns),
    },
    channelsFolder: resolve(folder, written.channels ?? "channel_configs"),
    pushSeconds: written.pushSeconds ?? 60,
    pollSeconds: written.pollSeconds ?? 60,
    heartbeatSeconds: written.heartbeatSeconds ?? 300,
    sweepEveryHours: written.sweepEveryHours ?? 24,
    moves: humanMoves(written.moves, "pipeline.moves"),
    isCommenting: written.comments ?? false,
    alertVariable: alerts?.webhookUrlEnv ?? null,
    isEnabled: written.syncEnabled ?? true,
    isFollowed: true,
  };
}

type WrittenTable = NonNullable<WrittenPipeline["table"]>;

/**
 * On SQLite a file of its own: one file has one writer at a time, and there the store and the tasks would wait for each
 * other within one process.
 */
function urlOf(
  url: WrittenTable["url"],
  { folder, store }: { readonly folder: string; readonly store: string },
): DatabaseUrl {
  if (typeof url === "object") return { variable: url.env };
  if (url !== undefined) return { url: absoluteStoreUrl(url, folder) };
  return { url: storeKindOf(store) === "postgres" ? store : `sqlite:${join(folder, "tasks.db")}` };
}

function columnsOf(columns: NonNullable<WrittenTable["existing"]>["columns"]): ColumnNames {
  const { title, channel, topic, status } = columns;
  const { storyDirection = null, stage = null, priority = null, statusSince = null } = columns;
  return { title, channel, topic, storyDirection, status, stage, priority, statusSince };
}

/** The two-way syncs that the pipeline is made of, the board first. Those without a database wait for `init`. */
export function pipelinePairs(pipeline: PipelineConfig): readonly PipelinePairConfig[] {
  const { name, notion, table } = pipeline;
  const common = {
    guard,
    pollSeconds: pipeline.pollSeconds,
    sweepEveryHours: pipeline.sweepEveryHours,
    isEnabled: pipeline.isEnabled,
    isFollowed: pipeline.isFollowed,
    pipeline,
  };
  const sideOf = (id: string) => ({
    id,
    dataSource: null,
    idProperty: "Lockstep ID",
    isProvisioningOptions: true,
  });
  const tableOf = (of: { readonly name: string; readonly key: string; readonly markerColumn: string }) => ({
    url: table.url,
    name: of.name,
    key: of.key,
    markerColumn: of.markerColumn,
    softDelete: null,
    isHardDeleting: false,
    keyGenerator: null,
  });
  const board: readonly PipelinePairConfig[] =
    notion.id === null
      ? []
      : [{ ...common, name, part: "tasks", notion: sideOf(notion.id), table: tableOf(table) }];
  const links = linkKinds.flatMap((kind): PipelinePairConfig[] => {
    const id = notion.links[kind] ?? null;
    if (id === null) return [];
    const of = { ...linkTable, name: linkTables[kind] };
    return [{ ...common, name: `${name}-${kind}`, part: kind, notion: sideOf(id), table: tableOf(of) }];
  });
  return [...board, ...links];
}

/** Nothing is ever deleted here, and a whole board may well move at once. */
const guard = { deletesMax: 0, deleteShareMax: 0, clearShareMax: 0.2, changeShareMax: 1 };
