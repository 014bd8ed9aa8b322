import type { Capabilities, Description } from "../../connector/connector.ts";
import { LockstepError } from "../../core/errors.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import type { FieldSchema } from "../../core/record.ts";
import type { NotionClient } from "./client.ts";
import { isDerivedField, isMarker, type PageView } from "./codec.ts";
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

export function describeDataSource(
  dataSource: JsonObject,
  id: string,
  { view, capabilities }: { readonly view: PageView; readonly capabilities: Omit<Capabilities, "canWrite"> },
): Description {
  const columns = columnsOf(dataSource);
  const marker = findMarkerColumn(columns, view.markerProperty);
  return {
    id,
    name: nameOf(dataSource),
    fields: columns.map((column) => fieldOf(column, view)),
    capabilities: { ...capabilities, canWrite: "column" in marker },
    warnings: view.markerProperty !== null && "problem" in marker ? [marker.problem] : [],
  };
}

/** The property that marks the rows that Lockstep makes, or why they cannot be marked. */
export function findMarkerColumn(
  columns: readonly Column[],
  markerProperty: string | null,
): { readonly column: Column } | { readonly problem: string } {
  if (markerProperty === null)
    return { problem: "No property is named that marks the rows that Lockstep makes." };
  const column = columns.find((each) => isMarker(each, { markerProperty }));
  if (column?.type === "rich_text") return { column };
  const found = column === undefined ? "is not there" : `is of type ${column.type}`;
  return {
    problem: `The text property "${markerProperty}", which marks the rows that Lockstep makes, ${found}: no rows can be made. Run "lockstep doctor" to have it added.`,
  };
}

/** What a person calls it, or its id when it has no title. */
export function nameOf(object: JsonObject): string {
  const title = canonicalText(object.title)?.plain ?? "";
  return title === "" ? String(object.id) : title;
}

/** A property of the data source, with what it takes to write it. */
export interface Column {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  /** Of a select, status or multi-select; empty for all others. */
  readonly options: readonly { readonly id: string; readonly name: string }[];
}

export function columnsOf({ properties }: JsonObject): readonly Column[] {
  if (!isJsonObject(properties)) return [];
  return Object.keys(properties).flatMap((name) => {
    const property = readProperty(name, properties[name]);
    if (property === null) return [];
    const { id, type, value } = property;
    const options = isJsonObject(value) && Array.isArray(value.options) ? value.options : [];
    return [{ id, name, type, options: options.flatMap(optionOf) }];
  });
}

function optionOf(option: Json): Column["options"] {
  if (!isJsonObject(option) || typeof option.id !== "string" || typeof option.name !== "string") return [];
  return [{ id: option.id, name: option.name }];
}

const chosenTypes: ReadonlySet<string> = new Set(["select", "status", "multi_select"]);

function fieldOf(column: Column, view: PageView): FieldSchema {
  const { id, name, type, options } = column;
  const isComputed = isDerivedField(column, view);
  return {
    id,
    name,
    type: isComputed ? "opaque" : fieldTypeOf(type),
    vendorType: type,
    isDerived: isComputed || isDerivedType(type) || isMarker(column, view),
    ...(chosenTypes.has(type) ? { options } : {}),
  };
}

/** A field that a mapping relies on, and what is wrong with it now. */
export interface SchemaProblem {
  readonly id: string;
  readonly message: string;
}

/** Which of the wanted fields are gone, or of another type than they were. */
export function schemaProblems(
  columns: readonly Column[],
  wanted: readonly Pick<FieldSchema, "id" | "name" | "vendorType">[],
): readonly SchemaProblem[] {
  return wanted.flatMap(({ id, name, vendorType }) => {
    const column = columns.find((each) => each.id === id);
    if (column === undefined)
      return [{ id, message: `Property "${name}" (${id}) is gone: map another, or restore it in Notion.` }];
    if (column.type === vendorType) return [];
    return [
      {
        id,
        message: `Property "${column.name}" (${id}) is of type ${column.type} now, and was ${vendorType}: change it back, or map it anew.`,
      },
    ];
  });
}
