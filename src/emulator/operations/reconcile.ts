import { isReference, type MarkdownNode, type NodeLimits, nodesIn } from "../markdown/node.ts";
import { markdownKey } from "../markdown/render.ts";
import { type Block, type Database, findEntity, type Page, type State } from "../state/state.ts";
import { blockTypes, mergedContent } from "./block-types.ts";
import { createBlock } from "./blocks.ts";
import { type Actor, removeChild } from "./pages.ts";
import { setTrashed } from "./tell.ts";

type Child = Block | Page | Database;

interface Context {
  readonly state: State;
  readonly actor: Actor;
  /** Everything the new text names: it is kept, wherever it stands. */
  readonly named: ReadonlySet<string>;
  readonly limits: NodeLimits;
}

/**
 * Makes the inside of a page or block what the nodes say. Blocks that are the same keep their ids, and so do blocks of
 * the same type in the place of one another, which get the new content; the others are made or go to the trash.
 */
export function reconcile(parent: Page | Block, wanted: readonly MarkdownNode[], context: Context): void {
  const existing = nodesIn(context.state, parent, context.limits);
  const pairs = pair(existing, wanted);
  const kept = new Set([...pairs.values()].map((node) => node.id));
  const ids = wanted.map((node) => place(parent, { node, old: pairs.get(node) }, context));
  const stay = new Set(ids);
  for (const old of existing) {
    const child =
      old.id === null || kept.has(old.id) || stay.has(old.id) ? null : childAt(context.state, old.id);
    if (child === null || context.named.has(child.id)) continue;
    child.editedAt = context.actor.at;
    child.editedBy = context.actor.userId;
    setTrashed(context.state, child, { inTrash: true, actor: context.actor });
  }
  // What went to the trash stays in its parent, unlisted, so that it can be restored there.
  parent.children = [
    ...ids,
    ...parent.children.filter((id) => !stay.has(id) && isHere(id, parent, context.state)),
  ];
}

function childAt(state: State, id: string): Child | null {
  const entity = findEntity(state, id);
  return entity === null || entity.object === "data_source" ? null : entity;
}

function isHere(id: string, parent: Page | Block, state: State): boolean {
  const child = childAt(state, id);
  return child !== null && child.parent.type !== "workspace" && child.parent.id === parent.id;
}

/** Puts one wanted node into its parent and returns its id. */
function place(
  parent: Page | Block,
  { node, old }: { readonly node: MarkdownNode; readonly old: MarkdownNode | undefined },
  context: Context,
): string {
  const { state, actor } = context;
  if (isReference(node) && node.id !== null) return bring(parent, node.id, state);
  const block = old?.id === undefined || old.id === null ? undefined : state.blocks.get(old.id);
  if (block === undefined || old === undefined) {
    const { type } = node;
    const content = { ...blockTypes[type]?.defaults, ...node.content };
    const made = createBlock(state, { type, content, children: [] }, { parent, actor });
    reconcile(made, node.children, context);
    return made.id;
  }
  if (markdownKey(old) === markdownKey(node)) return block.id;
  if (markdownKey({ ...old, children: [] }) !== markdownKey({ ...node, children: [] })) {
    block.content = mergedContent(block.content, node.content);
    block.editedAt = actor.at;
    block.editedBy = actor.userId;
  }
  const isCopy = block.type === "synced_block" && block.content.synced_from !== null;
  if (!isCopy) reconcile(block, node.children, context);
  return block.id;
}

/** Something that exists stands here now. */
function bring(parent: Page | Block, id: string, state: State): string {
  const child = childAt(state, id);
  if (child === null || isHere(id, parent, state)) return id;
  removeChild(state, child);
  child.parent = { type: parent.object === "page" ? "page_id" : "block_id", id: parent.id };
  return id;
}

/** For each wanted node the existing one it continues: equal ones in order, and between them those of the same type. */
function pair(
  existing: readonly MarkdownNode[],
  wanted: readonly MarkdownNode[],
): Map<MarkdownNode, MarkdownNode> {
  // Keys are not cheap: what is made anew needs none.
  if (existing.length === 0) return new Map();
  const places = new Map<string, number[]>();
  for (const [index, node] of existing.entries()) {
    const key = markdownKey(node);
    const list = places.get(key);
    if (list === undefined) places.set(key, [index]);
    else list.push(index);
  }
  const pairs = new Map<MarkdownNode, MarkdownNode>();
  let last = -1;
  let gap: MarkdownNode[] = [];
  for (const node of wanted) {
    const list = places.get(markdownKey(node)) ?? [];
    while (list.length > 0 && (list[0] ?? 0) <= last) list.shift();
    const index = list.shift();
    const match = index === undefined ? undefined : existing[index];
    if (index === undefined || match === undefined) {
      gap.push(node);
      continue;
    }
    pairByType(existing.slice(last + 1, index), gap, pairs);
    pairs.set(node, match);
    last = index;
    gap = [];
  }
  pairByType(existing.slice(last + 1), gap, pairs);
  return pairs;
}

function pairByType(
  existing: readonly MarkdownNode[],
  wanted: readonly MarkdownNode[],
  pairs: Map<MarkdownNode, MarkdownNode>,
): void {
  const free = existing.filter((node) => !isReference(node));
  let from = 0;
  for (const node of wanted) {
    if (isReference(node)) continue;
    let index = from;
    while (index < free.length && free[index]?.type !== node.type) index++;
    const old = free[index];
    if (old === undefined) continue;
    pairs.set(node, old);
    from = index + 1;
  }
}
