import { bodyError, notFound } from "../http/errors.ts";
import type { JsonObject } from "../json.ts";
import { completeUpload, createUpload, isExpired, sendPart } from "../operations/file-uploads.ts";
import { requireCapability } from "../state/access.ts";
import type { FileUpload } from "../state/resources.ts";
import { exactText, minuteText } from "../values/dates.ts";
import { actorOf, type Call } from "./call.ts";
import { oneOf, pathId, textAt } from "./input.ts";
import { listPage } from "./list.ts";
import { hasArchivedKey } from "./versions.ts";

const modes = ["single_part", "multi_part", "external_url"] as const;
const statuses = ["pending", "uploaded", "expired", "failed"] as const;

/** POST /file_uploads */
export function postFileUpload(call: Call): JsonObject {
  requireCapability(call.connection, "insertContent");
  const { state, body } = call;
  const optional = (key: string): string | null =>
    body[key] === undefined ? null : textAt(body[key], `body.${key}`);
  const upload = createUpload(
    state,
    {
      mode: body.mode === undefined ? "single_part" : oneOf(body.mode, "body.mode", modes),
      filename: optional("filename"),
      contentType: optional("content_type"),
      externalUrl: optional("external_url"),
      numberOfParts: numberOfParts(call),
    },
    actorOf(call),
  );
  // Fetching an outside file ends after the answer: the answer still says pending.
  return renderUpload(upload.mode === "external_url" ? { ...upload, ...notImported } : upload, call);
}

const notImported = { status: "pending", contentLength: null, importResult: null } as const;

function numberOfParts({ body }: Call): number | null {
  const parts = body.number_of_parts;
  if (parts === undefined) return null;
  if (typeof parts !== "number" || !Number.isInteger(parts))
    throw bodyError("body.number_of_parts", "an integer", parts);
  return parts;
}

/** GET /file_uploads: one's own, newest first. */
export function listFileUploads(call: Call): JsonObject {
  const { state, query } = call;
  const status = query.get("status");
  const wanted = status === null ? null : oneOf(status, "query.status", statuses);
  return listPage(call, {
    subject: `file_uploads ${wanted}`,
    type: "file_upload",
    isCursorId: true,
    items: () =>
      [...state.fileUploads.values()]
        .filter((upload) => upload.createdBy === call.connection.botId)
        .filter((upload) => wanted === null || statusOf(upload, call) === wanted)
        .map((upload) => upload.id)
        .reverse(),
    render: (id) => {
      const upload = state.fileUploads.get(String(id));
      return upload === undefined ? null : renderUpload(upload, call);
    },
  });
}

/** GET /file_uploads/{id} */
export function retrieveFileUpload(call: Call): JsonObject {
  return renderUpload(uploadIn(call), call);
}

/** POST /file_uploads/{id}/send: the file, or one part of it. */
export function sendFileUpload(call: Call): JsonObject {
  requireCapability(call.connection, "insertContent");
  const upload = uploadIn(call);
  const file = call.form?.files.get("file");
  if (file === undefined) throw bodyError("body.file", "defined", undefined);
  const part = call.form?.fields.get("part_number");
  sendPart(call.state, upload, { ...file, part: part === undefined ? null : Number(part) });
  return renderUpload(upload, call);
}

/** POST /file_uploads/{id}/complete: of a file sent in parts. */
export function completeFileUpload(call: Call): JsonObject {
  requireCapability(call.connection, "insertContent");
  const upload = uploadIn(call);
  completeUpload(call.state, upload);
  return renderUpload(upload, call);
}

/** One's own: the uploads of other connections look like none. */
function uploadIn(call: Call): FileUpload {
  const id = pathId(call.params.file_upload_id, "file_upload_id");
  const upload = call.state.fileUploads.get(id);
  if (upload === undefined || upload.createdBy !== call.connection.botId)
    throw notFound("file_upload", id, call.connection);
  return upload;
}

function statusOf(upload: FileUpload, { state }: Call): (typeof statuses)[number] {
  return isExpired(state, upload) ? "expired" : upload.status;
}

function renderUpload(upload: FileUpload, call: Call): JsonObject {
  const { id, partsTotal, importResult } = upload;
  const sent = Object.keys(upload.parts).length;
  const status = statusOf(upload, call);
  const url = `https://api.notion.com/v1/file_uploads/${id}`;
  const user = call.state.users.get(upload.createdBy);
  return {
    object: "file_upload",
    id,
    created_time: minuteText(upload.createdAt),
    created_by: { id: upload.createdBy, type: user?.type ?? "bot" },
    last_edited_time: minuteText(upload.editedAt),
    expiry_time: upload.isAttached || status === "expired" ? null : minuteText(upload.expiresAt),
    ...(status === "pending" ? { upload_url: `${url}/send` } : {}),
    // Told once there is something to complete.
    ...(status === "pending" && sent > 0 ? { complete_url: `${url}/complete` } : {}),
    in_trash: false,
    status,
    filename: upload.filename,
    content_type: upload.contentType,
    content_length: upload.contentLength,
    ...(partsTotal === null ? {} : { number_of_parts: { total: partsTotal, sent } }),
    ...(importResult === null
      ? {}
      : { file_import_result: { ...importResult, imported_time: exactText(wholeSecond(upload.editedAt)) } }),
    ...(hasArchivedKey(call.version) ? { archived: false } : {}),
  };
}

function wholeSecond(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}
