import { arrayAt, booleanAt, idAt, objectAt, oneOf, textAt } from "../api/input.ts";
import { bodyError, lengthError } from "../http/errors.ts";
import { isObject, type Json, type JsonObject, objectOr, stringOr } from "../json.ts";
import type { State } from "../state/state.ts";
import { nameInUrl, parseFileVariant, parseIcon } from "../values/files.ts";
import { parseRichText, renderRichText } from "../values/rich-text.ts";
import { languages } from "./languages.ts";

/** Where in a request a block's content stands. */
export interface ContentPlace {
  readonly path: string;
  readonly state: State;
}

type Field = (written: Json, place: ContentPlace) => Json;

export interface BlockType {
  /** Members of the content, in the order of answers, with what a request may leave out. */
  readonly defaults: JsonObject;
  readonly fields: { readonly [name: string]: Field };
  readonly required: readonly string[];
  /** Holds a file: one of the variants `external`, `file_upload` and `file`. */
  readonly isMedia?: boolean;
  /** Types of blocks inside; undefined: any that may stand in a page; empty: none. */
  readonly inside?: readonly string[];
  /** Only inside these; undefined: anywhere. */
  readonly within?: readonly string[];
  /** Members that cannot change later. */
  readonly fixed?: readonly string[];
}

const colorNames = [
  "default",
  "gray",
  "brown",
  "orange",
  "yellow",
  "green",
  "blue",
  "purple",
  "pink",
  "red",
] as const;
export const blockColors: readonly string[] = colorNames.flatMap((name) => [name, `${name}_background`]);

const expressionMax = 1000;
const urlMax = 2000;

const richText: Field = (written, { path, state }) => renderRichText(parseRichText(written, path), state);
const flag: Field = (written, { path }) => booleanAt(written, path);
const color: Field = (written, { path }) => oneOf(written, path, blockColors);
const icon: Field = (written, { path, state }) => parseIcon(written, path, state) ?? null;
const url: Field = (written, { path }) => textAt(written, path, urlMax);
const text: Field = (written, { path }) => textAt(written, path);
const expression: Field = (written, { path }) => {
  const formula = textAt(written, path);
  if (formula.length > expressionMax) throw lengthError(path, expressionMax, formula.length);
  return formula;
};
const positive: Field = (written, { path }) => {
  if (typeof written !== "number" || !(written > 0))
    throw bodyError(path, "a number greater than 0", written);
  return written;
};
const width: Field = (written, place) => {
  if (!Number.isInteger(written)) throw bodyError(place.path, "an integer", written);
  return positive(written, place);
};
const cells: Field = (written, { path, state }) =>
  arrayAt(written, path).map((cell, index) => richText(cell, { path: `${path}[${index}]`, state }));
const language: Field = (written, { path }) => oneOf(written, path, languages);
const syncedFrom: Field = (written, { path }) => {
  if (written === null) return null;
  const block_id = idAt(objectAt(written, path).block_id, `${path}.block_id`);
  return { type: "block_id", block_id };
};
const pointer: Field = (written, { path }) => idAt(written, path);

const anyText = { rich_text: richText, color };
const textDefaults = { rich_text: [], color: "default" };
const textBlock: BlockType = { defaults: textDefaults, fields: anyText, required: ["rich_text"] };
const heading: BlockType = {
  defaults: { rich_text: [], is_toggleable: false, color: "default" },
  fields: { ...anyText, is_toggleable: flag },
  required: ["rich_text"],
};
const media: BlockType = {
  defaults: { caption: [] },
  fields: { caption: richText },
  required: [],
  isMedia: true,
  inside: [],
};
const link: BlockType = {
  defaults: { caption: [], url: "" },
  fields: { caption: richText, url },
  required: ["url"],
  inside: [],
};
const bare: BlockType = { defaults: {}, fields: {}, required: [], inside: [] };

