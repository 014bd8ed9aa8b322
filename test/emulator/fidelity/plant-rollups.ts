import type { Page, Property, State } from "../../../src/emulator/state/state.ts";
import type { JsonObject } from "../harness.ts";
import { array, text } from "../harness.ts";
import { ensurePage, keptValue } from "./plant.ts";
import { ensureDataSource } from "./plant-schema.ts";
import { type Folder, isRecord } from "./recorded.ts";

/** A row shows what its rollups gathered: the related rows get these values, as far as the folder tells where they are. */
export function plantRollups(state: State, body: JsonObject, folder: Folder): void {
  const page = state.pages.get(text(body.id));
  const properties = isRecord(body.properties) ? Object.values(body.properties).filter(isRecord) : [];
  if (page?.parent.type !== "data_source_id") return;
  const columns = state.dataSources.get(page.parent.id)?.properties ?? [];
  for (const entry of properties) {
    const column = columns.find(({ id }) => id === decodeURIComponent(text(entry.id)));
    if (column?.type !== "rollup" || !isRecord(entry.rollup) || entry.rollup.type !== "array") continue;
    complete(column, folder);
    const relation = columns.find(({ id }) => id === column.config.relation_property_id);
    if (relation !== undefined)
      plantTargets(state, { page, relation, column, elements: array(entry.rollup.array).filter(isRecord) });
  }
}

/** Which relation and which column a rollup is about: only a schema says so. */
function complete(column: Property, folder: Folder): void {
  if (typeof column.config.relation_property_id === "string") return;
  for (const { properties } of [...folder.known.values()].flat()) {
    const entries = isRecord(properties) ? Object.values(properties).filter(isRecord) : [];
    const schema = entries.find(
      (entry) =>
        decodeURIComponent(text(entry.id)) === column.id &&
        isRecord(entry.rollup) &&
        "relation_property_id" in entry.rollup,
    );
    if (!isRecord(schema?.rollup)) continue;
    const { relation_property_id, rollup_property_id, function: name } = schema.rollup;
    Object.assign(column.config, { relation_property_id, rollup_property_id, function: name });
    return;
  }
}

interface Targets {
  readonly page: Page;
  readonly relation: Property;
  readonly column: Property;
  readonly elements: readonly JsonObject[];
}

function plantTargets(state: State, { page, relation, column, elements }: Targets): void {
  const ids = array(page.values[relation.id] ?? []).map(text);
  const sourceId = text(relation.config.data_source_id);
  ensureDataSource(state, sourceId, state.random.uuid());
  const rolledUpId = text(column.config.rollup_property_id);
  for (const [index, element] of elements.entries()) {
    const id = ids[index];
    if (id === undefined) return;
    const type = text(element.type);
    const target = ensurePage(state, id, { type: "data_source_id", id: sourceId });
    const value = keptValue(type, element[type] ?? null);
    if (value !== undefined) target.values[rolledUpId] = value;
    plantOptions(state, { sourceId, id: rolledUpId, type, element });
  }
}

function plantOptions(
  state: State,
  {
    sourceId,
    id,
    type,
    element,
  }: { readonly sourceId: string; readonly id: string; readonly type: string; readonly element: JsonObject },
): void {
  const source = state.dataSources.get(sourceId);
  if (source === undefined) return;
  const known = source.properties.find((property) => property.id === id);
  const property = known ?? { id, name: id, type, config: {}, description: null };
  if (known === undefined) source.properties.push(property);
  property.type = type;
  const options = Array.isArray(property.config.options) ? property.config.options : [];
  const value = element[type] ?? null;
  const shown = (Array.isArray(value) ? value : [value])
    .filter(isRecord)
    .filter((option) => "color" in option);
  property.config = { ...property.config, options: [...options, ...shown] };
}
