import { isJsonObject } from "../../core/json.ts";
import type { NotionClient } from "./client.ts";
import { isOutOfSight } from "./errors.ts";
import { nameOf } from "./schema.ts";

/** A data source: the part of a database that has a schema and rows. */
export interface DataSourceRef {
  readonly id: string;
  readonly name: string;
}

/**
 * The data sources that an id stands for. A link copied from the app holds a database's id; databases may have
 * several sources, and all are given, so that the caller can ask which. The id of a data source stands for itself.
 */
export async function resolveDataSources(
  client: NotionClient,
  id: string,
  signal?: AbortSignal,
): Promise<readonly DataSourceRef[]> {
  const database = await client.database(id, signal);
  if ("object" in database) {
    const sources = Array.isArray(database.object.data_sources) ? database.object.data_sources : [];
    return sources.flatMap((source) =>
      isJsonObject(source) && typeof source.id === "string"
        ? [{ id: source.id, name: typeof source.name === "string" ? source.name : source.id }]
        : [],
    );
  }
  if (!isOutOfSight(database.refused)) throw database.refused;
  const source = await client.dataSource(id, signal);
  // The database's refusal names what the person gave us; the second one would only confuse.
  if ("refused" in source) throw isOutOfSight(source.refused) ? database.refused : source.refused;
  return [{ id: typeof source.object.id === "string" ? source.object.id : id, name: nameOf(source.object) }];
}

/** More than anybody would pick from. */
const SHARED_PAGES_MAX = 10;

/** The data sources that are shared with the token, last edited first, up to a thousand. */
export async function listSharedDataSources(
  client: NotionClient,
  signal?: AbortSignal,
): Promise<readonly DataSourceRef[]> {
  const found: DataSourceRef[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < SHARED_PAGES_MAX; page += 1) {
    const { items, nextCursor } = await client.sharedDataSources({ cursor, signal });
    for (const item of items) {
      if (isJsonObject(item) && typeof item.id === "string") found.push({ id: item.id, name: nameOf(item) });
    }
    if (nextCursor === null) break;
    cursor = nextCursor;
  }
  return found;
}
