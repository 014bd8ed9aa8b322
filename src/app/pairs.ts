import type { PairConfig, Secrets, SqlPairConfig } from "../config/config.ts";
import type { WritableConnector } from "../connector/connector.ts";
import { createNotionConnector, type NotionConnector } from "../connectors/notion/connector.ts";
import { type DataSourceRef, resolveDataSources } from "../connectors/notion/resolve.ts";
import type { SqlConnector } from "../connectors/sql/connector.ts";
import type { EngineDeps } from "../engine/sync.ts";
import type { PairDefinition, PairSide } from "../engine/two-way/definition.ts";
import { readState } from "../engine/two-way/state.ts";
import { findMarker } from "../recipes/binding.ts";
import { type TableMemory, tableMemory } from "../recipes/table/recipe.ts";
import { askWhich, knownDataSources, rememberDataSources } from "./data-sources.ts";
import { openLibraryShelf } from "./library-shelf.ts";
import type { NotionAccess, NotionConnection } from "./notion-access.ts";
import { type PairRecipe, recipeOf } from "./pair-recipe.ts";
import type { Pipeline } from "./pipeline.ts";
import type { Planning } from "./planning.ts";
import { isLibraryPair, isPlanningPair, isSqlPair, rightNameOf } from "./right-side.ts";
import { openSqlTable } from "./sql-table.ts";

const hourMs = 3_600_000;
/** Notion counts requests by the minute, so that more at once gain little. */
const writesAtOnceMax = 4;

/** A configured two-way sync, and the data source that its Notion side has turned out to be. */
export interface PairSource {
  readonly config: PairConfig;
  readonly ref: DataSourceRef;
  readonly syncId: string;
}

interface Notion {
  readonly connector: NotionConnector;
  /** The options it was made with. */
  readonly madeFor: string;
}

/** From configured pairs to two-way syncs that can run. Holds one connection to each side of each until it is closed. */
export class Pairs implements AsyncDisposable {
  private readonly deps: EngineDeps;
  private readonly secrets: Pick<Secrets, "databaseUrls">;
  private readonly access: NotionAccess;
  private readonly pipeline: Pipeline | null;
  private readonly planning: Planning | null;
  private readonly connections = new Map<string, NotionConnection>();
  private readonly notions = new Map<string, Notion>();
  private readonly tables = new Map<string, SqlConnector>();
  /** What was found stays so: another data source would be another sync. */
  private readonly sources = new Map<string, PairSource>();

  constructor(
    deps: EngineDeps,
    secrets: Pick<Secrets, "databaseUrls">,
    parts: {
      readonly access: NotionAccess;
      readonly pipeline: Pipeline | null;
      readonly planning: Planning | null;
    },
  ) {
    this.deps = deps;
    this.secrets = secrets;
    this.access = parts.access;
    this.pipeline = parts.pipeline;
    this.planning = parts.planning;
  }

  recipeOf(config: PairConfig): PairRecipe {
    return recipeOf(config, this.pipeline);
  }

  /** What is known from earlier runs; asks nobody. null: never reached. */
  async known(config: PairConfig): Promise<PairSource | null> {
    const found =
      this.sources.get(config.name) ?? choose(config, await knownDataSources(this.deps, config.notion.id));
    if (found !== null) this.sources.set(config.name, found);
    return found;
  }

  /** Asks Notion when that is needed; `isDry` keeps the answer to itself. Throws why it could not be found out. */
  async resolve(
    config: PairConfig,
    { isDry, signal }: { readonly isDry: boolean; readonly signal?: AbortSignal | undefined },
  ): Promise<PairSource> {
    const before = await this.known(config);
    if (before !== null) return before;
    const { id, dataSource } = config.notion;
    const refs = await resolveDataSources(this.connectionOf(config).client, id, signal);
    const source = choose(config, refs);
    if (source === null) throw askWhich({ name: config.name, dataSource, choices: "one of them" }, refs);
    if (!isDry) await rememberDataSources(this.deps, id, refs);
    return source;
  }

  /** Throws SECRET_MISSING when an address or a token is not set. */
  async definitionOf(source: PairSource): Promise<PairDefinition> {
    const { config, ref, syncId } = source;
    const sweepEveryMs = config.sweepEveryHours * hourMs;
    if (isPlanningPair(config)) await this.planning?.recall(source);
    const left = {
      connector: await this.left(source),
      marksOthers: isPlanningPair(config),
      collectionId: ref.id,
      label: "Notion",
      sweepEveryMs,
      meter: this.connectionOf(config).stats,
    };
    const { marksRight, bind, policy, onNotice, onAgreed } = this.recipeOf(config);
    const right: PairSide = {
      ...this.right(source),
      marksOthers: marksRight,
      label: rightNameOf(config),
      sweepEveryMs,
    };
    const { name, guard } = config;
    const told = {
      ...(onNotice === undefined ? {} : { onNotice }),
      ...(onAgreed === undefined ? {} : { onAgreed }),
    };
    // GitHub asks that whoever writes does so one by one.
    const writesAtOnce = isPlanningPair(config) ? 1 : writesAtOnceMax;
    return { id: syncId, name, sides: { left, right }, bind, policy, ...told, guard, writesAtOnce };
  }

