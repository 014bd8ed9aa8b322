import { createHmac, timingSafeEqual } from "node:crypto";
import { isJsonObject, type Json } from "../core/json.ts";
import type { InboxEvent } from "../store/pair-store.ts";

/** What a delivery says happened. Ids as Notion spells them; what it says is a hint where to look, never a value. */
export interface NotionEvent {
  readonly id: string;
  /** Notion's own word ("page.properties_updated"). */
  readonly type: string;
  readonly kind: InboxEvent["kind"];
  /** null: it is about a whole collection. */
  readonly pageId: string | null;
  /** The collection it happened in, as far as told: older API versions name the database alone. */
  readonly dataSourceId: string | null;
  readonly databaseId: string | null;
  /** Ids of changed properties, as far as told. */
  readonly changed: readonly string[];
  /** ISO 8601; null: not told. */
  readonly occurredAt: string | null;
  /** All of its authors are the connection itself: an edit of ours, coming back. */
  readonly isOwnEcho: boolean;
}

/** https://developers.notion.com/reference/webhooks-events-delivery */
const pageKinds: Readonly<Record<string, InboxEvent["kind"]>> = {
  "page.created": "created",
  "page.content_updated": "updated",
  "page.properties_updated": "updated",
  "page.moved": "moved",
  "page.deleted": "deleted",
  "page.undeleted": "restored",
  "page.locked": "updated",
  "page.unlocked": "updated",
};

/** What a delivery's body says; null: it is about nothing that a sync reads (files), or of an unknown shape. */
export function readNotionEvent(body: Json): NotionEvent | null {
  if (!isJsonObject(body) || typeof body.id !== "string" || typeof body.type !== "string") return null;
  const { id, type, entity, timestamp } = body;
  const data = isJsonObject(body.data) ? body.data : {};
  const subject = isJsonObject(entity) ? entity : {};
  const [object = ""] = type.split(".");
  const kind = pageKinds[type] ?? (type.endsWith(".schema_updated") ? "schema" : "unknown");
  const common = { id, type, kind, changed: changedIn(data), occurredAt: textOf(timestamp) };
  if (object === "page") {
    const pageId = textOf(subject.id);
    if (pageId === null) return null;
    const isOwnEcho = kind === "updated" && isByConnection(body);
    return { ...common, pageId, ...collectionIn(data.parent), isOwnEcho };
  }
  if (object === "comment") {
    const pageId = textOf(data.page_id);
    const isOwnEcho = isByConnection(body);
    // Where it is written, a page in a collection or another one, only its page tells.
    return pageId === null ? null : { ...common, pageId, dataSourceId: null, databaseId: null, isOwnEcho };
  }
  const collectionId = textOf(subject.id);
  if (collectionId === null || !["data_source", "database"].includes(object)) return null;
  const isDatabase = object === "database";
  return {
    ...common,
    pageId: null,
    dataSourceId: isDatabase ? null : collectionId,
    databaseId: isDatabase ? collectionId : null,
    isOwnEcho: false,
  };
}

/** The token in the handshake of a new subscription; null: the body is something else. */
export function verificationTokenIn(body: Json): string | null {
  return isJsonObject(body) && body.type === undefined ? textOf(body.verification_token) : null;
}

/** True when the bytes were signed with one of the secrets. Takes as long for a wrong signature as for the right one. */
export function isSignedWith(
  secrets: readonly string[],
  body: Uint8Array,
  signature: string | null,
): boolean {
  const given = Buffer.from(signature ?? "");
  let isSigned = false;
  for (const secret of secrets) {
    const expected = Buffer.from(`sha256=${createHmac("sha256", secret).update(body).digest("hex")}`);
    if (given.length === expected.length && timingSafeEqual(given, expected)) isSigned = true;
  }
  return isSigned;
}

/** Bytes as JSON; null when they are none. */
export function jsonIn(body: Uint8Array): Json {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return null;
  }
}

function collectionIn(parent: Json | undefined): Pick<NotionEvent, "dataSourceId" | "databaseId"> {
  if (!isJsonObject(parent)) return { dataSourceId: null, databaseId: null };
  const isSource = parent.type === "data_source";
  return {
    dataSourceId: textOf(parent.data_source_id) ?? (isSource ? textOf(parent.id) : null),
    databaseId: parent.type === "database" ? textOf(parent.id) : null,
  };
}

/** Older versions name properties, newer ones give their ids and what was done to them. */
function changedIn({ updated_properties: updated }: { readonly [key: string]: Json }): readonly string[] {
  if (!Array.isArray(updated)) return [];
  return updated.flatMap((each: Json) => {
    const id = isJsonObject(each) ? each.id : each;
    return typeof id === "string" ? [id] : [];
  });
}

function isByConnection({ authors, integration_id: own }: { readonly [key: string]: Json }): boolean {
  if (!Array.isArray(authors) || authors.length === 0 || typeof own !== "string") return false;
  return authors.every((author: Json) => isJsonObject(author) && author.id === own);
}

function textOf(value: Json | undefined): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
