import type { ApplyOptions, RecordWrite, WriteOutcome } from "../../connector/connector.ts";
import { LockstepError } from "../../core/errors.ts";
import type { Json } from "../../core/json.ts";
import type { SourceRecord } from "../../core/record.ts";
import { isElsewhere, presenceOf } from "./codec.ts";
import type { Collection } from "./collection.ts";
import { type EncodeOptions, encodeFields } from "./encode.ts";
import { outcomeOf, type SentWrite } from "./outcome.ts";
import { isSameId, type JsonObject, type NotionPage, readPage } from "./page.ts";
import { nameOf, outcomeOfRefused, type Refused, refused } from "./refused.ts";
import { completeRow, decodeCutRow } from "./rows.ts";
import { type Column, findMarkerColumn } from "./schema.ts";
import { findTruncated } from "./truncation.ts";

/** What writing takes beside the collection. */
export interface Writing extends EncodeOptions {
  readonly collection: Collection;
  readonly markerProperty: string | null;
  /** The columns as last read, or read anew. */
  readonly columns: (
    isFresh: boolean,
  ) => Promise<{ readonly columns: readonly Column[]; readonly isFresh: boolean }>;
  /** Called when Notion refused a write: the columns may have changed. */
  readonly forgetColumns: () => void;
}

/**
 * Carries out one write with one request. What it must know beforehand it has read before; a value that the known
 * columns have no place for is judged once more by the columns as they are now.
 */
export async function applyWrite(
  writing: Writing,
  write: RecordWrite,
  options: ApplyOptions,
): Promise<WriteOutcome> {
  const encoded = await encodeWrite(writing, write);
  if ("refused" in encoded) return outcomeOfRefused(encoded);
  const { client } = writing.collection;
  const { body } = encoded;
  const sent = await (write.kind === "create"
    ? client.createPage(body, options)
    : client.updatePage(write.id, body, options));
  const outcome = outcomeOf(asSent(write, body), sent);
  if ("answer" in outcome)
    return await readAnswer(writing.collection, { write, answer: outcome.answer }, options.signal);
  if (outcome.kind === "refused" && outcome.code === "NOTION_REFUSED") writing.forgetColumns();
  return outcome;
}

function asSent(write: RecordWrite, body: JsonObject): SentWrite {
  if (write.kind === "create")
    return { what: "a new page", capability: "Insert content", pageId: null, body };
  return {
    what: `the ${write.kind} of page ${write.id}`,
    capability: "Update content",
    pageId: write.id,
    body,
  };
}

async function encodeWrite(
  writing: Writing,
  write: RecordWrite,
): Promise<{ readonly body: JsonObject } | Refused> {
  if (write.kind === "trash") return { body: { in_trash: true } };
  const known = await writing.columns(false);
  const encoded = bodyOf(writing, write, known.columns);
  const isFinal = known.isFresh || !("refused" in encoded) || encoded.refused.code === "VALUE_TOO_LONG";
  if (isFinal) return encoded;
  return bodyOf(writing, write, (await writing.columns(true)).columns);
}

function bodyOf(
  writing: Writing,
  write: RecordWrite & { kind: "create" | "update" | "restore" },
  columns: readonly Column[],
): { readonly body: JsonObject } | Refused {
  const marking = findMarkerColumn(columns, writing.markerProperty);
  if ("column" in marking && marking.column.id in write.fields)
    return refused(
      "FIELD_READ_ONLY",
      `Tried to write ${nameOf(marking.column)}, which Lockstep keeps for itself.`,
    );
  if (write.marker !== undefined && "problem" in marking) return refused("SCHEMA_DRIFT", marking.problem);
  const encoded = encodeFields(write.fields, columns, writing);
  if ("refused" in encoded) return encoded;
  const marked =
    write.marker !== undefined && "column" in marking ? markerValue(marking.column, write.marker) : {};
  const properties = { ...encoded.properties, ...marked };
  if (write.kind === "update") return { body: { properties } };
  if (write.kind === "restore") return { body: { in_trash: false, properties } };
  const parent = { type: "data_source_id", data_source_id: writing.collection.dataSourceId };
  return { body: { parent, properties } };
}

function markerValue({ id }: Column, marker: string): JsonObject {
  return { [id]: { rich_text: [{ type: "text", text: { content: marker } }] } };
}

/** The page as Notion answers it, which is what the write has come to. An answer that shows no such page proves nothing. */
async function readAnswer(
  collection: Collection,
  { write, answer }: { readonly write: RecordWrite; readonly answer: Json },
  signal: AbortSignal | undefined,
): Promise<WriteOutcome> {
  const read = readPage(answer);
  const isAsked = "page" in read && (write.kind === "create" || isSameId(read.page.id, write.id));
  if (!isAsked) {
    return {
      kind: "doubt",
      reason: "Notion accepted the write and answered with something that is not the page.",
      committedId: null,
    };
  }
  const record = await recordOf(collection, read.page, signal);
  const presence = presenceOf(read.page);
  const isMoved = presence !== "trashed" && isElsewhere(read.page, collection.dataSourceId);
  return { kind: "applied", record: { ...record, presence: isMoved ? "moved" : presence } };
}

/** Lists that the answer cuts short are read whole; what goes wrong with that takes nothing back from the write. */
async function recordOf(
  { client, decode }: Collection,
  page: NotionPage,
  signal: AbortSignal | undefined,
): Promise<SourceRecord> {
  const lists = findTruncated(page);
  const truncated = { found: 0, completed: 0, failed: 0 };
  try {
    return await completeRow({ client, decode, signal, truncated }, { page, lists });
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    return decodeCutRow(decode, { page, lists });
  }
}
