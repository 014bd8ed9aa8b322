import type { Capabilities, WritableConnector } from "../../connector/connector.ts";
import { LockstepError } from "../../core/errors.ts";
import type { FieldSchema } from "../../core/record.ts";
import { applyWrite } from "./apply.ts";
import type { NotionClient } from "./client.ts";
import { decodePage, type PageView } from "./codec.ts";
import type { Collection } from "./collection.ts";
import { findMarked } from "./find.ts";
import { observePage } from "./get.ts";
import { ensureMarker, type MarkerProperty } from "./marker.ts";
import type { JsonObject } from "./page.ts";
import { pullNotion } from "./pull.ts";
import { outcomeOfError } from "./refused.ts";
import {
  type Column,
  columnsOf,
  describeDataSource,
  readDataSource,
  type SchemaProblem,
  schemaProblems,
} from "./schema.ts";

export interface NotionOptions {
  readonly client: NotionClient;
  readonly dataSourceId: string;
  /**
   * Id or name of the text property that holds our marker on the rows we make. Without it the data source is only read:
   * a row that could not be found again might be made twice.
   */
  readonly markerProperty?: string;
  /**
   * Ids or names of properties that are fields all the same when they are computed (formula, rollup, created, edited,
   * unique id). Names are for a first look: they may change.
   */
  readonly derivedFields?: readonly string[];
  /** Writing an option that a select does not have adds it. Default: it is refused. */
  readonly provisionOptions?: boolean;
  /** How long a write without an answer may still take effect. Notion gives a request 60 s. */
  readonly lateWriteMs?: number;
  /** How long a change may stay out of queries. */
  readonly visibleAfterMs?: number;
}

/** One data source of Notion. */
export interface NotionConnector extends WritableConnector {
  /** Adds the marker property if it is not there. Throws SCHEMA_DRIFT, or what kept it from being added. */
  ensureMarkerProperty(signal?: AbortSignal): Promise<MarkerProperty>;
  /** Which of the fields, as an earlier `describe` gave them, are gone or of another type. */
  checkSchema(
    wanted: readonly Pick<FieldSchema, "id" | "name" | "vendorType">[],
    signal?: AbortSignal,
  ): Promise<readonly SchemaProblem[]>;
}

/**
 * Notion has no preconditions: `expected` is not looked at, and the caller reads before it writes. The connector keeps
 * two things it has read: who it writes as, and the columns. The first use of either costs one request more.
 */
export function createNotionConnector(options: NotionOptions): NotionConnector {
  const { client, dataSourceId, markerProperty = null, provisionOptions = false } = options;
  const cache = createCache(options);
  const readColumns = async (signal?: AbortSignal) =>
    cache.keep(await readDataSource(client, dataSourceId, signal));
  const clients = {
    urgent: client.withPriority(0),
    usual: client.withPriority(1),
    bulk: client.withPriority(2),
  };
  const collection = async (pace: keyof typeof clients, signal?: AbortSignal): Promise<Collection> => {
    const view = await cache.view(signal);
    return { client: clients[pace], dataSourceId, decode: (page) => decodePage(page, view) };
  };
  return {
    async describe(signal) {
      const dataSource = await readDataSource(client, dataSourceId, signal);
      cache.keep(dataSource);
      const view = await cache.view(signal);
      return describeDataSource(dataSource, dataSourceId, { view, capabilities: capabilitiesOf(options) });
    },
    async *pull(request) {
      return yield* pullNotion(
        await collection(request.mode === "changes" ? "usual" : "bulk", request.signal),
        request,
      );
    },
    get: async (id, signal) => observePage(await collection("usual", signal), id, signal),
    async proveAccess(signal) {
      await readColumns(signal);
      return `data source ${dataSourceId} was read`;
    },
    async apply(write, applying) {
      const { signal } = applying;
      try {
        const writing = {
          // What it was planned on grows old: it goes before all reading.
          collection: await collection("urgent", signal),
          markerProperty,
          provisionOptions,
          columns: (isFresh: boolean) => cache.columns(isFresh, () => readColumns(signal)),
          forgetColumns: cache.forget,
        };
        return await applyWrite(writing, write, applying);
      } catch (error) {
        // Thrown is only what was read before anything was sent.
        if (!(error instanceof LockstepError) || error.code === "ACCESS_LOST") throw error;
        return outcomeOfError(error);
      }
    },
    find: async (marker, signal) =>
      findMarked(
        await collection("usual", signal),
        { marker, markerProperty: demandMarker(options) },
        signal,
      ),
    async ensureMarkerProperty(signal) {
      cache.forget();
      return ensureMarker({ client, dataSourceId, markerProperty: demandMarker(options) }, signal);
    },
    checkSchema: async (wanted, signal) => schemaProblems(await readColumns(signal), wanted),
  };
}

/** What has been read once and is relied on until it proves wrong. */
function createCache(options: NotionOptions) {
  const { client, markerProperty = null, derivedFields = [] } = options;
  const plain: PageView = { markerProperty, derivedFields: new Set(derivedFields), botId: null };
  let botId: string | null = null;
  let columns: readonly Column[] | null = null;
  let reading: Promise<readonly Column[]> | null = null;
  return {
    async view(signal?: AbortSignal): Promise<PageView> {
      if (markerProperty === null) return plain;
      const known = botId ?? (await readBotId(client, signal));
      botId = known;
      return { ...plain, botId: known };
    },
    keep(dataSource: JsonObject): readonly Column[] {
      columns = columnsOf(dataSource);
      return columns;
    },
    async columns(isFresh: boolean, read: () => Promise<readonly Column[]>) {
      if (isFresh) return { columns: await read(), isFresh };
      if (columns !== null) return { columns, isFresh };
      // Writes begin side by side: one reads for all of them.
      reading ??= read().finally(() => {
        reading = null;
      });
      return { columns: await reading, isFresh: true };
    },
    forget() {
      columns = null;
    },
  };
}

async function readBotId(client: NotionClient, signal: AbortSignal | undefined): Promise<string> {
  const found = await client.me(signal);
  if ("refused" in found) throw found.refused;
  return String(found.object.id);
}

function capabilitiesOf({
  lateWriteMs = 180_000,
  visibleAfterMs = 120_000,
}: NotionOptions): Omit<Capabilities, "canWrite"> {
  return {
    canPullChanges: true,
    canSweep: true,
    canCertifyDeaths: true,
    hasPreconditions: false,
    lateWriteMs,
    visibleAfterMs,
  };
}

function demandMarker({ markerProperty, dataSourceId }: NotionOptions): string {
  if (markerProperty !== undefined) return markerProperty;
  throw new LockstepError(
    "USAGE",
    `Data source ${dataSourceId} is only read: a property for the marker has to be named before rows are made or found.`,
  );
}
