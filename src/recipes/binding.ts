import { suggestion } from "../config/nearest.ts";
import type { Description } from "../connector/connector.ts";
import { LockstepError } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import type { FieldSchema } from "../core/record.ts";
import type { BoundRules } from "../core/two-way/bind.ts";
import type { Side } from "../core/two-way/mapping.ts";

/** Where a database keeps the ids of its pages' counterparts. */
export interface MarkerPlace {
  /** Its configured id or name. */
  readonly idProperty: string;
  /** The id it had, as an earlier binding noted it. */
  readonly markerId: Json | undefined;
}

/** The property that marks pages: by the id it had, or by its configured id or name. */
export function findMarker(
  fields: readonly FieldSchema[],
  { idProperty, markerId }: MarkerPlace,
): FieldSchema | undefined {
  return (
    fields.find(({ id }) => id === markerId) ??
    fields.find(({ id, name }) => id === idProperty || name === idProperty)
  );
}

export interface DemandedMarker extends MarkerPlace {
  /** The sync. */
  readonly name: string;
  /** What the property holds ("the key of a page's row"). */
  readonly keeps: string;
  /** The command that adds it. */
  readonly addedBy: string;
}

/** Without it a page that we made could not be told from any other, and might be made twice. Throws SCHEMA_DRIFT. */
export function demandMarker(fields: readonly FieldSchema[], demanded: DemandedMarker): FieldSchema {
  const { name, idProperty, keeps, addedBy } = demanded;
  const marker = findMarker(fields, demanded);
  if (marker?.vendorType === "rich_text") return marker;
  const texts = fields.filter(({ vendorType }) => vendorType === "rich_text").map((field) => field.name);
  const found =
    marker === undefined
      ? `there is no such property.${suggestion(idProperty, texts)}`
      : `"${marker.name}" is of type ${marker.vendorType}.`;
  throw new LockstepError(
    "SCHEMA_DRIFT",
    `"${name}" keeps ${keeps} in the text property "${idProperty}" of the Notion database, and ${found} ` +
      `\`${addedBy}\` adds it.`,
  );
}

/** What people should know of a binding. */
export function warningsOf(
  { left, right }: Readonly<Record<Side, Description>>,
  { warnings, suspended }: Pick<BoundRules, "warnings" | "suspended">,
): readonly string[] {
  return [
    ...left.warnings,
    ...right.warnings,
    ...warnings,
    ...suspended.map(({ name, reason }) => `"${name}" rests until this is mended: ${reason}`),
  ];
}
