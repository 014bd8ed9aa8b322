import { isJsonObject, type Json } from "../../core/json.ts";

export type JsonObject = { readonly [key: string]: Json };

/** A property of a page as Notion sends it: `type` names the member that holds the value. */
export interface PageProperty {
  readonly name: string;
  /** Short, percent-encoded, survives renames. */
  readonly id: string;
  readonly type: string;
  readonly value: Json | undefined;
}

/** A page object, checked for what every version of the API has always sent. */
export interface NotionPage {
  readonly id: string;
  readonly createdTime: string;
  readonly lastEditedTime: string;
  readonly properties: JsonObject;
  readonly object: JsonObject;
}

/** The page, or why this is none. Never throws: one bad row must not stop the others. */
export function readPage(
  value: Json,
): { readonly page: NotionPage } | { readonly id: string; readonly reason: string } {
  if (!isJsonObject(value))
    return { id: "(no id)", reason: "Notion listed something that is not an object." };
  const id = typeof value.id === "string" ? value.id : "(no id)";
  if (value.object === "data_source" || value.object === "database") {
    return { id, reason: `Notion listed a nested ${value.object} (a wiki holds such), which is not a row.` };
  }
  const { created_time: createdTime, last_edited_time: lastEditedTime, properties } = value;
  if (id !== value.id || !isTime(createdTime) || !isTime(lastEditedTime) || !isJsonObject(properties)) {
    return {
      id,
      reason: "Notion listed a row without id, times or properties: the connection may not read it whole.",
    };
  }
  return { page: { id, createdTime, lastEditedTime, properties, object: value } };
}

function isTime(value: Json | undefined): value is string {
  return typeof value === "string" && !Number.isNaN(Date.parse(value));
}

/** null for what cannot be a property; such things stay in the raw value only. */
export function readProperty(name: string, value: Json | undefined): PageProperty | null {
  if (!isJsonObject(value) || typeof value.type !== "string") return null;
  return {
    name,
    id: typeof value.id === "string" ? value.id : name,
    type: value.type,
    value: value[value.type],
  };
}

/** Ids come with and without dashes. */
export function isSameId(a: Json | undefined, b: string): boolean {
  return typeof a === "string" && a.replaceAll("-", "").toLowerCase() === b.replaceAll("-", "").toLowerCase();
}
