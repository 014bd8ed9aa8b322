import { type JsonObject, stringOr } from "../json.ts";
import { type Block, childIds, type Database, findEntity, type Page, type State } from "../state/state.ts";
import { plainText } from "../values/rich-text.ts";

/** A block as Markdown sees it: one of the workspace, or one that a text describes. */
export interface MarkdownNode {
  readonly type: string;
  readonly content: JsonObject;
  readonly children: readonly MarkdownNode[];
  /** The block, page or database this is; null for one that is yet to be made. */
  readonly id: string | null;
}

/** The type of nodes that stand for something Markdown cannot spell, named by its id. */
export const unknownType = "unknown";

/** Blocks that Markdown has words for. */
export const spelledTypes = new Set([
  "paragraph",
  "heading_1",
  "heading_2",
  "heading_3",
  "heading_4",
  "bulleted_list_item",
  "numbered_list_item",
  "to_do",
  "quote",
  "toggle",
  "callout",
  "code",
  "equation",
  "divider",
  "table",
  "table_row",
  "column_list",
  "column",
  "image",
  "video",
  "audio",
  "pdf",
  "file",
  "table_of_contents",
  "synced_block",
  "meeting_notes",
  "child_page",
  "child_database",
]);

export interface NodeLimits {
  /** Whether whoever reads may see it; what is hidden becomes unknown. */
  readonly isVisible: (entity: Block | Page | Database) => boolean;
  /** How many blocks may still be read; counted down. */
  left: number;
  isTruncated: boolean;
}

/** The blocks inside a page or block, as nodes. */
export function nodesIn(state: State, parent: Page | Block, limits: NodeLimits): MarkdownNode[] {
  const nodes: MarkdownNode[] = [];
  for (const id of childIds(state, parent)) {
    const child = findEntity(state, id);
    if (child === null || child.object === "data_source" || child.inTrash) continue;
    nodes.push(nodeOf(state, child, limits));
  }
  return nodes;
}

export function nodeOf(state: State, entity: Block | Page | Database, limits: NodeLimits): MarkdownNode {
  const { id } = entity;
  limits.left--;
  if (limits.left < 0) limits.isTruncated = true;
  if (entity.object === "page")
    return { type: "child_page", id, content: { title: plainText(entity.values.title) }, children: [] };
  if (entity.object === "database") {
    const content = { title: plainText(entity.title), is_inline: entity.isInline };
    return { type: "child_database", id, content, children: [] };
  }
  const isSpelled = spelledTypes.has(entity.type) && limits.isVisible(entity) && limits.left >= 0;
  if (!isSpelled) return { type: unknownType, id, content: { alt: entity.type }, children: [] };
  return { type: entity.type, id, content: entity.content, children: nodesIn(state, entity, limits) };
}

/** Whether a node names something that exists, so that a text with it keeps that thing. */
export function isReference(node: MarkdownNode): boolean {
  return node.id !== null && ["child_page", "child_database", unknownType].includes(node.type);
}

/** A node's title or kind, for messages. */
export function nodeLabel(node: MarkdownNode): string {
  return stringOr(node.content.title, "") || "Untitled";
}
