import type { State } from "../../../src/emulator/state/state.ts";
import { instantOf } from "../../../src/emulator/values/dates.ts";
import { array, type JsonObject, text } from "../harness.ts";
import { isRecord } from "./recorded.ts";

/** A comment and, when nothing else tells of it, the page or block it stands on is left to whoever asks for that. */
export function plantComment(state: State, body: JsonObject): void {
  const parent = isRecord(body.parent) ? body.parent : {};
  const type = parent.type === "block_id" ? "block_id" : "page_id";
  state.comments.set(text(body.id), {
    id: text(body.id),
    discussionId: text(body.discussion_id),
    parent: { type, id: text(parent[type]) },
    createdAt: instantOf(text(body.created_time)) ?? 0,
    editedAt: instantOf(text(body.last_edited_time)) ?? 0,
    createdBy: isRecord(body.created_by) ? text(body.created_by.id) : "",
    text: array(body.rich_text),
    displayName: isRecord(body.display_name) ? body.display_name : {},
    attachments: [],
    isResolved: false,
  });
}

/** An upload as it was answered; of parts only how many there are is known. */
export function plantUpload(state: State, body: JsonObject): void {
  const id = text(body.id);
  const optional = (key: string): string | null => (typeof body[key] === "string" ? body[key] : null);
  const length = typeof body.content_length === "number" ? body.content_length : null;
  const counts = isRecord(body.number_of_parts) ? body.number_of_parts : null;
  const sent = typeof counts?.sent === "number" ? counts.sent : 0;
  const expiry = optional("expiry_time");
  const parts = Array.from({ length: sent }, (_, index): [string, number] => [
    String(index + 1),
    Math.ceil((length ?? 0) / sent),
  ]);
  for (const [number, size] of parts) state.files.write(`${id}-${number}`, new Uint8Array(size));
  const { status } = body;
  const imported = isRecord(body.file_import_result) ? body.file_import_result.imported_time : undefined;
  state.fileUploads.set(id, {
    id,
    createdAt: instantOf(text(body.created_time)) ?? 0,
    editedAt: instantOf(text(imported ?? body.last_edited_time)) ?? 0,
    createdBy: isRecord(body.created_by) ? text(body.created_by.id) : "",
    expiresAt: status === "expired" ? 0 : expiry === null ? Number.POSITIVE_INFINITY : Date.parse(expiry),
    mode: counts === null ? "single_part" : "multi_part",
    status: status === "uploaded" || status === "failed" ? status : "pending",
    filename: optional("filename"),
    contentType: optional("content_type"),
    contentLength: length,
    partsTotal: typeof counts?.total === "number" ? counts.total : null,
    parts: Object.fromEntries(parts),
    importResult: isRecord(body.file_import_result) ? body.file_import_result : null,
    isAttached: expiry === null && status !== "expired",
  });
}
