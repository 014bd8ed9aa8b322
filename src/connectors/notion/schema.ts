import type { Description } from "../../connector/connector.ts";
import { LockstepError } from "../../core/errors.ts";
import { isJsonObject } from "../../core/json.ts";
import type { FieldSchema } from "../../core/record.ts";
import type { NotionClient } from "./client.ts";
import { accessLost, isOutOfSight } from "./errors.ts";
import { isSameId, type JsonObject, readProperty } from "./page.ts";
import { canonicalText } from "./rich-text.ts";
import { fieldTypeOf, isDerivedType } from "./values.ts";

/** The data source as Notion has it now, and thereby proof of access. Throws ACCESS_LOST when it is out of reach. */
export async function readDataSource(
  client: NotionClient,
  id: string,
  signal?: AbortSignal,
): Promise<JsonObject> {
  const found = await client.dataSource(id, signal);
  if ("refused" in found) throw isOutOfSight(found.refused) ? accessLost(found.refused) : found.refused;
  const { object } = found;
  if (object.object !== "data_source" || !isSameId(object.id, id) || !isJsonObject(object.properties)) {
    throw new LockstepError(
      "NOTION_UNEXPECTED",
      `Asked Notion for data source ${id} and got something else. Run again.`,
      {
        retry: "safe",
      },
    );
  }
  // Its rows may all read as trashed now: a lost collection, not so many deletions.
  if (object.in_trash === true || object.archived === true) {
    throw new LockstepError(
      "ACCESS_LOST",
      `Data source ${id} ("${nameOf(object)}") is in Notion's trash. Its tasks are left as they are: restore it in Notion, or disable this sync.`,
    );
  }
  return object;
}

export function describeDataSource(dataSource: JsonObject, id: string): Description {
  const fields = isJsonObject(dataSource.properties) ? decodeSchema(dataSource.properties) : [];
  return {
    id,
    name: nameOf(dataSource),
    fields,
    capabilities: { canPullChanges: true, canSweep: true, canCertifyDeaths: true, canWrite: false },
    warnings: [],
  };
}

/** What a person calls it, or its id when it has no title. */
export function nameOf(object: JsonObject): string {
  const title = canonicalText(object.title)?.plain ?? "";
  return title === "" ? String(object.id) : title;
}

function decodeSchema(properties: JsonObject): FieldSchema[] {
  const fields: FieldSchema[] = [];
  for (const name of Object.keys(properties)) {
    const property = readProperty(name, properties[name]);
    if (property === null) continue;
    const { id, type } = property;
    fields.push({ id, name, type: fieldTypeOf(type), vendorType: type, isDerived: isDerivedType(type) });
  }
  return fields;
}
