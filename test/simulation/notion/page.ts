import type { Json } from "../../../src/core/json.ts";

export type Members = { readonly [key: string]: Json };

export type PropertyType =
  | "title"
  | "rich_text"
  | "number"
  | "select"
  | "multi_select"
  | "relation"
  | "people"
  | "url"
  | "checkbox"
  | "date";

export interface Option {
  readonly id: string;
  readonly name: string;
}

export interface Property {
  readonly id: string;
  readonly name: string;
  readonly type: PropertyType;
  readonly options: readonly Option[];
}

/**
 * A page as it is at one moment; every change makes a new one. Values by property id: text and option ids as strings,
 * lists as arrays of ids. Times exact, in ms.
 */
export interface Page {
  readonly id: string;
  readonly createdAt: number;
  readonly editedAt: number;
  readonly createdBy: string;
  readonly editedBy: string;
  /** The data source it is a row of. */
  readonly parent: string;
  readonly inTrash: boolean;
  readonly isArchived: boolean;
  readonly values: Readonly<Record<string, Json>>;
}

/** https://developers.notion.com/reference/page-property-values: no more references than this in a page object. */
export const REFERENCES_SHOWN = 25;
const MINUTE_MS = 60_000;

/** Notion's times are whole minutes. */
export function minuteText(ms: number): string {
  return new Date(floorMinute(ms)).toISOString();
}

export function floorMinute(ms: number): number {
  return Math.floor(ms / MINUTE_MS) * MINUTE_MS;
}

export function renderPage(page: Page, schema: readonly Property[]): Members {
  const properties: Record<string, Json> = {};
  for (const property of schema) properties[property.name] = renderProperty(page, property);
  return {
    object: "page",
    id: page.id,
    created_time: minuteText(page.createdAt),
    last_edited_time: minuteText(page.editedAt),
    created_by: { object: "user", id: page.createdBy },
    last_edited_by: { object: "user", id: page.editedBy },
    cover: null,
    icon: null,
    parent: { type: "data_source_id", data_source_id: page.parent },
    in_trash: page.inTrash,
    is_archived: page.isArchived,
    is_locked: false,
    properties,
  };
}

function renderProperty(page: Page, property: Property): Json {
  const { id, type } = property;
  const value = renderValue(page.values[id], property);
  if (type !== "relation" || !Array.isArray(value)) return { id, type, [type]: value };
  const shown = value.slice(0, REFERENCES_SHOWN);
  return { id, type, relation: shown, has_more: shown.length < value.length };
}

/** The whole value, in the API's form. */
export function renderValue(value: Json | undefined, { type, options }: Property): Json {
  switch (type) {
    case "title":
    case "rich_text":
      return typeof value === "string" && value !== "" ? [renderText(value)] : [];
    case "number":
    case "url":
      return value ?? null;
    case "date":
      return typeof value === "string" ? { start: value, end: null, time_zone: null } : null;
    case "checkbox":
      return value === true;
    case "select":
      return options.find((option) => option.id === value) === undefined
        ? null
        : renderOption(options, String(value));
    case "multi_select":
      return idsIn(value)
        .filter((id) => options.some((option) => option.id === id))
        .map((id) => renderOption(options, id));
    case "relation":
      return idsIn(value).map((id) => ({ id }));
    case "people":
      return idsIn(value).map((id) => ({ object: "user", id }));
  }
}

export function idsIn(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((id) => typeof id === "string") : [];
}

export function renderText(content: string): Json {
  return {
    type: "text",
    text: { content, link: null },
    annotations: {
      bold: false,
      italic: false,
      strikethrough: false,
      underline: false,
      code: false,
      color: "default",
    },
    plain_text: content,
    href: null,
  };
}

function renderOption(options: readonly Option[], id: string): Json {
  return { id, name: options.find((option) => option.id === id)?.name ?? "", color: "default" };
}
