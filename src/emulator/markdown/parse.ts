import { type JsonObject, stringOr } from "../json.ts";
import { languages } from "../operations/languages.ts";
import type { State } from "../state/state.ts";
import { keptUrl } from "../values/files.ts";
import { type Attributes, colorFromMarkdown, parseAttributes } from "./attributes.ts";
import { parseInline } from "./inline.ts";
import { depthMax, type Level } from "./level.ts";
import { type Line, Lines } from "./lines.ts";
import type { MarkdownNode } from "./node.ts";
import { parseHtmlTable, parsePipeTable } from "./tables.ts";
import { parseTag } from "./tags.ts";

/** Enhanced Markdown as blocks. Every line is a block of its own; empty lines count for nothing. */
export function parseMarkdown(markdown: string, state: State): MarkdownNode[] {
  return parseLevel(new Lines(markdown), { state, depth: 0, indent: -1, end: null });
}

function parseLevel(lines: Lines, level: Level): MarkdownNode[] {
  const nodes: MarkdownNode[] = [];
  for (let line = lines.peek(); line !== null; line = lines.peek()) {
    if (level.end !== null && line.text === level.end) {
      lines.next();
      break;
    }
    if (level.end === null && line.indent <= level.indent) break;
    lines.next();
    if (line.text !== "") nodes.push(...parseBlock(line, lines, level));
  }
  return nodes;
}

function parseBlock(line: Line, lines: Lines, level: Level): MarkdownNode[] {
  const { state } = level;
  const whole =
    parseFence(line, lines) ??
    parseEquation(line, lines) ??
    parsePipeTable(line, lines, state) ??
    parseHtmlTable(line, lines, state) ??
    parseTag(line, { lines, level, parseLevel });
  if (whole !== null) return [whole];
  const { type, content } = parseLine(line.text, state);
  const isDeep = level.depth >= depthMax;
  const next = lines.peekFilled();
  const isClosing = level.end !== null && next?.text === level.end;
  const children =
    isDeep || isClosing || next === null || next.indent <= line.indent
      ? []
      : parseLevel(lines, { ...level, depth: level.depth + 1, indent: line.indent, end: null });
  const node = (inside: readonly MarkdownNode[]): MarkdownNode => ({
    type,
    content,
    children: inside,
    id: null,
  });
  // Headings hold nothing unless they can be folded: what is indented under them follows them.
  return canHold(type, content) ? [node(children)] : [node([]), ...children];
}

function canHold(type: string, content: JsonObject): boolean {
  if (type.startsWith("heading")) return content.is_toggleable === true;
  return type !== "divider" && type !== "image";
}

/** Blocks that take one line. */
function parseLine(text: string, state: State): { readonly type: string; readonly content: JsonObject } {
  if (/^(-{3,}|\*{3,}|_{3,})$/.test(text)) return { type: "divider", content: {} };
  const image = /^!\[((?:[^\]\\]|\\.)*)\]\(([^)\s]*)\)(?:\s*\{[^}]*\})?$/.exec(text);
  if (image !== null) {
    const caption = parseInline(image[1] ?? "", state);
    return { type: "image", content: { caption, ...keptUrl(image[2] ?? "", state) } };
  }
  const { core, attributes } = splitAttributes(text);
  const color = colorFromMarkdown(attributes.get("color"));
  for (const [pattern, type, more] of starts) {
    const match = pattern.exec(core);
    if (match === null) continue;
    const rich_text = parseInline(core.slice(match[0].length), state);
    const level = type === "heading" ? `heading_${Math.min(4, (match[1] ?? "").length)}` : type;
    const isToggle = attributes.get("toggle") === "true";
    const flags = type === "heading" ? { is_toggleable: isToggle } : more(match);
    return { type: level, content: { rich_text, ...flags, color } };
  }
  if (core === "<empty-block/>") return { type: "paragraph", content: { rich_text: [], color } };
  return { type: "paragraph", content: { rich_text: parseInline(core, state), color } };
}

/** A line without the attribute list at its end. */
function splitAttributes(text: string): { readonly core: string; readonly attributes: Attributes } {
  const at = text.endsWith("}") ? text.lastIndexOf("{") : -1;
  const list = at === -1 ? "" : text.slice(at + 1, -1);
  if (!/^(?:\s*[\w-]+="[^"]*")+\s*$/.test(list)) return { core: text, attributes: new Map() };
  return { core: text.slice(0, at).trimEnd(), attributes: parseAttributes(list) };
}

const none = (): JsonObject => ({});

/** How a line of each type begins. */
const starts: readonly (readonly [RegExp, string, (match: RegExpExecArray) => JsonObject])[] = [
  [/^(#{1,6})\s+/, "heading", none],
  [/^[-*+]\s+\[([ xX])\](?:\s+|$)/, "to_do", (match) => ({ checked: (match[1] ?? " ") !== " " })],
  [/^[-*+](?:\s+|$)/, "bulleted_list_item", none],
  [/^\d+[.)](?:\s+|$)/, "numbered_list_item", none],
  [/^>(?:\s+|$)/, "quote", none],
];

function parseFence(line: Line, lines: Lines): MarkdownNode | null {
  const open = /^(`{3,}|~{3,})\s*([^`]*)$/.exec(line.text);
  if (open === null) return null;
  const fence = open[1] ?? "";
  const code = lines.rawUntil((text) => text === fence, line.indent);
  const language = stringOr(
    languages.find((each) => each === (open[2] ?? "").trim().toLowerCase()),
    "plain text",
  );
  return {
    type: "code",
    content: { rich_text: literal(code.join("\n")), language },
    children: [],
    id: null,
  };
}

function parseEquation(line: Line, lines: Lines): MarkdownNode | null {
  if (line.text !== "$$") return null;
  const expression = lines.rawUntil((text) => text === "$$", line.indent).join("\n");
  return { type: "equation", content: { expression }, children: [], id: null };
}

/** Text as it stands, without any formatting. */
function literal(content: string): JsonObject[] {
  if (content === "") return [];
  const annotations = {
    bold: false,
    italic: false,
    strikethrough: false,
    underline: false,
    code: false,
    color: "default",
  };
  const text = { content, link: null };
  return [{ type: "text", text, annotations, plain_text: content, href: null }];
}
