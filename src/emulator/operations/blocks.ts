import { arrayAt, objectAt } from "../api/input.ts";
import { bodyError, bodyErrors, validationError } from "../http/errors.ts";
import { isObject, type Json, type JsonObject } from "../json.ts";
import type { Block, Page, Parent, State } from "../state/state.ts";
import { keepUploads } from "../values/files.ts";
import { blockTypes, changedContent, parseNewContent } from "./block-types.ts";
import type { Actor } from "./pages.ts";

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
  const type = Object.keys(blockTypes).find((known) => block[known] !== undefined);
  if (type === undefined) throw bodyErrors(Object.keys(blockTypes).map((known) => `${place.path}.${known}`));
  const path = `${place.path}.${type}`;
  const written = objectAt(block[type], path);
  const content = parseNewContent(type, written, { ...place, path });
  const nested = written.children ?? block.children;
  if (nested !== undefined && nested !== null && place.depth >= nestingMax)
    throw bodyError(`${path}.children`, "not present", nested);
  // Columns do not count as a level of their own.
  const depth = place.depth + (type === "column_list" ? 0 : 1);
  const children =
    nested === undefined || nested === null
      ? []
      : parseLevel(nested, { ...place, path: `${path}.children`, depth });
  // A heading with something in it can be toggled, whatever the request says.
  const isToggle = children.length > 0 && "is_toggleable" in content;
  const made = { type, content: isToggle ? { ...content, is_toggleable: true } : content, children };
  checkInside(made, children, path);
  checkWhole(made, path);
  return made;
}

/** Refuses blocks that cannot stand in this one. */
function checkInside(parent: NewBlock, children: readonly NewBlock[], path: string): void {
  if (children.length === 0) return;
  const isClosed = isObject(parent.content.synced_from);
  const { inside } = blockTypes[parent.type] ?? {};
  if (isClosed || inside?.length === 0) throw bodyError(`${path}.children`, "not present", children.length);
  for (const [index, child] of children.entries()) {
    const { within } = blockTypes[child.type] ?? {};
    const isRight = (inside?.includes(child.type) ?? true) && (within?.includes(parent.type) ?? true);
    if (!isRight) throw bodyError(`${path}.children[${index}].${child.type}`, "not present", child.type);
  }
}

/** Tables and column lists are made whole. */
function checkWhole({ type, content, children }: NewBlock, path: string): void {
  if (type === "table") {
    if (children.length === 0) throw bodyError(`${path}.children`, "defined", undefined);
    for (const row of children) checkCells(row.content, content);
  }
  if (type === "column_list" && children.length < 2)
    throw validationError(
      `body failed validation: ${path}.children.length should be ≥ \`2\`, instead was \`${children.length}\`.`,
    );
}

/** A row has as many cells as its table is wide. */
function checkCells(row: JsonObject, table: JsonObject): void {
  const count = Array.isArray(row.cells) ? row.cells.length : 0;
  if (count !== table.table_width)
    throw validationError("Number of cells in table row must match the table width of the parent table");
}

function countBlocks(blocks: readonly NewBlock[]): number {
  return blocks.reduce((count, block) => count + 1 + countBlocks(block.children), 0);
}

/** Where new children go: at the end, at the start, or after a child. */
export type Position = { readonly type: "end" | "start" } | { readonly type: "after"; readonly id: string };

/** Refuses blocks that cannot be appended to this page or block; null: to a page that is yet to be made. */
export function checkAppend(state: State, parent: Page | Block | null, blocks: readonly NewBlock[]): void {
  for (const block of blocks) {
    if (isObject(block.content.synced_from)) checkSource(state, block.content.synced_from);
  }
  const none: JsonObject = {};
  const { type, content } = parent?.object === "block" ? parent : { type: "page", content: none };
  const { inside } = blockTypes[type] ?? {};
  const isClosed =
    isObject(content.synced_from) || (type.startsWith("heading") && content.is_toggleable !== true);
  if (inside?.length === 0 || isClosed || (parent?.object === "block" && blockTypes[type] === undefined))
    throw validationError("Block does not support children.");
  checkInside({ type, content, children: [] }, blocks, "body");
}

/** A copy needs a synced block to follow. */
function checkSource(state: State, source: JsonObject): void {
  const original = state.blocks.get(String(source.block_id));
  if (original?.type !== "synced_block" || isObject(original.content.synced_from))
    throw validationError(`Could not find an original synced block with ID: ${String(source.block_id)}.`);
}

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
  if (parent.object === "block" && parent.type === "table")
    for (const row of blocks) checkCells(row.content, parent.content);
  const at = insertionIndex(parent.children, position);
  const made = blocks.map((block) => createBlock(state, block, { parent, actor }));
  const ids = made.map((block) => block.id);
  parent.children = [...parent.children.slice(0, at), ...ids, ...parent.children.slice(at)];
  return made;
}

export function insertionIndex(children: readonly string[], position: Position): number {
  if (position.type !== "after") return position.type === "start" ? 0 : children.length;
  const index = children.indexOf(position.id);
  if (index === -1)
    throw validationError(
      `Block to append children after, with ID: ${position.id}, is not a child of the parent block.`,
    );
  return index + 1;
}

export function createBlock(
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
  keepUploads(state, made.content);
  made.children = block.children.map((child) => createBlock(state, child, { parent: made, actor }).id);
  return made;
}

/** Changes a block's content. Its type cannot change. */
export function updateBlock(state: State, block: Block, body: JsonObject): void {
  const named = Object.keys(blockTypes).find((type) => body[type] !== undefined);
  if (named === undefined) return;
  if (named !== block.type)
    throw validationError(`Cannot change the type of a block from ${block.type} to ${named}.`);
  const written = objectAt(body[named], `body.${named}`);
  const place = { path: `body.${named}`, state };
  const content = changedContent(named, { before: block.content, written }, place);
  const table = block.parent.type === "block_id" ? state.blocks.get(block.parent.id) : undefined;
  if (table?.type === "table") checkCells(content, table.content);
  block.content = content;
  keepUploads(state, content);
}
