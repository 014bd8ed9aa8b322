import { LockstepError } from "../../core/errors.ts";
import type { NotionClient } from "./client.ts";
import { isMarker } from "./codec.ts";
import { outcomeOf } from "./outcome.ts";
import { type Column, columnsOf, readDataSource } from "./schema.ts";

/** The property that marks the rows Lockstep makes. */
export interface MarkerProperty {
  readonly id: string;
  readonly name: string;
  readonly isNew: boolean;
}

/**
 * The marker property of a data source, added when it is not there; then `markerProperty` is its name. Throws
 * SCHEMA_DRIFT when a property of that name holds something else, and what kept the addition from being made.
 */
export async function ensureMarker(
  target: { readonly client: NotionClient; readonly dataSourceId: string; readonly markerProperty: string },
  signal?: AbortSignal,
): Promise<MarkerProperty> {
  const before = await readMarker(target, signal);
  if (before !== null) return { ...before, isNew: false };
  const { client, dataSourceId, markerProperty } = target;
  const description =
    "Kept by Lockstep: tells which record of the other side this row is. Leave it as it is.";
  const body = { properties: { [markerProperty]: { type: "rich_text", rich_text: {}, description } } };
  const sent = await client.updateDataSource(dataSourceId, body, { signal });
  const write = {
    what: `property "${markerProperty}"`,
    capability: "Update content",
    pageId: null,
    body,
  } as const;
  const outcome = outcomeOf(write, sent);
  // Whatever the answer was: what counts is whether the property is there now.
  const after = await readMarker(target, signal);
  if (after !== null) return { ...after, isNew: true };
  const reason =
    "message" in outcome ? outcome.message : "reason" in outcome ? outcome.reason : "it did not appear";
  throw new LockstepError(
    "NOTION_REFUSED",
    `Tried to add the text property "${markerProperty}" to data source ${dataSourceId}: ${reason} Add it in Notion by hand, as a text property.`,
  );
}

async function readMarker(
  { client, dataSourceId, markerProperty }: Parameters<typeof ensureMarker>[0],
  signal: AbortSignal | undefined,
): Promise<Pick<Column, "id" | "name"> | null> {
  const columns = columnsOf(await readDataSource(client, dataSourceId, signal));
  const column = columns.find((each) => isMarker(each, { markerProperty }));
  if (column === undefined) return null;
  if (column.type === "rich_text") return { id: column.id, name: column.name };
  throw new LockstepError(
    "SCHEMA_DRIFT",
    `Property "${column.name}" of data source ${dataSourceId} is of type ${column.type}, and a text is expected, which marks the rows that Lockstep makes. Rename it, or choose another name for the marker.`,
  );
}
