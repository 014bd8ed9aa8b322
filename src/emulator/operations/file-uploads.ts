import { bodyError, lengthError, validationError } from "../http/errors.ts";
import type { EventType } from "../state/events.ts";
import type { FileUpload } from "../state/resources.ts";
import type { State } from "../state/state.ts";
import type { Actor } from "./pages.ts";
import { addPending } from "./pending.ts";

/** https://developers.notion.com/guides/data-apis/working-with-files-and-media */
const lifetimeMs = 3_600_000;
const filenameBytesMax = 900;
const partBytesMin = 5 * 1024 * 1024;
const partBytesMax = 20 * 1024 * 1024;
const partsMax = 10_000;

export interface NewUpload {
  readonly mode: FileUpload["mode"];
  readonly filename: string | null;
  readonly contentType: string | null;
  readonly externalUrl: string | null;
  readonly numberOfParts: number | null;
}

export function createUpload(state: State, upload: NewUpload, actor: Actor): FileUpload {
  check(upload);
  const { mode, filename } = upload;
  const isImport = mode === "external_url";
  const made: FileUpload = {
    id: state.random.recordId(),
    createdAt: actor.at,
    editedAt: actor.at,
    createdBy: actor.userId,
    expiresAt: actor.at + lifetimeMs,
    mode,
    status: isImport ? "uploaded" : "pending",
    filename,
    contentType: upload.contentType ?? (filename === null ? null : typeOfName(filename)),
    contentLength: isImport ? 0 : null,
    partsTotal: upload.numberOfParts,
    parts: {},
    importResult: isImport ? { type: "success", success: {} } : null,
    isAttached: false,
  };
  // Nothing is fetched from elsewhere: an imported file is empty.
  if (isImport) state.files.write(made.id, new Uint8Array());
  state.fileUploads.set(made.id, made);
  addPending(state, { kind: "expiry", dueAt: made.expiresAt, uploadId: made.id });
  tell(state, made, "file_upload.created");
  if (isImport) tell(state, made, "file_upload.completed");
  return made;
}

const typePattern = /^[\w.+-]+\/[\w.+-]+(;[ -~]*)?$/;

