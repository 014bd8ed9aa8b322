import type { State } from "../state/state.ts";
import { parseAttributes } from "./attributes.ts";
import { parseInline } from "./inline.ts";
import type { Line, Lines } from "./lines.ts";
import type { MarkdownNode } from "./node.ts";

/** A table between `<table>` and `</table>`. */
export function parseHtmlTable(line: Line, lines: Lines, state: State): MarkdownNode | null {
  const open = /^<table((?:\s+[\w-]+="[^"]*")*)\s*>/.exec(line.text);
  if (open === null) return null;
  const attributes = parseAttributes(open[1] ?? "");
  const rest = line.text.slice(open[0].length);
  const body = rest.includes("</table>")
    ? rest
    : [rest, ...lines.rawUntil((text) => text.endsWith("</table>"), line.indent)].join("\n");
  const rows = between(body, "tr").map((row) => between(row, "t[dh]"));
  return tableOf(rows, {
    state,
    hasColumnHeader: attributes.get("header-row") === "true",
    hasRowHeader: attributes.get("header-column") === "true",
  });
}

/** What stands between the tags of a name, which is a pattern. */
function between(text: string, name: string): string[] {
  const parts = text.split(new RegExp(`<${name}(?:\\s[^<>]*)?>`)).slice(1);
  return parts.map((part) => (part.split(new RegExp(`</${name}>`))[0] ?? "").trim());
}

const separator = /^\|?(\s*:?-+:?\s*\|)*\s*:?-+:?\s*\|?$/;

/** A table of `|` and `-`; its first row is a header. */
export function parsePipeTable(line: Line, lines: Lines, state: State): MarkdownNode | null {
  const next = lines.peek();
  if (!line.text.startsWith("|") || next === null || !next.text.includes("-") || !separator.test(next.text))
    return null;
  lines.next();
  const rows = [cellsOf(line.text)];
  for (let row = lines.peek(); row?.text.startsWith("|"); row = lines.peek()) {
    rows.push(cellsOf(row.text));
    lines.next();
  }
  return tableOf(rows, { state, hasColumnHeader: true, hasRowHeader: false });
}

function cellsOf(text: string): string[] {
  const inner = text.replace(/^\|/, "").replace(/(?<!\\)\|$/, "");
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim());
}

/** Rows that are too short are filled up to the longest. */
function tableOf(
  rows: readonly (readonly string[])[],
  {
    state,
    hasColumnHeader,
    hasRowHeader,
  }: { readonly state: State; readonly hasColumnHeader: boolean; readonly hasRowHeader: boolean },
): MarkdownNode {
  const width = Math.max(1, ...rows.map((row) => row.length));
  const children = rows.map((row): MarkdownNode => {
    const cells = Array.from({ length: width }, (_, index) => parseInline(row[index] ?? "", state));
    return { type: "table_row", content: { cells }, children: [], id: null };
  });
  return {
    type: "table",
    content: { table_width: width, has_column_header: hasColumnHeader, has_row_header: hasRowHeader },
    children,
    id: null,
  };
}