/** Every block a request can create. https://developers.notion.com/reference/block */
export const blockTypes: { readonly [type: string]: BlockType } = {
  paragraph: {
    defaults: { rich_text: [], icon: null, color: "default" },
    fields: { ...anyText, icon },
    required: ["rich_text"],
  },
  heading_1: heading,
  heading_2: heading,
  heading_3: heading,
  heading_4: heading,
  bulleted_list_item: textBlock,
  numbered_list_item: {
    ...textBlock,
    fields: {
      ...anyText,
      list_start_index: width,
      list_format: (written, { path }) => oneOf(written, path, ["numbers", "letters", "roman"]),
    },
  },
  quote: textBlock,
  to_do: {
    defaults: { rich_text: [], checked: false, color: "default" },
    fields: { ...anyText, checked: flag },
    required: ["rich_text"],
  },
  toggle: textBlock,
  callout: {
    defaults: { rich_text: [], icon: { type: "emoji", emoji: "💡" }, color: "default" },
    fields: { ...anyText, icon },
    required: ["rich_text"],
  },
  template: { defaults: { rich_text: [] }, fields: { rich_text: richText }, required: ["rich_text"] },
  synced_block: {
    defaults: { synced_from: null },
    fields: { synced_from: syncedFrom },
    required: ["synced_from"],
    fixed: ["synced_from"],
  },
  equation: { defaults: { expression: "" }, fields: { expression }, required: ["expression"], inside: [] },
  code: {
    defaults: { caption: [], rich_text: [], language: "plain text" },
    fields: { caption: richText, rich_text: richText, language },
    required: ["rich_text", "language"],
    inside: [],
  },
  divider: bare,
  breadcrumb: bare,
  table_of_contents: { ...bare, defaults: { color: "gray" }, fields: { color } },
  tab: { ...bare, inside: ["paragraph"] },
  column_list: { ...bare, inside: ["column"] },
  column: {
    defaults: {},
    fields: { width_ratio: positive },
    required: [],
    within: ["column_list"],
  },
  link_to_page: {
    ...bare,
    fields: { page_id: pointer, database_id: pointer, comment_id: pointer },
  },
  table: {
    defaults: { table_width: 1, has_column_header: false, has_row_header: false },
    fields: { table_width: width, has_column_header: flag, has_row_header: flag },
    required: ["table_width"],
    inside: ["table_row"],
    fixed: ["table_width"],
  },
  table_row: {
    defaults: { cells: [] },
    fields: { cells },
    required: ["cells"],
    inside: [],
    within: ["table"],
  },
  embed: link,
  bookmark: link,
  image: media,
  video: media,
  pdf: media,
  audio: media,
  file: { ...media, fields: { caption: richText, name: text } },
};

/** Members that say what a block points at; answers repeat the one given as `type`. */
const pointers = ["page_id", "database_id", "comment_id"];
const fileVariants = ["external", "file_upload", "file"];

/** What a request says about a block of this type, as answers spell it. */
export function parseContent(type: string, written: JsonObject, place: ContentPlace): JsonObject {
  const known = blockTypes[type];
  if (known === undefined) throw bodyError(place.path, "not present", written);
  const isFile = known.isMedia === true && fileVariants.some((variant) => written[variant] !== undefined);
  const file = isFile ? parseFileVariant(written, place.path, place.state) : {};
  const content: JsonObject = {};
  for (const [key, value] of Object.entries(written)) {
    if (key === "type" || key === "children" || (isFile && fileVariants.includes(key))) continue;
    const field = Object.hasOwn(known.fields, key) ? known.fields[key] : undefined;
    if (field === undefined) throw bodyError(`${place.path}.${key}`, "not present", value);
    content[key] = field(value, { ...place, path: `${place.path}.${key}` });
  }
  const pointed = type === "link_to_page" ? pointers.find((key) => content[key] !== undefined) : undefined;
  return { ...content, ...(pointed === undefined ? {} : { type: pointed }), ...file };
}

/** A new block's content, complete. */
export function parseNewContent(type: string, written: JsonObject, place: ContentPlace): JsonObject {
  const known = blockTypes[type] ?? bare;
  const missing = known.required.find((key) => written[key] === undefined);
  if (missing !== undefined) throw bodyError(`${place.path}.${missing}`, "defined", undefined);
  const content = { ...known.defaults, ...parseContent(type, written, place) };
  if (known.isMedia === true && content.type === undefined)
    throw bodyError(`${place.path}.external`, "defined", undefined);
  if (type === "link_to_page" && content.type === undefined)
    throw bodyError(`${place.path}.page_id`, "defined", undefined);
  return type === "file" ? { ...content, name: fileName(content) } : content;
}

/** A file block shows the name it was given, or that of the file. */
function fileName(content: JsonObject): string {
  const target = content[stringOr(content.type, "")];
  return stringOr(content.name, "") || nameInUrl(stringOr(objectOr(target).url, ""));
}

/** A block's content after an edit. */
export function changedContent(
  type: string,
  { before, written }: { readonly before: JsonObject; readonly written: JsonObject },
  place: ContentPlace,
): JsonObject {
  const fixed = [...(blockTypes[type]?.fixed ?? []), "children"].find((key) => written[key] !== undefined);
  if (fixed !== undefined) throw bodyError(`${place.path}.${fixed}`, "not present", written[fixed]);
  const content = parseContent(type, written, place);
  const changed = mergedContent(before, content);
  if (type !== "file" || content.type === undefined || isObject(written.name)) return changed;
  return { ...changed, name: fileName({ ...changed, name: content.name ?? null }) };
}

/** What a block held before goes when it gets another file or points elsewhere. */
export function mergedContent(before: JsonObject, content: JsonObject): JsonObject {
  if (content.type === undefined) return { ...before, ...content };
  const variants = [...pointers, ...fileVariants];
  const kept = Object.entries(before).filter(([key]) => !variants.includes(key));
  return { ...Object.fromEntries(kept), ...content };
}