function check({ mode, filename, contentType, externalUrl, numberOfParts }: NewUpload): void {
  if (contentType !== null && !typePattern.test(contentType))
    throw bodyError("body.content_type", "a valid content type", contentType);
  if (filename === null && mode !== "single_part") throw bodyError("body.filename", "defined", undefined);
  const nameBytes = Buffer.byteLength(filename ?? "");
  if (nameBytes > filenameBytesMax) throw lengthError("body.filename", filenameBytesMax, nameBytes);
  if (mode === "multi_part" && numberOfParts === null)
    throw bodyError("body.number_of_parts", "defined", undefined);
  if (mode !== "multi_part" && numberOfParts !== null)
    throw bodyError("body.number_of_parts", "not present", numberOfParts);
  if (numberOfParts !== null && (numberOfParts < 1 || numberOfParts > partsMax))
    throw bodyError("body.number_of_parts", `between 1 and ${partsMax}`, numberOfParts);
  if (mode === "external_url" && externalUrl === null)
    throw bodyError("body.external_url", "defined", undefined);
  if (mode !== "external_url" && externalUrl !== null)
    throw bodyError("body.external_url", "not present", externalUrl);
  if (externalUrl !== null && !/^https:\/\//i.test(externalUrl))
    throw bodyError("body.external_url", "an https URL", externalUrl);
}

/** Only what is not yet sent can expire, and what is sent but put nowhere. */
export function isExpired(state: State, upload: FileUpload): boolean {
  return !upload.isAttached && upload.status !== "failed" && state.now() >= upload.expiresAt;
}

/** Tells that an upload's time is over, unless it was put somewhere. */
export function expireUpload(state: State, uploadId: string): void {
  const upload = state.fileUploads.get(uploadId);
  if (upload !== undefined && isExpired(state, upload)) tell(state, upload, "file_upload.expired");
}

export interface SentFile {
  readonly bytes: Uint8Array;
  /** Null when the request names no part. */
  readonly part: number | null;
  readonly filename: string | null;
  readonly contentType: string | null;
}

export function sendPart(state: State, upload: FileUpload, file: SentFile): void {
  refuseUnlessPending(state, upload);
  const size = file.bytes.length;
  if (size > partBytesMax)
    throw validationError(
      `The file is too large: ${size} bytes, at most ${partBytesMax} can be sent at once.`,
    );
  checkType(upload, file.contentType);
  if (upload.mode === "multi_part") {
    const part = partNumber(upload, file.part);
    if (size < partBytesMin && part !== upload.partsTotal)
      throw validationError(
        `Part ${part} is too small: ${size} bytes, at least ${partBytesMin} but for the last part.`,
      );
    state.files.write(`${upload.id}-${part}`, file.bytes);
    upload.parts[part] = size;
    upload.contentLength = Object.values(upload.parts).reduce((sum, bytes) => sum + bytes, 0);
  } else {
    if (file.part !== null && file.part !== 1)
      throw bodyError("body.part_number", "not present for a single-part upload", file.part);
    state.files.write(upload.id, file.bytes);
    upload.contentLength = size;
    upload.status = "uploaded";
  }
  upload.filename ??= file.filename;
  upload.contentType ??= file.contentType ?? typeOfName(file.filename ?? "");
  upload.editedAt = state.now();
  if (upload.status === "uploaded") tell(state, upload, "file_upload.completed");
}

function partNumber({ partsTotal }: FileUpload, part: number | null): number {
  if (part === null) throw bodyError("body.part_number", "defined", undefined);
  if (!Number.isInteger(part) || part < 1 || part > (partsTotal ?? 1))
    throw bodyError("body.part_number", `between 1 and ${partsTotal}`, String(part));
  return part;
}

/** Clients that name no type send the general one. */
function checkType(upload: FileUpload, sent: string | null): void {
  const general = "application/octet-stream";
  if (sent === null || sent === general || upload.contentType === null) return;
  if (upload.mode === "multi_part" || essence(sent) === essence(upload.contentType)) return;
  throw validationError(
    `The content type of the file, ${sent}, is not the one the file upload was created with, ${upload.contentType}.`,
  );
}

function essence(type: string): string {
  return (type.split(";")[0] ?? "").trim().toLowerCase();
}

/** Joins the parts. */
export function completeUpload(state: State, upload: FileUpload): void {
  refuseUnlessPending(state, upload);
  if (upload.mode !== "multi_part")
    throw validationError("Only file uploads with a mode of `multi_part` can be completed.");
  const total = upload.partsTotal ?? 0;
  const sent = Object.keys(upload.parts).length;
  if (sent < total)
    throw validationError(`Cannot complete the file upload: ${sent} of ${total} parts have been sent.`);
  const parts = Array.from({ length: total }, (_, index) => state.files.read(`${upload.id}-${index + 1}`));
  state.files.write(upload.id, Buffer.concat(parts.filter((part) => part !== null)));
  upload.status = "uploaded";
  upload.editedAt = state.now();
  tell(state, upload, "file_upload.completed");
}

function refuseUnlessPending(state: State, upload: FileUpload): void {
  const status = isExpired(state, upload) ? "expired" : upload.status;
  if (status !== "pending")
    throw validationError(
      `File upload ${upload.id} has a status of \`${status}\`, it should be \`pending\`.`,
    );
}

function tell(state: State, upload: FileUpload, type: EventType): void {
  state.events.emit({
    type,
    subject: null,
    entity: { id: upload.id, type: "file_upload" },
    actor: {
      userId: upload.createdBy,
      at: type === "file_upload.expired" ? upload.expiresAt : upload.editedAt,
    },
    ...(upload.importResult === null ? {} : { data: { file_import_result: upload.importResult } }),
  });
}

const typesByExtension: { readonly [extension: string]: string } = {
  csv: "text/csv",
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  gif: "image/gif",
  html: "text/html",
  ico: "image/vnd.microsoft.icon",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  json: "application/json",
  md: "text/markdown",
  mp3: "audio/mpeg",
  mp4: "application/mp4",
  pdf: "application/pdf",
  png: "image/png",
  svg: "image/svg+xml",
  txt: "text/plain",
  wav: "audio/wav",
  webp: "image/webp",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  zip: "application/zip",
};

function typeOfName(filename: string): string {
  const extension = filename.slice(filename.lastIndexOf(".") + 1).toLowerCase();
  const known = Object.hasOwn(typesByExtension, extension) ? typesByExtension[extension] : undefined;
  return known ?? "application/octet-stream";
}
