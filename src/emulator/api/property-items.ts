import { validationError } from "../http/errors.ts";
import type { Json, JsonObject } from "../json.ts";
import { requireCapability, visiblePage } from "../state/access.ts";
import { findProperty, type Page, type Property, propertiesOf } from "../state/state.ts";
import { renderValue } from "../values/read.ts";
import { computeRollup, rolledUp, rollupElements } from "../values/rollup.ts";
import { listOf } from "../values/text-of.ts";
import { partialUser } from "../values/users.ts";
import { renderVerification } from "../values/verification.ts";
import type { Call } from "./call.ts";
import { pathId } from "./input.ts";
import { takePage } from "./list.ts";

const listTypes = new Set(["title", "rich_text", "people", "relation"]);

/** GET /pages/{id}/properties/{property_id}: one value, complete, lists page by page. */
export function retrievePropertyItem(call: Call): JsonObject {
  requireCapability(call.connection, "readContent");
  const page = visiblePage(call.state, call.connection, pathId(call.params.page_id, "page_id"));
  const key = call.params.property_id ?? "";
  const property = findProperty(propertiesOf(call.state, page), key);
  if (property === undefined) throw validationError(`Could not find property with name or id: ${key}`);
  if (property.type === "rollup") return rollupItems(call, page, property);
  const value =
    property.type === "verification"
      ? renderVerification(page.values[property.id], call.state, partialUser)
      : renderValue(page, property, call);
  if (!listTypes.has(property.type) || !Array.isArray(value))
    return propertyItem(property.type, property.id, value);
  return propertyList(call, {
    page,
    property,
    outer: { [property.type]: {} },
    items: value.map((each) => ({ type: property.type, id: property.id, value: each })),
  });
}

function propertyItem(type: string, id: string, value: Json): JsonObject {
  return { object: "property_item", type, id: encodeURIComponent(id), [type]: value };
}

interface Item {
  readonly type: string;
  readonly id: string;
  readonly value: Json;
}

function propertyList(
  call: Call,
  {
    page,
    property,
    outer,
    items,
  }: {
    readonly page: Page;
    readonly property: Property;
    readonly outer: JsonObject;
    readonly items: readonly Item[];
  },
): JsonObject {
  const id = encodeURIComponent(property.id);
  const { results, nextCursor } = takePage(call, {
    subject: `property ${page.id} ${property.id}`,
    items: () => items.map((item) => propertyItem(item.type, item.id, item.value)),
    render: (item) => (typeof item === "object" && item !== null && !Array.isArray(item) ? item : null),
  });
  // The address of the request again, with the next cursor in it.
  const { page_id: pageId, property_id: propertyId } = call.params;
  const path = `pages/${pageId}/properties/${encodeURIComponent(propertyId ?? "")}`;
  const size = call.query.get("page_size");
  const next = `https://api.notion.com/v1/${path}?start_cursor=${nextCursor}${size === null ? "" : `&page_size=${size}`}`;
  return {
    object: "list",
    results,
    next_cursor: nextCursor,
    has_more: nextCursor !== null,
    type: "property_item",
    property_item: { id, next_url: nextCursor === null ? null : next, type: property.type, ...outer },
  };
}

/** A rollup lists the related values; the aggregate stands in the outer item, arrays empty there. */
function rollupItems(call: Call, page: Page, property: Property): JsonObject {
  const rollup = computeRollup(page, property, call);
  const relation = findProperty(propertiesOf(call.state, page), String(property.config.relation_property_id));
  const target = call.state.pages.get(listOf(page.values[relation?.id ?? ""])[0] ?? "");
  const column = target === undefined ? undefined : rolledUp(target, property, call.state);
  const items = rollupElements(page, property, call).map((element) => {
    const type = String(element.type);
    return { type, id: column?.id ?? property.id, value: element[type] ?? null };
  });
  const outer = rollup.type === "array" ? { ...rollup, array: [] } : rollup;
  return propertyList(call, { page, property, outer: { rollup: outer }, items });
}
