import type { RecordWrite, WritableConnector, WriteOutcome } from "../../connector/connector.ts";
import type { Json } from "../../core/json.ts";
import type { FieldSchema, SourceRecord } from "../../core/record.ts";
import { textIn } from "../../core/two-way/codecs/text.ts";
import { type ContentEdit, contentEdit, contentIn } from "./content.ts";
import type { SafetyRules } from "./text-safety.ts";

/** The field that stands for a page's content below the line. */
export const CONTENT_FIELD = "$content";

export const contentSchema: FieldSchema = {
  id: CONTENT_FIELD,
  name: CONTENT_FIELD,
  type: "text",
  vendorType: "markdown",
  isDerived: false,
};

type Applying = Parameters<WritableConnector["apply"]>[1];

/** Pages' content, as their vendor reads and writes it. */
export interface PageContent {
  /** null: not all of it could be read. */
  readonly read: (pageId: string, signal?: AbortSignal) => Promise<string | null>;
  /** The content as it is then, or why it was not changed. */
  readonly change: (
    pageId: string,
    edit: Extract<ContentEdit, { readonly kind: "append" | "replace" }>,
    applying: Applying,
  ) => Promise<{ readonly markdown: string | null } | { readonly refused: string }>;
}

export interface ContentOptions extends SafetyRules {
  readonly pages: PageContent;
  /** A page without the line says nothing: else it says that there is no text. */
  readonly isSilentWithoutLine: boolean;
}

/** The record with its content; what cannot be read is not observed. */
export async function withContent(
  record: SourceRecord,
  { pages, isSilentWithoutLine }: ContentOptions,
  signal?: AbortSignal,
): Promise<SourceRecord> {
  if (record.presence !== "live") return unread(record);
  const markdown = await pages.read(record.id, signal);
  return shown(record, markdown, isSilentWithoutLine);
}

export function unread(record: SourceRecord): SourceRecord {
  return { ...record, unobserved: [...record.unobserved, CONTENT_FIELD] };
}

function shown(record: SourceRecord, markdown: string | null, isSilent: boolean): SourceRecord {
  const content = markdown === null ? null : contentIn(markdown);
  if (markdown === null || (content === null && isSilent)) return unread(record);
  return { ...record, fields: { ...record.fields, [CONTENT_FIELD]: content ?? "" } };
}

/** A page that was made just now: nothing stands on it. */
export function empty(record: SourceRecord, { isSilentWithoutLine }: ContentOptions): SourceRecord {
  return shown(record, "", isSilentWithoutLine);
}

/** The write without its content, and the content; undefined: it has none. */
export function takenOut(write: RecordWrite): {
  readonly write: RecordWrite;
  readonly content: Json | undefined;
} {
  if (write.kind === "trash") return { write, content: undefined };
  const { [CONTENT_FIELD]: content, ...fields } = write.fields;
  return { write: { ...write, fields }, content };
}

/**
 * Writes content below the line, after the properties: each is one request, and what the second did not do is seen as not
 * written by whoever looks next.
 */
export async function writeContent(
  record: SourceRecord,
  content: Json,
  { options, applying }: { readonly options: ContentOptions; readonly applying: Applying },
): Promise<WriteOutcome> {
  const { pages, isSilentWithoutLine } = options;
  const before = await pages.read(record.id, applying.signal);
  const wanted = textIn(content);
  if (before === null) return { kind: "applied", record: unread(record) };
  const edit = contentEdit(before, typeof wanted === "string" ? wanted : "", options);
  if (edit.kind === "none") return { kind: "applied", record: shown(record, before, isSilentWithoutLine) };
  if (edit.kind === "blocked") {
    const message = `The text on GitHub would replace a block that cannot be written again (${edit.what}). Move it above the line "GitHub issue".`;
    return { kind: "refused", code: "VALUE_INVALID", message, retryAfterMs: null };
  }
  const changed = await pages.change(record.id, edit, applying);
  if ("refused" in changed)
    return { kind: "refused", code: "NOTION_REFUSED", message: changed.refused, retryAfterMs: null };
  return { kind: "applied", record: shown(record, changed.markdown, isSilentWithoutLine) };
}
