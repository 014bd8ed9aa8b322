import { idAt, objectAt, textAt } from "../api/input.ts";
import { bodyError, validationError } from "../http/errors.ts";
import { isObject, type Json, type JsonObject, objectOr, stringOr } from "../json.ts";
import type { State } from "../state/state.ts";

const urlMax = 2000;
/** A link to a file of Notion's own is good for an hour and different at every read. */
export const signedUrlMs = 3_600_000;
/** How an uploaded file is kept: without origin and signature, which every read adds. */
const storedScheme = "upload:";
/** Where the emulator serves uploaded files. */
export const filesPath = "/__files/";

/** Variants of a file in a request; `file` is a hosted one that an answer gave before. */
const variants = ["external", "file_upload", "file"];

/** Reads `{external}`, `{file_upload}` or `{file}` into the form it is kept in. */
export function parseFileVariant(written: JsonObject, path: string, state: State): JsonObject {
  const type = variants.find((known) => isObject(written[known]));
  if (type === undefined) throw bodyError(`${path}.external`, "defined", undefined);
  const target = objectAt(written[type], `${path}.${type}`);
  if (type === "file_upload") return attach(idAt(target.id, `${path}.file_upload.id`), state);
  const url = textAt(target.url, `${path}.${type}.url`, urlMax);
  return { type, [type]: { url: type === "file" ? unsigned(url, state) : url } };
}

/** Turns a finished upload into a hosted file. */
export function attach(uploadId: string, state: State): JsonObject {
  const upload = state.fileUploads.get(uploadId);
  if (upload === undefined) throw validationError(`Could not find file_upload with ID: ${uploadId}.`);
  if (upload.status !== "uploaded") {
    throw validationError(
      `File upload ${uploadId} has a status of \`${upload.status}\`. Complete the upload before attaching it.`,
    );
  }
  if (!upload.isAttached && state.now() >= upload.expiresAt)
    throw validationError(`File upload ${uploadId} has expired and can no longer be attached.`);
  return { type: "file", file: { url: storedUrl(upload.id, upload.filename ?? "file") } };
}

export function storedUrl(uploadId: string, filename: string): string {
  return `${storedScheme}${uploadId}/${encodeURIComponent(filename.toWellFormed())}`;
}

/** Called with what a request stores: uploads in it no longer expire. */
export function keepUploads(state: State, stored: Json | undefined): void {
  if (state.fileUploads.size === 0 || stored === undefined || stored === null) return;
  for (const [, id = ""] of JSON.stringify(stored).matchAll(/"upload:([0-9a-f-]{36})\//g)) {
    const upload = state.fileUploads.get(id);
    if (upload !== undefined) upload.isAttached = true;
  }
}

/** A link of ours back in the form it is kept in; other links lose nothing. */
function unsigned(url: string, state: State): string {
  const own = `${state.files.origin}${filesPath}`;
  if (state.files.origin === "" || !url.startsWith(own)) return url;
  return `${storedScheme}${url.slice(own.length).split("?")[0]}`;
}

/** A file named by its link alone: one of ours is hosted, any other external. */
export function keptUrl(url: string, state: State): JsonObject {
  const isHosted = url.includes("X-Amz-Signature=");
  if (!isHosted) return { type: "external", external: { url } };
  const [path = ""] = unsigned(url, state).split("?");
  return { type: "file", file: { url: path } };
}

/** A file as answers show it: hosted ones with a link signed now. */
export function renderFile(file: Json, state: State): Json {
  if (!isObject(file) || file.type !== "file") return file;
  const now = state.now();
  const expiry_time = new Date(now + signedUrlMs).toISOString();
  return { ...file, file: { url: signed(stringOr(objectOr(file.file).url, ""), now, state), expiry_time } };
}

function signed(url: string, now: number, state: State): string {
  const [path = ""] = url.split("?");
  const date = signingDate(now);
  const isOwn = path.startsWith(storedScheme);
  const shown = isOwn ? `${filesPath}${path.slice(storedScheme.length)}` : path;
  const signature = state.files.sign(shown, date);
  const query = `X-Amz-Date=${date}&X-Amz-Expires=${signedUrlMs / 1000}&X-Amz-Signature=${signature}`;
  return `${isOwn ? state.files.origin : ""}${shown}?${query}`;
}

/** `20261121T072031Z` */
function signingDate(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
}

/** When a signing date was, or null when it is none. */
export function signedAt(date: string): number | null {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date);
  if (parts === null) return null;
  const [year, month, day, hour, minute, second] = parts.slice(1);
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(ms) ? null : ms;
}

/** The name at the end of a link. */
export function nameInUrl(url: string): string {
  const [path = ""] = url.split(/[?#]/);
  const last = path.slice(path.lastIndexOf("/") + 1);
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

const iconTypes = ["emoji", "external", "file", "file_upload", "custom_emoji", "icon"];

/** An icon as it is kept; null for none. `path` is where it stands in the body. */
export function parseIcon(input: Json | undefined, path: string, state: State): Json | undefined {
  if (input === undefined || input === null) return input;
  const icon = objectAt(input, path);
  const type = iconTypes.find((known) => icon[known] !== undefined);
  switch (type) {
    case "emoji":
      return { type, emoji: textAt(icon.emoji, `${path}.emoji`) };
    case "custom_emoji":
      return parseCustomEmoji(objectAt(icon.custom_emoji, `${path}.custom_emoji`), path, state);
    case "icon": {
      const { name, color } = objectAt(icon.icon, `${path}.icon`);
      return { type, icon: { name: textAt(name, `${path}.icon.name`), color: stringOr(color, "gray") } };
    }
    case undefined:
      throw bodyError(`${path}.emoji`, "defined", undefined);
    default:
      return parseFileVariant(icon, path, state);
  }
}

function parseCustomEmoji(written: JsonObject, path: string, state: State): JsonObject {
  const id = idAt(written.id, `${path}.custom_emoji.id`);
  const known = state.customEmojis.get(id);
  const { name, url } = known ?? { name: stringOr(written.name, ""), url: stringOr(written.url, "") };
  return { type: "custom_emoji", custom_emoji: { id, name, url } };
}

/** A cover as it is kept; null for none. */
export function parseCover(input: Json | undefined, path: string, state: State): Json | undefined {
  if (input === undefined || input === null) return input;
  return parseFileVariant(objectAt(input, path), path, state);
}
