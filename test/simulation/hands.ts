import type { Json } from "../../src/core/json.ts";
import type { Side } from "../../src/core/two-way/mapping.ts";
import { listOf } from "./ledger.ts";
import type { World } from "./world.ts";

export const PERSON = "be50a000-0000-4000-8000-000000000001";
export const PROGRAM = "crm";

/** A value as people write it, on either side, by field name. */
export type Written = Readonly<Record<string, string | readonly string[] | null>>;

export function createOn(world: World, side: Side, values: Written): void {
  if (side === "left") world.workspace.add(pageValues(world, values), PERSON);
  else world.table.add(values as Record<string, Json>, PROGRAM);
}

export function write(world: World, side: Side, id: string, values: Written): void {
  if (side === "left") world.workspace.change(id, { values: pageValues(world, values) }, PERSON);
  else world.table.change(id, { values: values as Record<string, Json> }, PROGRAM);
}

function pageValues(world: World, values: Written): Record<string, Json> {
  const page: Record<string, Json> = {};
  for (const [name, value] of Object.entries(values)) {
    const property = world.propertyOf(name);
    if (property === undefined) continue;
    const optionOf = (word: string) => world.workspace.optionId(property.id, word);
    if (property.type === "multi_select") page[property.id] = listOf(value).map(optionOf);
    else if (property.type === "select")
      page[property.id] = typeof value === "string" ? optionOf(value) : null;
    else page[property.id] = typeof value === "object" && value !== null ? [...value] : value;
  }
  return page;
}

export function pickRecord(
  world: World,
  { side, pick }: { readonly side: Side; readonly pick: number },
  presence: "live" | "trashed" | "out",
): string | null {
  const ids = recordsOf(world, side, presence);
  return ids[pick % Math.max(1, ids.length)] ?? null;
}

export function recordsOf(world: World, side: Side, presence: "live" | "trashed" | "out"): readonly string[] {
  const all = side === "left" ? world.workspace.pages() : world.table.rows();
  return [...all].map(({ id }) => id).filter((id) => world.presence(side, id) === presence);
}