  /** Notion's side as the recipe wants to see it. */
  async left(source: PairSource): Promise<WritableConnector> {
    const connector = await this.notion(source);
    if (this.planning === null || !isPlanningPair(source.config)) return connector;
    return this.planning.rows(source, connector, await this.memoryOf(source));
  }

  /** The side across from it, likewise. */
  right(source: PairSource): Pick<PairSide, "connector" | "collectionId" | "meter"> {
    const { config } = source;
    if (this.planning !== null && isPlanningPair(config)) return this.planning.issues(source);
    return {
      connector: this.local(config),
      collectionId: rightNameOf(config),
      meter: () => ({ calls: 0, retries: 0, waitingMs: 0 }),
    };
  }

  /** A table or a collection, which is there whatever Notion says. */
  local(config: PairConfig): WritableConnector {
    const { onRight } = this.recipeOf(config);
    if (isSqlPair(config)) return onRight(this.table(config));
    if (isLibraryPair(config))
      return onRight(openLibraryShelf(this.deps, config, (pair) => this.known(pair)));
    throw new Error(`"${config.name}" has nothing of its own across from Notion`);
  }

  /** What is remembered of the mapping's last binding. */
  async memoryOf({ syncId }: PairSource): Promise<TableMemory> {
    return tableMemory(readState(await this.deps.store.pairs.getState(syncId)).binding);
  }

  /** Made anew when the mapping has come to know its properties by id; until then it keeps in mind what it has read. */
  async notion(source: PairSource): Promise<NotionConnector> {
    const { name, notion: side } = source.config;
    const { markerId, propertyIds } = await this.memoryOf(source);
    const markerProperty = markerId ?? side.idProperty;
    const { properties } = this.recipeOf(source.config);
    const derivedFields = properties.map((property) => propertyIds[property] ?? property);
    const madeFor = JSON.stringify([source.ref.id, markerProperty, derivedFields]);
    const before = this.notions.get(name);
    if (before?.madeFor === madeFor) return before.connector;
    const connector = createNotionConnector({
      client: this.connectionOf(source.config).client,
      dataSourceId: source.ref.id,
      markerProperty,
      derivedFields,
      provisionOptions: side.isProvisioningOptions,
    });
    this.notions.set(name, { connector, madeFor });
    return connector;
  }

  table(config: SqlPairConfig): SqlConnector {
    const { columns } = this.recipeOf(config);
    const connector =
      this.tables.get(config.name) ?? openSqlTable({ ...config, columns }, this.secrets, this.deps);
    this.tables.set(config.name, connector);
    return connector;
  }

  /** The property that marks pages with the keys of their rows; null: it is not there, or holds something else. */
  async findMarker(source: PairSource, signal?: AbortSignal): Promise<{ readonly name: string } | null> {
    const { fields } = await (await this.notion(source)).describe(signal);
    const { markerId } = await this.memoryOf(source);
    const marker = findMarker(fields, { idProperty: source.config.notion.idProperty, markerId });
    return marker?.vendorType === "rich_text" ? { name: marker.name } : null;
  }

  /** Adds it when it is not there. */
  async ensureMarker(source: PairSource): Promise<{ readonly name: string; readonly isNew: boolean }> {
    const marker = await this.findMarker(source);
    if (marker !== null) return { ...marker, isNew: false };
    // By its name: what is remembered may be the id of one that was deleted.
    const connector = createNotionConnector({
      client: this.connectionOf(source.config).client,
      dataSourceId: source.ref.id,
      markerProperty: source.config.notion.idProperty,
    });
    return connector.ensureMarkerProperty();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connector of this.tables.values()) await connector[Symbol.asyncDispose]();
  }

  private connectionOf({ name }: PairConfig): NotionConnection {
    const connection = this.connections.get(name) ?? this.access.connect();
    this.connections.set(name, connection);
    return connection;
  }
}

/** null: it is not clear which one is meant, or it is not there. */
function choose(config: PairConfig, refs: readonly DataSourceRef[]): PairSource | null {
  const { dataSource } = config.notion;
  const [only] = refs.length === 1 ? refs : [];
  const ref =
    dataSource === null ? only : refs.find(({ id, name }) => id === dataSource || name === dataSource);
  if (ref === undefined) return null;
  // Whoever names another table in the configuration means another sync: what is known is of the old table's rows.
  const kind = isPlanningPair(config) ? "github" : "table";
  return { config, ref, syncId: `${kind}:${ref.id}:${rightNameOf(config)}` };
}
