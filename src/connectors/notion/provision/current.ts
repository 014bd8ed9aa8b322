import { isJsonObject, type Json } from "../../../core/json.ts";
import { type JsonObject, readProperty } from "../page.ts";

/** A database as Notion has it now, as far as a spec can ask about it. */
export interface CurrentDatabase {
  readonly databaseId: string;
  readonly dataSourceId: string;
  readonly properties: readonly CurrentProperty[];
  readonly views: readonly CurrentView[];
}

export interface CurrentProperty {
  /** As Notion gives it, percent-encoded. */
  readonly id: string;
  readonly name: string;
  readonly type: string;
  /** Each whole, as it has to be sent back: what is left out of a list of options is removed from it. */
  readonly options: readonly CurrentOption[];
  /** Of a formula. */
  readonly expression: string | null;
  /** Of a number. */
  readonly format: string | null;
  /** Of a relation: the data source it leads to, and the property there that leads back. */
  readonly targetId: string | null;
  readonly mirrorId: string | null;
}

export interface CurrentOption {
  readonly id: string;
  readonly name: string;
  readonly color: string;
}

export interface CurrentView {
  readonly id: string;
  readonly name: string;
  readonly type: string;
}

export function currentProperties(dataSource: JsonObject): readonly CurrentProperty[] {
  const { properties } = dataSource;
  if (!isJsonObject(properties)) return [];
  return Object.keys(properties).flatMap((name) => {
    const property = readProperty(name, properties[name]);
    return property === null ? [] : [currentProperty(property)];
  });
}

function currentProperty({
  id,
  name,
  type,
  value,
}: NonNullable<ReturnType<typeof readProperty>>): CurrentProperty {
  const config: JsonObject = isJsonObject(value) ? value : {};
  const dual: JsonObject = isJsonObject(config.dual_property) ? config.dual_property : {};
  const options = Array.isArray(config.options) ? config.options : [];
  return {
    id,
    name,
    type,
    options: options.flatMap(currentOption),
    expression: textIn(config.expression),
    format: textIn(config.format),
    targetId: textIn(config.data_source_id),
    mirrorId: textIn(dual.synced_property_id),
  };
}

function currentOption(option: Json): readonly CurrentOption[] {
  if (!isJsonObject(option) || typeof option.id !== "string" || typeof option.name !== "string") return [];
  return [{ id: option.id, name: option.name, color: textIn(option.color) ?? "default" }];
}

export function currentView(view: JsonObject): CurrentView {
  return { id: String(view.id), name: textIn(view.name) ?? "", type: textIn(view.type) ?? "" };
}

function textIn(value: Json | undefined): string | null {
  return typeof value === "string" ? value : null;
}
