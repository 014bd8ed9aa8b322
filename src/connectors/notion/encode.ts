import { isJsonObject, type Json } from "../../core/json.ts";
import { encodeText } from "./encode-text.ts";
import type { JsonObject } from "./page.ts";
import { invalid, nameOf, type Refused, refused, tooLong } from "./refused.ts";
import type { Column } from "./schema.ts";

/** https://developers.notion.com/reference/request-limits */
const LIST_LENGTH_MAX = 100;
const URL_LENGTH_MAX = 2_000;
const CONTACT_LENGTH_MAX = 200;
const OPTION_LENGTH_MAX = 100;
const BODY_BYTES_MAX = 500_000;
/** So many options are named in a refusal; a column may have hundreds. */
const OPTIONS_NAMED_MAX = 20;

export interface EncodeOptions {
  /** Selects may grow by options they do not have yet. A status never does. */
  readonly provisionOptions: boolean;
}

type Payload = { readonly payload: Json } | Refused;
type Encode = (column: Column, value: Json, options: EncodeOptions) => Payload;

/** Canonical values as the `properties` of a page write, by property id. The first value that cannot be written refuses all. */
export function encodeFields(
  fields: JsonObject,
  columns: readonly Column[],
  options: EncodeOptions,
): { readonly properties: JsonObject } | Refused {
  const properties: Record<string, Json> = {};
  for (const [id, value] of Object.entries(fields)) {
    const column = columns.find((each) => each.id === id);
    if (column === undefined) return unknownField(id);
    const encoded = encodeValue(column, value, options);
    if ("refused" in encoded) return encoded;
    properties[id] = { [column.type]: encoded.payload };
  }
  const bytes = Buffer.byteLength(JSON.stringify(properties));
  if (bytes > BODY_BYTES_MAX)
    return refused(
      "VALUE_TOO_LONG",
      `Tried to write ${bytes} bytes of values at once, and Notion takes ${BODY_BYTES_MAX}. Shorten the longest texts.`,
    );
  return { properties };
}

function unknownField(id: string): Refused {
  if (id.startsWith("$"))
    return refused(
      "FIELD_READ_ONLY",
      `Tried to write ${id}, which is an attribute of the page and is only read.`,
    );
  return refused(
    "FIELD_UNKNOWN",
    `Tried to write property ${id}, which the data source does not have: look at the mapping.`,
  );
}

function encodeValue(column: Column, value: Json, options: EncodeOptions): Payload {
  const encode = encoders.get(column.type);
  if (encode !== undefined) return encode(column, value, options);
  return refused(
    "FIELD_READ_ONLY",
    `Tried to write ${nameOf(column)}, which Notion only lets people or itself change.`,
  );
}

const text: Encode = (column, value) => {
  const encoded = encodeText(column, value);
  return "refused" in encoded ? encoded : { payload: encoded.items };
};

/** The empty text is none: Notion takes null for it. */
const line =
  (lengthMax: number): Encode =>
  (column, value) => {
    if (value === null || value === "") return { payload: null };
    if (typeof value !== "string") return invalid(column, "a text or null");
    if (value.length > lengthMax)
      return tooLong(column, { is: value.length, max: lengthMax, unit: "characters" });
    return { payload: value };
  };

const option: Encode = (column, value, options) =>
  value === null ? { payload: null } : encodeOption(column, value, options);

const ids: Encode = (column, value) =>
  encodeList(column, value, (item) =>
    typeof item === "string" ? { payload: { id: item } } : invalid(column, "a list of ids"),
  );

const encoders: ReadonlyMap<string, Encode> = new Map(
  Object.entries({
    title: text,
    rich_text: text,
    number: (column, value) =>
      value === null || (typeof value === "number" && Number.isFinite(value))
        ? { payload: value }
        : invalid(column, "a number or null"),
    select: option,
    status: option,
    multi_select: (column, value, options) =>
      encodeList(column, value, (item) => encodeOption(column, item, options)),
    date: (column, value) => (value === null ? { payload: null } : encodeDate(column, value)),
    checkbox: (column, value) =>
      typeof value === "boolean" || value === null
        ? { payload: value ?? false }
        : invalid(column, "true or false"),
    url: line(URL_LENGTH_MAX),
    email: line(CONTACT_LENGTH_MAX),
    phone_number: line(CONTACT_LENGTH_MAX),
    people: ids,
    relation: ids,
    files: (column, value) => encodeList(column, value, (item) => encodeFile(column, item)),
  } satisfies Record<string, Encode>),
);

/** A list replaces the whole list, and only so many elements go into one request. */
function encodeList(column: Column, value: Json, encode: (item: Json) => Payload): Payload {
  const list = value ?? [];
  if (!Array.isArray(list)) return invalid(column, "a list");
  if (list.length > LIST_LENGTH_MAX)
    return tooLong(column, { is: list.length, max: LIST_LENGTH_MAX, unit: "elements" });
  const payload: Json[] = [];
  for (const item of list) {
    const encoded = encode(item);
    if ("refused" in encoded) return encoded;
    payload.push(encoded.payload);
  }
  return { payload };
}

/** By the id when the column has it: options are renamed. By name otherwise, whose case Notion does not heed. */
function encodeOption(column: Column, value: Json, { provisionOptions }: EncodeOptions): Payload {
  if (!isJsonObject(value) || typeof value.name !== "string") return invalid(column, "options with a name");
  const { id, name } = value;
  const byId = column.options.find((each) => each.id === id);
  const known = byId ?? column.options.find((each) => each.name.toLowerCase() === name.toLowerCase());
  if (known !== undefined) return { payload: { id: known.id } };
  if (!provisionOptions || column.type === "status") return unknownOption(column, name);
  if (name.includes(",") || name.trim() === "")
    return invalid(column, "options whose name is not empty and has no comma");
  if (name.length > OPTION_LENGTH_MAX)
    return tooLong(column, {
      is: name.length,
      max: OPTION_LENGTH_MAX,
      unit: "characters in the name of an option",
    });
  return { payload: { name } };
}

function unknownOption(column: Column, name: string): Refused {
  const named = column.options.slice(0, OPTIONS_NAMED_MAX).map((each) => `"${each.name}"`);
  const rest = column.options.length - named.length;
  const known = `${named.join(", ") || "none"}${rest > 0 ? ` and ${rest} more` : ""}`;
  return refused(
    "OPTION_UNKNOWN",
    `Tried to write "${name}" to ${nameOf(column)}, which has no such option (it has ${known}). Add it in Notion, or map it to one of these.`,
  );
}

function encodeDate(column: Column, value: Json): Payload {
  if (!isJsonObject(value) || typeof value.start !== "string")
    return invalid(column, "a date with a start, or null");
  const { start, end, timeZone } = value;
  return { payload: { start, end: end ?? null, time_zone: timeZone ?? null } };
}

/** What Notion hosts has an address only for its own page, and one that expires. */
function encodeFile(column: Column, value: Json): Payload {
  if (!isJsonObject(value) || value.type !== "external" || typeof value.url !== "string")
    return invalid(column, "links to files elsewhere, not files that Notion hosts");
  const { url, name } = value;
  if (url.length > URL_LENGTH_MAX)
    return tooLong(column, { is: url.length, max: URL_LENGTH_MAX, unit: "characters in a link" });
  return { payload: { name: typeof name === "string" ? name : url, type: "external", external: { url } } };
}
