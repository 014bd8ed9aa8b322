import { LockstepError } from "../../core/errors.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import type { HttpClient } from "../../http/client.ts";
import { NOTION_VERSION, PAGE_SIZE_MAX } from "./client.ts";
import { refusal } from "./errors.ts";

/** https://developers.notion.com/reference/request-limits#size-limits */
const TEXT_LENGTH_MAX = 2_000;
/** Five hundred open comments on one page: more than anybody reads. */
const LIST_PAGES_MAX = 5;

/**
 * Writes a comment on a page unless one with the same text is open there already, whoever wrote it. Throws what Notion
 * refused; a comment whose fate is unclear is not repeated, since the next time finds it.
 */
export async function commentOnce(
  http: HttpClient,
  { pageId, text }: { readonly pageId: string; readonly text: string },
  signal?: AbortSignal,
): Promise<"written" | "there"> {
  const content = text.length <= TEXT_LENGTH_MAX ? text : `${text.slice(0, TEXT_LENGTH_MAX - 1)}…`;
  if (await hasComment(http, { pageId, content }, signal)) return "there";
  const headers = { "notion-version": NOTION_VERSION };
  const body = { parent: { page_id: pageId }, rich_text: [{ type: "text", text: { content } }] };
  const request = { method: "POST", path: "/v1/comments", headers, body, isSafeRead: false, signal } as const;
  const response = await http.request({ ...request, priority: 2 });
  if (response.status >= 400) throw refused(refusal(`a comment on page ${pageId}`, response));
  return "written";
}

/** An open comment on a page. */
export interface PageComment {
  readonly id: string;
  readonly text: string;
  /** Who wrote it, as far as told. */
  readonly authorId: string | null;
  readonly author: string | null;
}

/** The open comments on a page, oldest first. Throws what Notion refused. */
export async function listComments(
  http: HttpClient,
  pageId: string,
  signal?: AbortSignal,
): Promise<readonly PageComment[]> {
  const found: PageComment[] = [];
  for await (const items of commentPages(http, pageId, signal)) found.push(...items.flatMap(commentIn));
  return found;
}

function commentIn(item: Json): readonly PageComment[] {
  if (!isJsonObject(item) || typeof item.id !== "string") return [];
  const { created_by: by, display_name: display } = item;
  const authorId = isJsonObject(by) && typeof by.id === "string" ? by.id : null;
  const name = isJsonObject(display) ? display.resolved_name : null;
  return [{ id: item.id, text: textIn(item), authorId, author: typeof name === "string" ? name : null }];
}

async function hasComment(
  http: HttpClient,
  { pageId, content }: { readonly pageId: string; readonly content: string },
  signal: AbortSignal | undefined,
): Promise<boolean> {
  for await (const items of commentPages(http, pageId, signal)) {
    if (items.some((item: Json) => textIn(item) === content)) return true;
  }
  return false;
}

async function* commentPages(
  http: HttpClient,
  pageId: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly Json[]> {
  let cursor: string | null = null;
  for (let page = 0; page < LIST_PAGES_MAX; page += 1) {
    const query: Record<string, string> = { block_id: pageId, page_size: String(PAGE_SIZE_MAX) };
    if (cursor !== null) query.start_cursor = cursor;
    const headers = { "notion-version": NOTION_VERSION };
    const request = {
      method: "GET",
      path: "/v1/comments",
      headers,
      query,
      isSafeRead: true,
      signal,
    } as const;
    const response = await http.request({ ...request, priority: 2 });
    if (response.status >= 400) throw refused(refusal(`the comments on page ${pageId}`, response));
    const list = isJsonObject(response.body) ? response.body : {};
    const items = Array.isArray(list.results) ? list.results : [];
    yield items;
    if (typeof list.next_cursor !== "string") return;
    cursor = list.next_cursor;
  }
}

function textIn(comment: Json): string {
  const parts = isJsonObject(comment) && Array.isArray(comment.rich_text) ? comment.rich_text : [];
  return parts
    .map((part: Json) => (isJsonObject(part) && typeof part.plain_text === "string" ? part.plain_text : ""))
    .join("");
}

function refused({ code, message, details }: LockstepError): LockstepError {
  const advice =
    code === "NOTION_FORBIDDEN" ? ' Allow "Read comments" and "Insert comments" for it, too.' : "";
  return new LockstepError(code, `${message}${advice}`, { details });
}
