import { arrayAt, booleanAt, idAt, objectAt, textAt } from "../api/input.ts";
import { bodyError, validationError } from "../http/errors.ts";
import { isObject, type Json, type JsonObject, objectOr, stringOr } from "../json.ts";
import { canSee } from "../state/access.ts";
import { type Connection, findEntity, type Property, type State, type Value } from "../state/state.ts";
import { normalizeDate } from "./dates.ts";
import { nameInUrl, parseFileVariant } from "./files.ts";
import { findOption, optionsOf } from "./options.ts";
import { isReadOnly, propertyTypes } from "./property-types.ts";
import { parseRichText } from "./rich-text.ts";
import { parseVerification } from "./verification.ts";

export interface WriteContext {
  readonly state: State;
  readonly property: Property;
  /** Who writes; null: a person, who may see everything. */
  readonly connection: Connection | null;
  /** Where the value stands in the body, for messages. */
  readonly path: string;
}

const urlMax = 2000;
const contactMax = 200;

/** Reads one property of a page write into the form it is kept in; undefined clears it. */
export function parseValue(input: Json, context: WriteContext): Value | undefined {
  const { property } = context;
  if (isReadOnly(property.type)) {
    throw validationError(
      `${property.name} is a read-only property of type ${property.type} and cannot be written.`,
    );
  }
  const written = unwrap(input, context);
  if (written === null || written === undefined) return property.type === "checkbox" ? false : undefined;
  const parse = parsers[property.type];
  const path = `${context.path}.${property.type}`;
  return parse === undefined ? written : parse(written, { ...context, path });
}

/** `{type: value}`, or for lists the bare value. */
function unwrap(input: Json, context: WriteContext): Json | undefined {
  const { property } = context;
  if (input === null || Array.isArray(input)) return input;
  if (!isObject(input)) throw expected(property);
  if (property.type in input) return input[property.type];
  if (propertyTypes.some((type) => type in input)) throw expected(property);
  throw bodyError(`${context.path}.${property.type}`, "defined", undefined);
}

function expected(property: Property): Error {
  return validationError(`${property.name} is expected to be ${property.type}.`);
}

type Parser = (written: Json, context: WriteContext) => Value | undefined;

const parsers: { readonly [type: string]: Parser } = {
  title: parseText,
  rich_text: parseText,
  number: (written, { path }) => {
    if (typeof written !== "number") throw bodyError(path, "a number", written);
    return written;
  },
  select: (written, context) => optionId(written, { ...context, mayCreate: true }),
  status: (written, context) => optionId(written, { ...context, mayCreate: false }),
  multi_select: (written, context) => {
    const ids = arrayAt(written, context.path).map((option, index) =>
      optionId(option, { ...context, path: `${context.path}[${index}]`, mayCreate: true }),
    );
    return nonEmpty([...new Set(ids)]);
  },
  date: parseDate,
  people: (written, { path }) =>
    nonEmpty(
      arrayAt(written, path).map((user, index) =>
        idAt(objectAt(user, `${path}[${index}]`).id, `${path}[${index}].id`),
      ),
    ),
  files: (written, { path, state }) =>
    nonEmpty(arrayAt(written, path).map((file, index) => parseFile(file, `${path}[${index}]`, state))),
  checkbox: (written, { path }) => booleanAt(written, path),
  url: (written, { path }) => textAt(written, path, urlMax),
  email: (written, { path }) => textAt(written, path, contactMax),
  phone_number: (written, { path }) => textAt(written, path, contactMax),
  relation: parseRelation,
  verification: parseVerification,
  place: parsePlace,
};

function parseText(written: Json, context: WriteContext): Value | undefined {
  const value = parseRichText(written, context.path);
  return value === "" ? undefined : value;
}

function nonEmpty(list: Json[]): Json[] | undefined {
  return list.length === 0 ? undefined : list;
}

/** Names match whatever their case. Selects grow by a new name; a status never does. */
function optionId(written: Json, context: WriteContext & { readonly mayCreate: boolean }): string {
  const wanted = objectAt(written, context.path);
  const found = findOption(context.property, { id: wanted.id ?? undefined, name: wanted.name });
  if (typeof found?.id === "string") return found.id;
  const name = wanted.name;
  if (!context.mayCreate || typeof name !== "string") {
    const shown = String(wanted.name ?? wanted.id);
    throw validationError(
      `Invalid ${context.property.type} option. ${context.property.type} option "${shown}" does not exist.`,
    );
  }
  if (name.includes(",")) throw validationError(`Invalid select option, commas not allowed: ${name}`);
  return createOption(context.property, name, context.state);
}

const colors = ["default", "gray", "brown", "orange", "yellow", "green", "blue", "purple", "pink", "red"];

/** Adds an option of a random colour to a column and returns its id. */
export function createOption(property: Property, name: string, state: State): string {
  const id = state.random.uuid();
  const color = colors[state.random.integer() % colors.length] ?? "default";
  property.config = {
    ...property.config,
    options: [...optionsOf(property), { id, name, color, description: null }],
  };
  return id;
}

function parseDate(written: Json, { path }: WriteContext): Value {
  const date = objectAt(written, path);
  const zone = typeof date.time_zone === "string" ? date.time_zone : null;
  const read = (key: "start" | "end"): string | null => {
    const text = date[key];
    if (key === "end" && (text === undefined || text === null)) return null;
    const normal = normalizeDate(textAt(text, `${path}.${key}`), zone);
    if (normal === null) throw bodyError(`${path}.${key}`, "a valid ISO 8601 date string", text);
    return normal;
  };
  return { start: read("start"), end: read("end") };
}

function parseFile(written: Json, path: string, state: State): JsonObject {
  const file = objectAt(written, path);
  const parsed = parseFileVariant(file, path, state);
  const url = stringOr(objectOr(parsed[String(parsed.type)]).url, "");
  const name = stringOr(file.name, file.file_upload === undefined ? url : nameInUrl(url));
  return { name, ...parsed };
}

const placeTexts = ["name", "address", "aws_place_id", "google_place_id"];

function parsePlace(written: Json, { path }: WriteContext): Value {
  const place = objectAt(written, path);
  for (const key of ["lat", "lon"])
    if (typeof place[key] !== "number") throw bodyError(`${path}.${key}`, "a number", place[key]);
  const texts = placeTexts.map((key): [string, Json] => {
    const text = place[key] ?? null;
    return [key, text === null ? null : textAt(text, `${path}.${key}`)];
  });
  return { lat: place.lat ?? null, lon: place.lon ?? null, ...Object.fromEntries(texts) };
}

/** Every target must exist and be shared with the connection. */
function parseRelation(written: Json, { state, connection, path }: WriteContext): Value | undefined {
  const ids = arrayAt(written, path).map((target, index) =>
    idAt(objectAt(target, `${path}[${index}]`).id, `${path}[${index}].id`),
  );
  for (const id of ids) {
    const target = findEntity(state, id);
    if (target?.object !== "page" || (connection !== null && !canSee(state, connection, target))) {
      throw validationError(
        `Could not find page with ID: ${id}. Make sure the relevant pages and databases are shared with your integration.`,
      );
    }
  }
  return nonEmpty([...new Set(ids)]);
}
