import { isJsonObject, type Json } from "../../core/json.ts";
import type { NotionClient } from "./client.ts";
import { isOutOfSight } from "./errors.ts";
import { type JsonObject, type NotionPage, readProperty } from "./page.ts";

/** A page shows this many references of a property at most: https://developers.notion.com/reference/page-property-values */
const REFERENCES_SHOWN = 25;
/** 10,000 references are Notion's own limit; past that the list is not believed. */
const ITEM_PAGES_MAX = 1_000;

/** A property of which the page shows a part only, or may. */
export interface Truncated {
  readonly name: string;
  readonly id: string;
  readonly type: string;
}

/** Properties whose list may go on beyond what the page shows. */
export function findTruncated(page: NotionPage): Truncated[] {
  const found: Truncated[] = [];
  for (const name of Object.keys(page.properties)) {
    const raw = page.properties[name];
    const property = readProperty(name, raw);
    if (property === null || !Array.isArray(property.value) || !isJsonObject(raw)) continue;
    const { id, type, value } = property;
    if (raw.has_more === true || shownReferences(type, value) >= REFERENCES_SHOWN)
      found.push({ name, id, type });
  }
  return found;
}

function shownReferences(type: string, value: readonly Json[]): number {
  // One recording shows 32 relations: only "no more than 25" proves that a list is whole.
  if (type === "relation" || type === "people") return value.length;
  if (type !== "title" && type !== "rich_text") return 0;
  if (value.length < REFERENCES_SHOWN) return 0;
  return value.filter((item) => isJsonObject(item) && item.type === "mention").length;
}

/** The whole property, shaped as the page would show it; or why it stays unknown. */
export type Completed =
  | { readonly property: JsonObject; readonly answeredAt: number }
  | { readonly failed: string };

/** Reads the rest of a list. A refusal is a value: the other properties of the row are still good. */
export async function completeProperty(
  client: NotionClient,
  page: NotionPage,
  { name, id, type }: Truncated,
  signal: AbortSignal | undefined,
): Promise<Completed> {
  const list: Json[] = [];
  let cursor: string | null = null;
  for (let pages = 0; pages < ITEM_PAGES_MAX; pages += 1) {
    const answer = await client.propertyItems({ pageId: page.id, propertyId: id, cursor, signal });
    if ("refused" in answer) {
      if (isOutOfSight(answer.refused) || answer.refused.code === "NOTION_REFUSED")
        return { failed: answer.refused.message };
      throw answer.refused;
    }
    for (const item of answer.items)
      if (isJsonObject(item) && item[type] !== undefined) list.push(item[type]);
    cursor = answer.nextCursor;
    if (cursor !== null) continue;
    // What the page shows cannot be gone from the list: the connection may not see what is referred to.
    if (list.length === 0) return { failed: `Notion shows entries of "${name}" but lists none.` };
    return { property: withList(page.properties[name], type, list), answeredAt: answer.answeredAt };
  }
  return { failed: `"${name}" has more than ${ITEM_PAGES_MAX} pages of entries.` };
}

function withList(property: Json | undefined, type: string, list: readonly Json[]): JsonObject {
  const shown = isJsonObject(property) ? property : {};
  return { ...shown, [type]: list, ...("has_more" in shown ? { has_more: false } : {}) };
}
