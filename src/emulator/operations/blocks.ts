import { arrayAt, objectAt } from "../api/input.ts";
import { bodyError, bodyErrors, validationError } from "../http/errors.ts";
import { type Json, type JsonObject, objectOr } from "../json.ts";
import type { Block, Page, Parent, State } from "../state/state.ts";
import { parseRichText, renderRichText } from "../values/rich-text.ts";
import type { Actor } from "./pages.ts";

/** Blocks a request can create, with what a request may leave out. */
const blockDefaults: { readonly [type: string]: JsonObject } = {
  paragraph: { rich_text: [], icon: null, color: "default" },
  heading_1: { rich_text: [], is_toggleable: false, color: "default" },
  heading_2: { rich_text: [], is_toggleable: false, color: "default" },
  heading_3: { rich_text: [], is_toggleable: false, color: "default" },
  heading_4: { rich_text: [], is_toggleable: false, color: "default" },
  bulleted_list_item: { rich_text: [], color: "default" },
  numbered_list_item: { rich_text: [], color: "default" },
  quote: { rich_text: [], color: "default" },
  to_do: { rich_text: [], checked: false, color: "default" },
  toggle: { rich_text: [], color: "default" },
  callout: { rich_text: [], icon: { type: "emoji", emoji: "💡" }, color: "default" },
  template: { rich_text: [] },
  synced_block: { synced_from: null },
  equation: { expression: "" },
  code: { caption: [], rich_text: [], language: "plain text" },
  divider: {},
  breadcrumb: {},
  table_of_contents: { color: "gray" },
  tab: {},
  column_list: {},
  column: {},
  link_to_page: {},
  table: { table_width: 1, has_column_header: false, has_row_header: false },
  table_row: { cells: [] },
  embed: { caption: [], url: "" },
  bookmark: { caption: [], url: "" },
  image: { caption: [] },
  video: { caption: [] },
  pdf: { caption: [] },
  file: { caption: [] },
  audio: { caption: [] },
};

const createdMax = 1000;
const nestingMax = 2;

export interface NewBlock {
  readonly type: string;
  readonly content: JsonObject;
  readonly children: readonly NewBlock[];
}

/** Reads the `children` of a request completely before anything is made. */
export function parseBlocks(input: Json | undefined, path: string, state: State): NewBlock[] {
  if (input === undefined || input === null) return [];
  const blocks = parseLevel(input, { path, state, depth: 0 });
  if (countBlocks(blocks) > createdMax)
    throw validationError(`body failed validation: ${path} should hold at most ${createdMax} blocks.`);
  return blocks;
}

interface Place {
  readonly path: string;
  readonly state: State;
  readonly depth: number;
}

function parseLevel(input: Json, place: Place): NewBlock[] {
  return arrayAt(input, place.path).map((block, index) =>
    parseBlock(block, { ...place, path: `${place.path}[${index}]` }),
  );
}

function parseBlock(input: Json, place: Place): NewBlock {
  const block = objectAt(input, place.path);
  const type = Object.keys(blockDefaults).find((known) => block[known] !== undefined);
  if (type === undefined)
    throw bodyErrors(Object.keys(blockDefaults).map((known) => `${place.path}.${known}`));
  const { children, ...written } = objectAt(block[type], `${place.path}.${type}`);
  const nested = children ?? block.children;
  if (nested !== undefined && place.depth >= nestingMax)
    throw bodyError(`${place.path}.${type}.children`, "not present", nested);
  const content = parseContent(type, written, { ...place, path: `${place.path}.${type}` });
  return {
    type,
    content: { ...blockDefaults[type], ...content },
    children:
      nested === undefined
        ? []
        : parseLevel(nested, { ...place, path: `${place.path}.${type}.children`, depth: place.depth + 1 }),
  };
}

/** Members that say which kind of file or link a block holds; answers repeat them as its `type`. */
const variants = ["external", "file", "page_id", "database_id"];

/** What a request says about a block of this type, its texts as answers spell them. */
export function parseContent(
  type: string,
  written: JsonObject,
  { path, state }: Omit<Place, "depth">,
): JsonObject {
  const content: JsonObject = {};
  for (const [key, value] of Object.entries(written)) {
    if (key === "rich_text" || key === "caption") content[key] = texts(value, `${path}.${key}`, state);
    else if (key === "cells") {
      content[key] = arrayAt(value, `${path}.cells`).map((cell, index) =>
        texts(cell, `${path}.cells[${index}]`, state),
      );
    } else content[key] = value;
  }
  const variant = variants.find((kind) => content[kind] !== undefined);
  if (variant !== undefined && type !== "callout") content.type = variant;
  return content;
}

function texts(input: Json, path: string, state: State): JsonObject[] {
  return renderRichText(parseRichText(input, path), state);
}

function countBlocks(blocks: readonly NewBlock[]): number {
  return blocks.reduce((count, block) => count + 1 + countBlocks(block.children), 0);
}

/** Where new children go: at the end, at the start, or after a child. */
export type Position = { readonly type: "end" | "start" } | { readonly type: "after"; readonly id: string };

/** Makes blocks inside a page or block. The page's last edit does not move, as reported of the real API. */
export function appendBlocks(
  state: State,
  parent: Page | Block,
  {
    blocks,
    position,
    actor,
  }: { readonly blocks: readonly NewBlock[]; readonly position: Position; readonly actor: Actor },
): Block[] {
  const at = insertionIndex(parent.children, position);
  const made = blocks.map((block) => createBlock(state, block, { parent, actor }));
  const ids = made.map((block) => block.id);
  parent.children = [...parent.children.slice(0, at), ...ids, ...parent.children.slice(at)];
  return made;
}

function insertionIndex(children: readonly string[], position: Position): number {
  if (position.type !== "after") return position.type === "start" ? 0 : children.length;
  const index = children.indexOf(position.id);
  if (index === -1)
    throw validationError(
      `Block to append children after, with ID: ${position.id}, is not a child of the parent block.`,
    );
  return index + 1;
}

function createBlock(
  state: State,
  block: NewBlock,
  { parent, actor }: { readonly parent: Page | Block; readonly actor: Actor },
): Block {
  const above: Parent = { type: parent.object === "page" ? "page_id" : "block_id", id: parent.id };
  const made: Block = {
    object: "block",
    id: state.random.recordId(),
    type: block.type,
    parent: above,
    content: block.content,
    children: [],
    createdAt: actor.at,
    editedAt: actor.at,
    createdBy: actor.userId,
    editedBy: actor.userId,
    inTrash: false,
  };
  state.blocks.set(made.id, made);
  made.children = block.children.map((child) => createBlock(state, child, { parent: made, actor }).id);
  return made;
}

/** Changes a block's content. Its type cannot change. */
export function updateBlock(state: State, block: Block, body: JsonObject): void {
  const named = Object.keys(blockDefaults).find((type) => body[type] !== undefined);
  if (named === undefined) return;
  if (named !== block.type)
    throw validationError(`Cannot change the type of a block from ${block.type} to ${named}.`);
  const content = parseContent(named, objectOr(body[named]), { path: `body.${named}`, state });
  block.content = { ...block.content, ...content };
}
