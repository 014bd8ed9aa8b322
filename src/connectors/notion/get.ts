import type { Observation } from "../../connector/connector.ts";
import { isJsonObject } from "../../core/json.ts";
import { isElsewhere, presenceOf } from "./codec.ts";
import type { Collection } from "./collection.ts";
import { isOutOfSight } from "./errors.ts";
import { isSameId, type NotionPage, readPage } from "./page.ts";
import { completeRow } from "./rows.ts";
import { findTruncated } from "./truncation.ts";

/**
 * What one page is now. Only Notion's own word that it is in the trash is a death certificate. A 404 is not: a page
 * deleted for good and a page that the connection may no longer see are answered alike, so Notion has no `gone`.
 */
export async function observePage(
  { client, dataSourceId, decode }: Collection,
  id: string,
  signal?: AbortSignal,
): Promise<Observation> {
  const found = await client.page(id, signal);
  if ("refused" in found) {
    if (!isOutOfSight(found.refused)) throw found.refused;
    return { presence: "unknown", reason: found.refused.message };
  }
  const read = readPage(found.object);
  if (!("page" in read)) return { presence: "unknown", reason: read.reason };
  const { page } = read;
  if (!isSameId(page.id, id) || !saysWhatItIs(page)) {
    return {
      presence: "unknown",
      reason: `Asked Notion for page ${id} and got something that does not say what it is.`,
    };
  }
  const truncated = { found: 0, completed: 0, failed: 0 };
  const record = await completeRow(
    { client, decode, signal, truncated },
    { page, lists: findTruncated(page) },
  );
  const presence = presenceOf(page);
  // In the trash counts for more than where: it was deleted, wherever it had been moved before.
  const observed = presence !== "trashed" && isElsewhere(page, dataSourceId) ? "moved" : presence;
  return { presence: observed, record: { ...record, presence: observed } };
}

/** A page object without its own word about trash and parent proves nothing. */
function saysWhatItIs({ object }: NotionPage): boolean {
  const isMarked = typeof object.in_trash === "boolean" || typeof object.archived === "boolean";
  return object.object === "page" && isMarked && isJsonObject(object.parent);
}
