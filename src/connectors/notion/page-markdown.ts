import type { LockstepError } from "../../core/errors.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import type { HttpClient } from "../../http/client.ts";
import { NOTION_VERSION, type SendOptions } from "./client.ts";
import { refusal } from "./errors.ts";

const headers = { "notion-version": NOTION_VERSION };

/** What stands on a page, as Markdown; null: not all of it could be read. Throws what Notion refused. */
export async function readPageMarkdown(
  http: HttpClient,
  pageId: string,
  signal?: AbortSignal,
): Promise<string | null> {
  const response = await http.request({
    ...{ method: "GET", path: pathOf(pageId), headers, isSafeRead: true, priority: 1 },
    signal,
  });
  if (response.status >= 400) throw refusal(`the content of page ${pageId}`, response);
  return markdownIn(response.body);
}

/** A change of a page's content: a text at its end, or texts that stand there once and what takes their places. */
export type MarkdownChange =
  | { readonly kind: "append"; readonly text: string }
  | { readonly kind: "replace"; readonly changes: readonly { readonly from: string; readonly to: string }[] };

/** Sent once. What stands there then, or why it is not known; null: it was changed, and could not be read whole. */
export async function changePageMarkdown(
  http: HttpClient,
  { pageId, change }: { readonly pageId: string; readonly change: MarkdownChange },
  options: SendOptions,
): Promise<{ readonly markdown: string | null } | { readonly error: LockstepError }> {
  const body = bodyOf(change);
  const sent = await http.sendOnce({
    ...{ method: "PATCH", path: pathOf(pageId), headers, body, isSafeRead: false, priority: 0 },
    ...options,
  });
  if (sent.kind !== "answered") return { error: sent.error };
  if (sent.response.status >= 400) return { error: refusal(`the content of page ${pageId}`, sent.response) };
  return { markdown: markdownIn(sent.response.body) };
}

function bodyOf(change: MarkdownChange): { readonly [key: string]: Json } {
  if (change.kind === "append")
    return {
      type: "insert_content",
      insert_content: { content: change.text, position: { type: "end" } },
    };
  const updates = change.changes.map(({ from, to }) => ({ old_str: from, new_str: to }));
  return { type: "update_content", update_content: { content_updates: updates } };
}

function pathOf(pageId: string): string {
  return `/v1/pages/${encodeURIComponent(pageId)}/markdown`;
}

function markdownIn(body: Json): string | null {
  const text = isJsonObject(body) && body.truncated !== true ? body.markdown : null;
  return typeof text === "string" ? text : null;
}
