import { isJsonObject, type Json } from "../../../src/core/json.ts";
import type { Property } from "./page.ts";
import { invalid } from "./refusal.ts";
import type { Workspace } from "./workspace.ts";

/** The properties of a POST or PATCH as values by property id. New options are made. */
export function readProperties(properties: Json | undefined, workspace: Workspace): Record<string, Json> {
  const values: Record<string, Json> = {};
  if (!isJsonObject(properties)) return values;
  for (const [key, written] of Object.entries(properties)) {
    const property = workspace.property(key);
    if (property === undefined) throw invalid(`${key} is not a property that exists.`);
    values[property.id] = readValue(written, property, workspace);
  }
  return values;
}

function readValue(written: Json, property: Property, workspace: Workspace): Json {
  const { type, name } = property;
  if (!isJsonObject(written) || !(type in written)) throw invalid(`${name} is expected to be ${type}.`);
  const value = written[type] ?? null;
  switch (type) {
    case "title":
    case "rich_text":
      return itemsOf(value, name).map(contentOf).join("");
    case "number":
      if (value !== null && typeof value !== "number") throw invalid(`${name} is expected to be number.`);
      return value;
    case "checkbox":
      return value === true;
    case "url":
      if (value !== null && typeof value !== "string") throw invalid(`${name} is expected to be url.`);
      return value;
    case "date":
      return value === null ? null : dayOf(value, name);
    case "select":
      return value === null ? null : optionIdOf(value, property, workspace);
    case "multi_select":
      return [...new Set(itemsOf(value, name).map((option) => optionIdOf(option, property, workspace)))];
    case "relation":
    case "people":
      return [...new Set(itemsOf(value, name).map((target) => idOf(target, name)))];
  }
}

function itemsOf(value: Json, name: string): readonly Json[] {
  if (!Array.isArray(value)) throw invalid(`body failed validation: ${name} should be an array.`);
  return value;
}

function contentOf(item: Json): string {
  const text = isJsonObject(item) ? item.text : undefined;
  if (!isJsonObject(text) || typeof text.content !== "string")
    throw invalid("body failed validation: text.content should be defined.");
  return text.content;
}

function dayOf(value: Json, name: string): string {
  if (!isJsonObject(value) || typeof value.start !== "string")
    throw invalid(`body failed validation: ${name}.date.start should be a string.`);
  return value.start;
}

function idOf(value: Json, name: string): string {
  if (!isJsonObject(value) || typeof value.id !== "string")
    throw invalid(`body failed validation: ${name} id should be a valid uuid.`);
  return value.id;
}

function optionIdOf(value: Json, property: Property, workspace: Workspace): string {
  if (!isJsonObject(value)) throw invalid(`body failed validation: ${property.name} should be an object.`);
  const known = property.options.find((option) => option.id === value.id || option.name === value.name);
  if (known !== undefined) return known.id;
  if (typeof value.name !== "string")
    throw invalid(`Invalid ${property.type} option. ${property.type} option "${value.id}" does not exist.`);
  if (value.name.includes(",")) throw invalid(`Invalid select option, commas not allowed: ${value.name}`);
  return workspace.optionId(property.id, value.name);
}
