import { isObject, type Json, type JsonObject, objectOr, stringOr } from "../json.ts";
import type { State } from "../state/state.ts";
import { renderFile } from "../values/files.ts";
import { colorToMarkdown, pageUrl, renderAttributes } from "./attributes.ts";
import { type MarkdownNode, unknownType } from "./node.ts";
import { renderInline } from "./render-inline.ts";

/** Blocks as enhanced Markdown: one line for each, tabs for what stands inside. */
export function renderMarkdown(nodes: readonly MarkdownNode[], state: State, pageId: string): string {
  return renderNodes(nodes, { pageId, showFile: (content) => renderFile(content, state) }).join("\n");
}

/** One block in a form that is the same for equal blocks, wherever they stand and whenever it is asked for. */
export function markdownKey(node: MarkdownNode): string {
  return renderNodes([node], { pageId: "", showFile: (content) => content }).join("\n");
}

interface Context {
  /** The page around, for links to blocks. */
  readonly pageId: string;
  readonly showFile: (content: JsonObject) => Json;
}

function renderNodes(nodes: readonly MarkdownNode[], context: Context): string[] {
  const lines: string[] = [];
  let number = 0;
  for (const node of nodes) {
    const start = node.content.list_start_index;
    number = node.type !== "numbered_list_item" ? 0 : number || (typeof start === "number" ? start - 1 : 0);
    if (node.type === "numbered_list_item") number++;
    lines.push(...renderNode(node, number, context));
  }
  return lines;
}

function renderNode(node: MarkdownNode, number: number, context: Context): string[] {
  const { content, type } = node;
  const inside = (): string[] => indented(renderNodes(node.children, context));
  const color = colorToMarkdown(content.color);
  const text = renderInline(content.rich_text);
  const line = (start: string): string[] => [start + text + attributeList({ color }), ...inside()];
  switch (type) {
    case "paragraph":
      if (text === "" && node.children.length === 0 && color === null) return ["<empty-block/>"];
      return line(text.startsWith("\\") ? "" : guard(text));
    case "bulleted_list_item":
      return line("- ");
    case "numbered_list_item":
      return line(`${number}. `);
    case "to_do":
      return line(content.checked === true ? "- [x] " : "- [ ] ");
    case "quote":
      return line("> ");
    case "heading_1":
    case "heading_2":
    case "heading_3":
    case "heading_4":
      return renderHeading(node, inside());
    case "toggle":
      return [
        `<details${renderAttributes({ color })}>`,
        `<summary>${text}</summary>`,
        ...inside(),
        "</details>",
      ];
    case "callout": {
      const icon = iconText(content.icon);
      const own = text === "" ? [] : [`\t${text}`];
      return [`<callout${renderAttributes({ icon, color })}>`, ...own, ...inside(), "</callout>"];
    }
    case "code":
      return renderCode(content);
    case "equation":
      return ["$$", ...stringOr(content.expression, "").split("\n"), "$$"];
    case "divider":
      return ["---"];
    case "table_of_contents":
      return [`<table_of_contents${renderAttributes({ color: color === "gray" ? null : color })}/>`];
    default:
      return renderTagged(node, inside, context);
  }
}

/** A backslash before what would be read as the start of another block. */
function guard(text: string): string {
  return /^(#{1,6} |[-+] |-{3,}$|\d+[.)] |!)/.test(text) ? "\\" : "";
}

function renderHeading(node: MarkdownNode, inside: readonly string[]): string[] {
  const { content, type } = node;
  const toggle = content.is_toggleable === true ? "true" : null;
  const attributes = attributeList({ toggle, color: colorToMarkdown(content.color) });
  const marks = "#".repeat(Number(type.slice(-1)));
  return [`${marks} ${renderInline(content.rich_text)}${attributes}`, ...inside];
}

/** ` {color="blue"}`, or nothing. */
function attributeList(attributes: { readonly [name: string]: string | null }): string {
  const list = renderAttributes(attributes);
  return list === "" ? "" : ` {${list.trim()}}`;
}

function renderCode(content: JsonObject): string[] {
  const text = plainOf(content.rich_text);
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map((run) => run[0].length));
  const fence = "`".repeat(longest + 1);
  return [fence + stringOr(content.language, "plain text"), ...text.split("\n"), fence];
}

function plainOf(items: Json | undefined): string {
  return (Array.isArray(items) ? items : []).map((item) => stringOr(objectOr(item).plain_text, "")).join("");
}

function iconText(icon: Json | undefined): string | null {
  if (!isObject(icon)) return null;
  const target = objectOr(icon[stringOr(icon.type, "")]);
  return (
    stringOr(icon.emoji, "") || (icon.type === "custom_emoji" ? `:${target.name}:` : stringOr(target.url, ""))
  );
}

function renderTagged(node: MarkdownNode, inside: () => string[], context: Context): string[] {
  const { content, type, id } = node;
  const url = (target: string): string => `${pageUrl(context.pageId)}#${target.replaceAll("-", "")}`;
  switch (type) {
    case "column_list":
      return ["<columns>", ...inside(), "</columns>"];
    case "column":
      return ["<column>", ...inside(), "</column>"];
    case "table":
      return renderTable(node);
    case "image":
      return [`![${renderInline(content.caption)}](${fileUrl(content, context)})`];
    case "audio":
    case "video":
    case "pdf":
    case "file":
      return [
        `<${type}${renderAttributes({ src: fileUrl(content, context) })}>${renderInline(content.caption)}</${type}>`,
      ];
    case "child_page":
      return [`<page${renderAttributes({ url: pageUrl(id ?? "") })}>${stringOr(content.title, "")}</page>`];
    case "child_database": {
      const inline = String(content.is_inline === true);
      const attributes = renderAttributes({ url: pageUrl(id ?? ""), inline });
      return [`<database${attributes}>${stringOr(content.title, "")}</database>`];
    }
    case "synced_block": {
      const source = content.synced_from;
      const tag = isObject(source) ? "synced_block_reference" : "synced_block";
      const target = isObject(source) ? stringOr(source.block_id, "") : id;
      return [
        `<${tag}${renderAttributes({ url: target === null ? null : url(target) })}>`,
        ...inside(),
        `</${tag}>`,
      ];
    }
    case "meeting_notes":
      return ["<meeting-notes>", `\t${renderInline(content.title)}`, ...inside(), "</meeting-notes>"];
    default: {
      const alt = type === unknownType ? stringOr(content.alt, type) : type;
      return [`<unknown${renderAttributes({ url: url(id ?? ""), alt })}/>`];
    }
  }
}

function fileUrl(content: JsonObject, { showFile }: Context): string {
  const shown = objectOr(showFile(content));
  return stringOr(objectOr(shown[stringOr(shown.type, "")]).url, "");
}

function renderTable({ content, children }: MarkdownNode): string[] {
  const yes = (flag: Json | undefined): string | null => (flag === true ? "true" : null);
  const attributes = renderAttributes({
    "header-row": yes(content.has_column_header),
    "header-column": yes(content.has_row_header),
  });
  const rows = children.flatMap((row) => {
    const cells = Array.isArray(row.content.cells) ? row.content.cells : [];
    return ["<tr>", ...cells.map((cell) => `\t<td>${renderInline(cell)}</td>`), "</tr>"];
  });
  return [`<table${attributes}>`, ...indented(rows), "</table>"];
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `\t${line}`);
}
