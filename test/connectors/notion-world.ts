import type {
  Checkpoint,
  Connector,
  PullBatch,
  PullEnd,
  PullMode,
  PullRequest,
} from "../../src/connector/connector.ts";
import { createNotionClient } from "../../src/connectors/notion/client.ts";
import {
  createNotionConnector,
  type NotionConnector,
  type NotionOptions,
} from "../../src/connectors/notion/connector.ts";
import { type Column, columnsOf, readDataSource } from "../../src/connectors/notion/schema.ts";
import type { SourceRecord } from "../../src/core/record.ts";
import { type Emulator, type EmulatorOptions, startEmulator } from "../../src/emulator/index.ts";
import { createBreaker } from "../../src/http/breaker.ts";
import { createHttpClient, type Fetch, type HttpStats } from "../../src/http/client.ts";
import { createPacer } from "../../src/http/pacer.ts";
import { virtualClock } from "../http/virtual-clock.ts";

export const MINUTE = 60_000;
/** The emulated workspace's time when a world begins. */
export const NOW = Date.parse("2026-11-21T10:00:20.000Z");

export interface World {
  readonly emulator: Emulator;
  readonly databaseId: string;
  readonly dataSourceId: string;
  readonly connector: NotionConnector;
  /** The column of this name, as it is now. */
  column(name: string): Promise<Column>;
  /** Moves the emulated workspace's time. */
  advance(ms: number): void;
  now(): number;
  stats(): HttpStats;
  /** Queries and other calls since the last time of asking. */
  callsSince(): number;
  [Symbol.asyncDispose](): Promise<void>;
}

const plainSchema = { Name: { title: {} }, Notes: { rich_text: {} }, Count: { number: {} } };

/** A workspace with one database, and a connector to it over HTTP. */
export async function notionWorld(
  options: Pick<EmulatorOptions, "queryCap" | "cursorStyle" | "randomSeed"> & {
    properties?: typeof plainSchema | object;
    connector?: ConnectorOptions;
  } = {},
): Promise<World> {
  let now = NOW;
  const { properties = plainSchema, connector: connectorOptions, ...emulatorOptions } = options;
  const emulator = await startEmulator({
    ratePerMinute: null,
    clock: { now: () => now },
    ...emulatorOptions,
  });
  const { databaseId, dataSourceIds } = emulator.workspace.createDatabase({
    title: "Tasks",
    dataSources: [{ name: "Tasks", properties: properties as typeof plainSchema }],
  });
  const dataSourceId = dataSourceIds[0] ?? "";
  const { client, connector, stats } = connect(emulator, dataSourceId, connectorOptions);
  let counted = 0;
  return {
    emulator,
    databaseId,
    dataSourceId,
    connector,
    stats,
    async column(name) {
      const columns = columnsOf(await readDataSource(client, dataSourceId));
      const column = columns.find((each) => each.name === name);
      if (column === undefined) throw new Error(`no column ${name}`);
      return column;
    },
    now: () => now,
    advance(ms) {
      now += ms;
    },
    callsSince() {
      const { calls } = stats();
      const since = calls - counted;
      counted = calls;
      return since;
    },
    [Symbol.asyncDispose]: () => emulator.close(),
  };
}

export type ConnectorOptions = Omit<NotionOptions, "client" | "dataSourceId">;

export function connect(
  target: {
    readonly url: string;
    readonly token: string;
    readonly timeoutMs?: number;
    readonly fetch?: Fetch;
  },
  dataSourceId: string,
  options: ConnectorOptions = {},
) {
  const clock = virtualClock();
  const http = createHttpClient({
    service: "Notion",
    baseUrl: target.url,
    headers: { authorization: `Bearer ${target.token}` },
    clock,
    random: () => 0.5,
    pacer: createPacer({ clock, ratePerMinute: 1_000_000 }),
    breaker: createBreaker({ clock, service: "Notion" }),
    ...(target.timeoutMs === undefined ? {} : { timeoutMs: target.timeoutMs }),
    ...(target.fetch === undefined ? {} : { fetch: target.fetch }),
  });
  const client = createNotionClient({ http });
  return {
    client,
    clock,
    connector: createNotionConnector({ client, dataSourceId, ...options }),
    stats: () => http.stats(),
  };
}

export interface Pulled {
  readonly batches: readonly PullBatch[];
  readonly records: readonly SourceRecord[];
  readonly ids: readonly string[];
  readonly same: readonly string[];
  readonly end: PullEnd;
}

/** Pulls to the end; `onBatch` runs while the next page may be on its way. */
export async function pullAll(
  connector: Connector,
  request: { mode: PullMode; checkpoint?: Checkpoint } & Partial<PullRequest>,
  onBatch: (batch: PullBatch, index: number) => void | Promise<void> = () => {},
): Promise<Pulled> {
  const pulling = connector.pull({
    checkpoint: null,
    memosOf: async () => new Map(),
    knownFields: null,
    ...request,
  });
  const batches: PullBatch[] = [];
  for (;;) {
    const next = await pulling.next();
    if (next.done) {
      const records = batches.flatMap((batch) => batch.records);
      const same = batches.flatMap((batch) => batch.same).map((row) => row.id);
      return { batches, records, same, ids: records.map((record) => record.id), end: next.value };
    }
    batches.push(next.value);
    await onBatch(next.value, batches.length - 1);
  }
}

export const titled = (title: string) => ({ Name: { title: [{ text: { content: title } }] } });

export function titleOf(record: SourceRecord | undefined): string | undefined {
  const title = record?.fields.title;
  return typeof title === "object" && title !== null && "plain" in title ? String(title.plain) : undefined;
}
