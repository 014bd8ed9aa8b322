import { validationError } from "../http/errors.ts";
import {
  isReference,
  type MarkdownNode,
  type NodeLimits,
  nodeLabel,
  nodesIn,
  unknownType,
} from "../markdown/node.ts";
import { parseMarkdown } from "../markdown/parse.ts";
import { renderMarkdown } from "../markdown/render.ts";
import type { Block, Page, State } from "../state/state.ts";
import type { Actor } from "./pages.ts";
import { reconcile } from "./reconcile.ts";
import { tellContent } from "./tell.ts";

/** Blocks of one answer; what lies beyond is named by its id. */
export const markdownBlocksMax = 20_000;

export interface MarkdownText {
  readonly markdown: string;
  readonly isTruncated: boolean;
  readonly unknownIds: readonly string[];
}

/** What stands in a page or block, as Markdown. */
export function readMarkdown(
  state: State,
  parent: Page | Block,
  { isVisible, blocksMax }: { readonly isVisible: NodeLimits["isVisible"]; readonly blocksMax: number },
): MarkdownText {
  const limits: NodeLimits = { isVisible, left: blocksMax, isTruncated: false };
  const nodes = nodesIn(state, parent, limits);
  return {
    markdown: renderMarkdown(nodes, state, parent.id),
    isTruncated: limits.isTruncated,
    unknownIds: referencesIn(nodes)
      .filter(({ type }) => type === unknownType)
      .map(({ id }) => id ?? ""),
  };
}

function referencesIn(nodes: readonly MarkdownNode[]): MarkdownNode[] {
  return nodes.flatMap((node) => (isReference(node) ? [node] : referencesIn(node.children)));
}

/** Replaces what stands in a page by a text, keeping what is the same. Child pages are lost only when that is allowed. */
export function writeMarkdown(
  state: State,
  page: Page,
  {
    markdown,
    isVisible,
    mayDelete,
    actor,
  }: {
    readonly markdown: string;
    readonly isVisible: NodeLimits["isVisible"];
    readonly mayDelete: boolean;
    readonly actor: Actor;
  },
): void {
  const limits: NodeLimits = { isVisible, left: Number.POSITIVE_INFINITY, isTruncated: false };
  const present = referencesIn(nodesIn(state, page, limits));
  const own = new Map(present.map((node) => [node.id, node]));
  const wanted = withoutStrangers(parseMarkdown(markdown, state), new Set(own.keys()));
  const named = new Set(referencesIn(wanted).map(({ id }) => id ?? ""));
  const lost = present.filter(({ id, type }) => type !== unknownType && !named.has(id ?? ""));
  if (lost.length > 0 && !mayDelete) {
    const list = lost.map((node) => `${nodeLabel(node)} (${node.id})`).join(", ");
    throw validationError(
      `This operation would delete ${lost.length} child page(s) or database(s): ${list}. Set allow_deleting_content to true to delete them.`,
    );
  }
  reconcile(page, wanted, { state, actor, named, limits });
  tellContent(state, page, { changed: [page], actor });
}

/** What a text names but the page does not hold becomes a mention: naming something does not move it here. */
function withoutStrangers(
  nodes: readonly MarkdownNode[],
  own: ReadonlySet<string | null>,
  seen = new Set<string | null>(),
): MarkdownNode[] {
  return nodes.flatMap((node): MarkdownNode[] => {
    if (!isReference(node)) return [{ ...node, children: withoutStrangers(node.children, own, seen) }];
    if (own.has(node.id) && !seen.has(node.id)) {
      seen.add(node.id);
      return [node];
    }
    return node.type === unknownType ? [] : [mentionOf(node)];
  });
}

function mentionOf({ id, type, content }: MarkdownNode): MarkdownNode {
  const kind = type === "child_page" ? "page" : "database";
  const annotations = {
    bold: false,
    italic: false,
    strikethrough: false,
    underline: false,
    code: false,
    color: "default",
  };
  const item = {
    type: "mention",
    mention: { type: kind, [kind]: { id } },
    annotations,
    plain_text: content.title ?? "",
    href: `https://app.notion.com/p/${(id ?? "").replaceAll("-", "")}`,
  };
  return { type: "paragraph", content: { rich_text: [item], color: "default" }, children: [], id: null };
}

/** Where a selection stands: given whole, or by its start and its end with `...` between. */
function select(text: string, selection: string): { readonly from: number; readonly to: number } {
  const wanted = selection.replace(/^\n+|\n+$/g, "");
  const from = wanted === "" ? -1 : text.indexOf(wanted);
  if (from !== -1) return { from, to: from + wanted.length };
  const [start = "", ...rest] = wanted.split("...");
  const end = rest.join("...");
  const first = start === "" || end === "" ? -1 : text.indexOf(start);
  const last = first === -1 ? -1 : text.indexOf(end, first + start.length);
  if (last === -1)
    throw validationError(
      `The selection "${selection.slice(0, 100)}" does not match any content in the page.`,
    );
  return { from: first, to: last + end.length };
}

/** Puts new text after the block in which a selection ends, as deep as that. */
export function insertedAfter(text: string, selection: string, content: string): string {
  const { to } = select(text, selection);
  const lines = text.split("\n");
  let at = text.slice(0, to).split("\n").length - 1;
  const tabs = (line: string | undefined): number => /^\t*/.exec(line ?? "")?.[0].length ?? 0;
  const depth = tabs(lines[at]);
  while (at + 1 < lines.length && tabs(lines[at + 1]) > depth) at++;
  const added = content.split("\n").map((line) => "\t".repeat(depth) + line);
  return lines.toSpliced(at + 1, 0, ...added).join("\n");
}

export function withRange(text: string, selection: string, content: string): string {
  const { from, to } = select(text, selection);
  return text.slice(0, from) + content + text.slice(to);
}

export interface TextUpdate {
  readonly oldText: string;
  readonly newText: string;
  readonly isForAll: boolean;
}

/** Replaces texts one after the other; each must stand there, and only once unless it is meant for all places. */
export function withUpdates(text: string, updates: readonly TextUpdate[]): string {
  return updates.reduce((current, { oldText, newText, isForAll }) => {
    const count = oldText === "" ? 0 : current.split(oldText).length - 1;
    const shown = oldText.slice(0, 100);
    if (count === 0) throw validationError(`Could not find old_str in the page content: "${shown}".`);
    if (count > 1 && !isForAll)
      throw validationError(
        `old_str matches ${count} locations in the page content: "${shown}". Set replace_all_matches to true, or give more of the text around it.`,
      );
    return current.split(oldText).join(newText);
  }, text);
}
