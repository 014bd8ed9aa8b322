import type { Found } from "../../connector/connector.ts";
import { LockstepError } from "../../core/errors.ts";
import type { Json } from "../../core/json.ts";
import type { SourceRecord } from "../../core/record.ts";
import type { Collection } from "./collection.ts";
import { type RowReader, readRows } from "./rows.ts";
import { readDataSource } from "./schema.ts";
import { walkQuery } from "./walk.ts";

/**
 * The live rows that carry a marker, oldest first. Rows in the trash are not searched: queries never list them, and
 * search looks at titles only and lags behind. Access is proven before and after, because "no rows" is also what lost
 * access looks like.
 */
export async function findMarked(
  collection: Collection,
  { marker, markerProperty }: { readonly marker: string; readonly markerProperty: string },
  signal?: AbortSignal,
): Promise<Found> {
  const { client, dataSourceId, decode } = collection;
  const truncated = { found: 0, completed: 0, failed: 0 };
  const reader: RowReader = { client, decode, memosOf: null, signal, truncated };
  try {
    await readDataSource(client, dataSourceId, signal);
    const records: SourceRecord[] = [];
    const walking = walkQuery(
      { client, dataSourceId, signal },
      {
        conditions: [{ property: markerProperty, rich_text: { equals: marker } }],
        sort: { timestamp: "created_time", direction: "ascending" },
      },
    );
    let isWhole = true;
    for (;;) {
      const next = await walking.next();
      if (next.done) {
        isWhole = next.value.how === "complete";
        break;
      }
      records.push(...(await readMarked(reader, next.value.rows, marker)));
    }
    await readDataSource(client, dataSourceId, signal);
    const accessProof = isWhole ? `data source ${dataSourceId} was read before and after` : null;
    return { records: records.sort(byAge), accessProof };
  } catch (error) {
    if (error instanceof LockstepError && error.code === "ACCESS_LOST")
      return { records: [], accessProof: null };
    throw error;
  }
}

/** Notion's comparison may overlook case and spaces; ours does not. */
async function readMarked(reader: RowReader, rows: readonly Json[], marker: string): Promise<SourceRecord[]> {
  const { records } = await readRows(reader, rows);
  return records.filter((record) => record.marker === marker);
}

function byAge(a: SourceRecord, b: SourceRecord): number {
  const [first, second] = [`${a.createdAt} ${a.id}`, `${b.createdAt} ${b.id}`];
  return first < second ? -1 : first > second ? 1 : 0;
}
