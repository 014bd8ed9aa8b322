import { noSecrets } from "../config/environment.ts";
import { parseNotionId } from "../config/notion-id.ts";
import { absoluteStoreUrl } from "../config/store-url.ts";
import { createNotionConnector } from "../connectors/notion/connector.ts";
import {
  type DataSourceRef,
  listSharedDataSources,
  resolveDataSources,
} from "../connectors/notion/resolve.ts";
import { LockstepError } from "../core/errors.ts";
import type { FieldSchema } from "../core/record.ts";
import { createNotionAccess } from "./notion-access.ts";
import { systemClock, systemIds } from "./platform.ts";
import { openSqlTable } from "./sql-table.ts";

export interface SetupRequest {
  readonly token: string | null;
  /** Where Notion's API is; null: Notion itself. */
  readonly baseUrl: string | null;
  /** What paths in addresses are relative to. */
  readonly folder: string;
}

/** A property or a column, as far as choosing one goes. */
export interface Choice {
  readonly name: string;
  readonly type: string;
  readonly isTitle: boolean;
  /** Nobody can write it: it is computed, or made by the database. */
  readonly isComputed: boolean;
}

export interface TableRequest {
  readonly url: string;
  readonly name: string;
  readonly key: string;
  readonly markerColumn: string | null;
}

/** What there is to choose from when a configuration is written for the first time. */
export interface Setup {
  /** Data sources that are shared with the connection. Throws SECRET_MISSING without a token. */
  shared(signal?: AbortSignal): Promise<readonly DataSourceRef[]>;
  /** The data sources that an id or a link stands for. */
  find(idOrLink: string, signal?: AbortSignal): Promise<readonly DataSourceRef[]>;
  properties(dataSourceId: string, signal?: AbortSignal): Promise<readonly Choice[]>;
  /** Throws SQL_TABLE_UNFIT with what the table lacks. */
  columns(table: TableRequest, signal?: AbortSignal): Promise<readonly Choice[]>;
}

const usual = { notion: { ratePerMinute: 180, timeoutMs: 60_000 } } as const;

export function createSetup({ token, baseUrl, folder }: SetupRequest): Setup {
  const platform = { clock: systemClock, ids: systemIds };
  const access = createNotionAccess(platform, usual, { token, baseUrl });
  return {
    shared: (signal) => listSharedDataSources(access.connect().client, signal),
    async find(idOrLink, signal) {
      const parsed = parseNotionId(idOrLink);
      if ("problem" in parsed) throw new LockstepError("USAGE", `${parsed.problem}.`);
      return resolveDataSources(access.connect().client, parsed.id, signal);
    },
    async properties(dataSourceId, signal) {
      const connector = createNotionConnector({ client: access.connect().client, dataSourceId });
      const { fields } = await connector.describe(signal);
      return fields.map((field) => toChoice(field, field.vendorType === "title"));
    },
    async columns({ url, name, key, markerColumn }, signal) {
      const table = {
        url: { url: absoluteStoreUrl(url, folder) },
        name,
        key,
        markerColumn,
        softDelete: null,
        isHardDeleting: false,
        keyGenerator: null,
      };
      await using connector = openSqlTable({ table, columns: "all" }, noSecrets, platform);
      const { fields } = await connector.describe(signal);
      return fields.map((field) => toChoice(field, false));
    },
  };
}

function toChoice({ name, vendorType, isDerived }: FieldSchema, isTitle: boolean): Choice {
  return { name, type: vendorType, isTitle, isComputed: isDerived };
}

/** Which column each property goes with by its name: "Due date" and due_date. A title without one takes name or title. */
export function suggestColumns(
  properties: readonly Choice[],
  columns: readonly Choice[],
): ReadonlyMap<string, string> {
  const suggested = new Map<string, string>();
  const free = new Map(columns.map(({ name }) => [plainName(name), name]));
  for (const { name, isTitle } of properties) {
    const wanted = isTitle ? [name, "title", "name"] : [name];
    const found = wanted.map(plainName).find((each) => free.has(each));
    const column = found === undefined ? undefined : free.get(found);
    if (found === undefined || column === undefined) continue;
    suggested.set(name, column);
    free.delete(found);
  }
  return suggested;
}

function plainName(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}
