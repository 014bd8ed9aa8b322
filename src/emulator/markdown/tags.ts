import type { Json, JsonObject } from "../json.ts";
import type { State } from "../state/state.ts";
import { keptUrl, nameInUrl } from "../values/files.ts";
import { type Attributes, colorFromMarkdown, idInUrl, parseAttributes } from "./attributes.ts";
import { parseInline } from "./inline.ts";
import { depthMax, type Level } from "./level.ts";
import type { Line, Lines } from "./lines.ts";
import { type MarkdownNode, unknownType } from "./node.ts";

interface Tag {
  readonly name: string;
  readonly attributes: Attributes;
  /** What stands between the tags on the same line; null when the tag closes later or itself. */
  readonly text: string | null;
  readonly isSelfClosing: boolean;
}

interface Reading {
  readonly lines: Lines;
  readonly level: Level;
  /** Reads the blocks of a level, up to its end. */
  readonly parseLevel: (lines: Lines, level: Level) => MarkdownNode[];
}

/** Blocks spelled as tags; null for any other line. */
export function parseTag(line: Line, reading: Reading): MarkdownNode | null {
  const { lines, level } = reading;
  const tag = tagIn(line.text);
  if (tag === null || level.depth >= depthMax) return null;
  const { state } = level;
  const inside = (): MarkdownNode[] =>
    childrenOf(tag, { ...reading, level: { ...level, indent: line.indent } });
  const color = colorFromMarkdown(tag.attributes.get("color"));
  const node = (type: string, content: JsonObject, children: readonly MarkdownNode[] = []): MarkdownNode => ({
    type,
    content,
    children,
    id: null,
  });
  switch (tag.name) {
    case "details":
      return parseDetails(lines, { inside, state, color });
    case "callout":
      return parseCallout(tag, { children: inside(), state, color });
    case "columns":
      return node(
        "column_list",
        {},
        inside().filter(({ type }) => type === "column"),
      );
    case "column":
      return node("column", {}, inside());
    case "table_of_contents":
      return node("table_of_contents", { color: tag.attributes.has("color") ? color : "gray" });
    case "synced_block":
      return node("synced_block", { synced_from: null }, inside());
    case "synced_block_reference":
      return parseCopy(tag, inside);
    case "meeting-notes": {
      const [title, ...children] = tag.isSelfClosing ? [] : inside();
      return node(
        "meeting_notes",
        { title: title?.content.rich_text ?? [], status: "notes_ready" },
        children,
      );
    }
    default:
      return parseMedia(tag, state) ?? parseReference(tag);
  }
}

function tagIn(text: string): Tag | null {
  const open = /^<([a-z][\w-]*)((?:\s+[\w-]+="[^"]*")*)\s*(\/?)>/.exec(text);
  if (open === null) return null;
  const [start, name = "", list = "", slash] = open;
  const rest = text.slice(start.length);
  const close = `</${name}>`;
  const isWhole = rest.endsWith(close);
  const isSelfClosing = slash === "/";
  if (!isWhole && rest !== "") return null;
  return {
    name,
    attributes: parseAttributes(list),
    text: isWhole ? rest.slice(0, -close.length) : null,
    isSelfClosing,
  };
}

function childrenOf(tag: Tag, { lines, level, parseLevel }: Reading): MarkdownNode[] {
  if (tag.isSelfClosing) return [];
  if (tag.text === null)
    return parseLevel(lines, { ...level, depth: level.depth + 1, end: `</${tag.name}>` });
  const content = parseInline(tag.text.trim(), level.state);
  if (content.length === 0) return [];
  return [{ type: "paragraph", content: { rich_text: content, color: "default" }, children: [], id: null }];
}

function parseDetails(
  lines: Lines,
  {
    inside,
    state,
    color,
  }: { readonly inside: () => MarkdownNode[]; readonly state: State; readonly color: string },
): MarkdownNode {
  const summary = /^<summary>(.*)<\/summary>$/.exec(lines.peekFilled()?.text ?? "");
  if (summary !== null) {
    while (lines.peek()?.text === "") lines.next();
    lines.next();
  }
  const rich_text = parseInline(summary?.[1] ?? "", state);
  return { type: "toggle", content: { rich_text, color }, children: inside(), id: null };
}

/** The first line of text is the callout's own; the rest stands inside it. */
function parseCallout(
  { attributes }: Tag,
  {
    children,
    state,
    color,
  }: { readonly children: readonly MarkdownNode[]; readonly state: State; readonly color: string },
): MarkdownNode {
  const [first, ...rest] = children;
  const isOwn = first?.type === "paragraph" && first.children.length === 0;
  const content = {
    rich_text: isOwn ? (first.content.rich_text ?? []) : [],
    icon: iconOf(attributes.get("icon"), state),
    color,
  };
  return { type: "callout", content, children: isOwn ? rest : children, id: null };
}

function iconOf(icon: string | undefined, state: State): Json {
  if (icon === undefined || icon === "") return null;
  if (/^https?:/.test(icon)) return { type: "external", external: { url: icon } };
  const custom = [...state.customEmojis.values()].find(({ name }) => icon === `:${name}:`);
  return custom === undefined
    ? { type: "emoji", emoji: icon }
    : { type: "custom_emoji", custom_emoji: { id: custom.id, name: custom.name, url: custom.url } };
}

function parseCopy({ attributes }: Tag, inside: () => MarkdownNode[]): MarkdownNode | null {
  const block_id = idInUrl(attributes.get("url"));
  // What a copy shows belongs to the original: it is read over.
  inside();
  if (block_id === null) return null;
  return {
    type: "synced_block",
    content: { synced_from: { type: "block_id", block_id } },
    children: [],
    id: null,
  };
}

const mediaTags = ["audio", "video", "pdf", "file"];

function parseMedia({ name, attributes, text }: Tag, state: State): MarkdownNode | null {
  const url = attributes.get("src");
  if (!mediaTags.includes(name) || url === undefined) return null;
  const named = name === "file" ? { name: nameInUrl(url) } : {};
  const content = { caption: parseInline(text ?? "", state), ...keptUrl(url, state), ...named };
  return { type: name, content, children: [], id: null };
}

const referenceTypes: { readonly [tag: string]: string } = {
  page: "child_page",
  database: "child_database",
  unknown: unknownType,
};

function parseReference({ name, attributes, text }: Tag): MarkdownNode | null {
  const type = Object.hasOwn(referenceTypes, name) ? referenceTypes[name] : undefined;
  const id = idInUrl(attributes.get("url"));
  if (type === undefined || id === null) return null;
  const content = type === unknownType ? { alt: attributes.get("alt") ?? "" } : { title: text ?? "" };
  return { type, content, children: [], id };
}
