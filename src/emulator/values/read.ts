import { isObject, type Json, type JsonObject } from "../json.ts";
import { canSee } from "../state/access.ts";
import {
  type Connection,
  dataSourceOf,
  type Page,
  type Property,
  type State,
  type Value,
} from "../state/state.ts";
import { minuteText } from "./dates.ts";
import { renderFile } from "./files.ts";
import { evaluateFormula } from "./formula.ts";
import { renderOption } from "./options.ts";
import { renderRichText } from "./rich-text.ts";
import { computeRollup } from "./rollup.ts";
import { listOf } from "./text-of.ts";
import { renderUser } from "./users.ts";
import { renderVerification } from "./verification.ts";

/** Inline references a page read shows at most. https://developers.notion.com/reference/page-property-values */
const referencesMax = 25;

export interface ReadContext {
  readonly state: State;
  /** Who reads; null: the emulator itself, which sees everything. */
  readonly connection: Connection | null;
}

/** A property as a page shows it, long lists of references cut short. */
export function renderProperty(page: Page, property: Property, context: ReadContext): JsonObject {
  const full = renderValue(page, property, context);
  const shown = {
    id: encodeURIComponent(property.id),
    type: property.type,
    [property.type]: truncate(full, property.type),
  };
  if (property.type !== "relation") return shown;
  return { ...shown, has_more: Array.isArray(full) && full.length > referencesMax };
}

/** A property's complete value, as answers spell it. */
export function renderValue(page: Page, property: Property, context: ReadContext): Json {
  const value = page.values[property.id];
  const { state } = context;
  switch (property.type) {
    case "created_time":
      return minuteText(page.createdAt);
    case "last_edited_time":
      return minuteText(page.editedAt);
    case "created_by":
      return user(page.createdBy, context);
    case "last_edited_by":
      return user(page.editedBy, context);
    case "formula":
      return evaluateFormula(page, property, state);
    case "rollup":
      return computeRollup(page, property, context);
    case "button":
      return {};
    case "unique_id":
      return { prefix: property.config.prefix ?? null, number: value ?? null };
    default:
      return renderStored(value, property, context);
  }
}

function renderStored(value: Value | undefined, property: Property, context: ReadContext): Json {
  const { state } = context;
  switch (property.type) {
    case "title":
    case "rich_text":
      return renderRichText(value, state);
    case "select":
    case "status":
      return value === undefined ? null : renderOption(property, value);
    case "multi_select":
      return listOf(value)
        .map((id) => renderOption(property, id))
        .filter((option) => option !== null);
    case "people":
      return listOf(value).map((id) => user(id, context));
    case "relation":
      return visibleTargets(listOf(value), context).map((id) => ({ id }));
    case "files":
      return Array.isArray(value) ? value.map((file) => renderFile(file, state)) : [];
    case "date":
      return isObject(value) ? { start: value.start ?? null, end: value.end ?? null, time_zone: null } : null;
    case "checkbox":
      return value === true;
    case "verification":
      return renderVerification(value, state, (id) => user(id, context));
    default:
      return value ?? null;
  }
}

function user(id: string, { state, connection }: ReadContext): JsonObject {
  return renderUser(state, id, connection?.capabilities.userInformation ?? "with_email");
}

/** Related pages the reader has no access to are left out, as if the relation did not name them. */
function visibleTargets(ids: string[], { state, connection }: ReadContext): string[] {
  if (connection === null || (connection.grants.size === 0 && connection.seesWorkspace)) return ids;
  return ids.filter((id) => {
    const target = state.pages.get(id);
    return target === undefined || canSee(state, connection, target);
  });
}

function truncate(value: Json, type: string): Json {
  if (!Array.isArray(value)) return value;
  if (type === "relation" || type === "people") return value.slice(0, referencesMax);
  return type === "title" || type === "rich_text" ? untilMention(value) : value;
}

/** Rich text up to, and without, the first mention too many. */
function untilMention(items: Json[]): Json[] {
  let mentions = 0;
  const end = items.findIndex(
    (item) => isObject(item) && item.type === "mention" && ++mentions > referencesMax,
  );
  return end === -1 ? items : items.slice(0, end);
}

/** Every column of a page, complete: what a check compares with. */
export function completeValues(page: Page, state: State): { [name: string]: Json } {
  const properties = dataSourceOf(state, page)?.properties ?? [];
  return Object.fromEntries(
    properties.map((property) => [property.name, renderValue(page, property, { state, connection: null })]),
  );
}
