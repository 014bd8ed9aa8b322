import type { State } from "../../../src/emulator/state/state.ts";
import type { Json, JsonObject } from "../harness.ts";
import { isRecord, type RecordedCall } from "./recorded.ts";

/**
 * An object as it was before the call that answered with it: what the call wrote is taken out again, so that the
 * replayed call has to write it. Objects that the call did not change come back as they are.
 */
export function undo(state: State, call: RecordedCall, body: JsonObject): JsonObject {
  if (!isTarget(call, body)) return body;
  if (body.object === "file_upload") return undoUpload(call, body);
  if (body.object === "comment") return call.method === "PATCH" ? { ...body, rich_text: [] } : body;
  if (call.method === "DELETE") return { ...body, in_trash: false, archived: false };
  if (call.method !== "PATCH" || !isRecord(call.body) || call.path.endsWith("/children")) return body;
  const restored = { ...body, ...undoFlags(call.body) };
  if (body.object === "block") return undoBlock(call.body, restored);
  if (body.object === "page") return undoPage(call.body, restored);
  return undoSchema(state, call.body, restored);
}

/** Before its bytes came, or the last of its parts; before it was put together. */
function undoUpload({ path }: RecordedCall, body: JsonObject): JsonObject {
  const counts = isRecord(body.number_of_parts) ? body.number_of_parts : null;
  const isSent = path.endsWith("/send");
  if (!isSent && !path.endsWith("/complete")) return body;
  const before = { ...body, status: "pending" };
  if (!isSent) return before;
  if (counts === null) return { ...before, content_length: null };
  const sent = Number(counts.sent) - 1;
  const length = sent === 0 ? null : sent * partBytes;
  return { ...before, content_length: length, number_of_parts: { ...counts, sent } };
}

/** All parts but the last, in the one file that was recorded in parts. */
export const partBytes = 10_485_760;

function isTarget({ path }: RecordedCall, { id }: JsonObject): boolean {
  return typeof id === "string" && path.replaceAll("-", "").includes(id.replaceAll("-", ""));
}

function undoFlags(written: JsonObject): JsonObject {
  const restored: JsonObject = {};
  if (typeof (written.in_trash ?? written.archived) === "boolean") {
    restored.in_trash = !(written.in_trash ?? written.archived);
    restored.archived = restored.in_trash;
  }
  for (const key of ["icon", "cover"]) if (key in written) restored[key] = null;
  for (const key of ["title", "description"]) if (key in written) restored[key] = [];
  return restored;
}

function undoBlock(written: JsonObject, body: JsonObject): JsonObject {
  const type = String(body.type);
  const content = body[type];
  const change = written[type];
  if (!isRecord(content) || !isRecord(change)) return body;
  const before = Object.fromEntries(
    Object.entries(content).map(([key, value]) => [key, key in change ? opposite(value) : value]),
  );
  return { ...body, [type]: before };
}

function opposite(value: Json): Json {
  if (Array.isArray(value)) return [];
  if (typeof value === "boolean") return !value;
  return typeof value === "string" ? "" : value;
}

const empty: { readonly [type: string]: Json } = {
  title: [],
  rich_text: [],
  people: [],
  files: [],
  relation: [],
  multi_select: [],
};

function undoPage(written: JsonObject, body: JsonObject): JsonObject {
  const change = isRecord(written.properties) ? written.properties : {};
  const properties = isRecord(body.properties) ? body.properties : {};
  const before = Object.entries(properties).map(([name, entry]): [string, Json] => {
    if (!isRecord(entry)) return [name, entry];
    const isWritten = name in change || String(entry.id) in change;
    const type = String(entry.type);
    return [name, isWritten ? { ...entry, [type]: empty[type] ?? null } : entry];
  });
  return { ...body, properties: Object.fromEntries(before) };
}

/** Columns: those added go, those renamed get their old name back, those removed stand there as numbers. */
function undoSchema(state: State, written: JsonObject, body: JsonObject): JsonObject {
  const change = isRecord(written.properties) ? written.properties : {};
  const properties = isRecord(body.properties) ? { ...body.properties } : {};
  for (const [key, entry] of Object.entries(change)) {
    if (entry === null) {
      const id = state.random.propertyId();
      properties[key] = {
        id: encodeURIComponent(id),
        name: key,
        type: "number",
        number: { format: "number" },
      };
    } else if (isRecord(entry) && typeof entry.name === "string" && isRecord(properties[entry.name])) {
      const { [entry.name]: renamed, ...others } = properties;
      Object.assign(others, { [key]: { ...(isRecord(renamed) ? renamed : {}), name: key } });
      for (const name of Object.keys(properties)) delete properties[name];
      Object.assign(properties, others);
    } else delete properties[key];
  }
  return { ...body, properties };
}
