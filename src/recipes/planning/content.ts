import { forGitHub, forNotion, fromGitHub, fromNotion, type SafetyRules } from "./text-safety.ts";

/** The line on a page below which the text stands; made as a heading, and known however people dress it. */
const heading = "## GitHub issue";
const isHeading = /^(?:#{1,6}[ \t]+)?(?:\*\*)?GitHub issue(?:\*\*)?[ \t]*$/i;

/** A text that stands on the page once, and what takes its place. */
export interface TextChange {
  readonly from: string;
  readonly to: string;
}

/** How a page's Markdown has to be changed. */
export type ContentEdit =
  | { readonly kind: "none" }
  | { readonly kind: "append"; readonly text: string }
  /** One after the other. */
  | { readonly kind: "replace"; readonly changes: readonly TextChange[] }
  /** What would be replaced cannot be written again. */
  | { readonly kind: "blocked"; readonly what: string };

/** What stands below the line; null: there is no such line. */
export function contentIn(markdown: string): string | null {
  const lines = markdown.split("\n");
  const at = lines.findIndex((line) => isHeading.test(line));
  return at === -1
    ? null
    : lines
        .slice(at + 1)
        .join("\n")
        .trim();
}

/** A tag stands for a block that Markdown cannot say. */
const block = /<[a-z][^>]*>/i;

/** Changes the lines that differ, and no others: what stands beside them may be more than Markdown shows. */
export function contentEdit(markdown: string, wanted: string, rules: SafetyRules): ContentEdit {
  const lines = markdown.split("\n");
  const at = lines.findIndex((line) => isHeading.test(line));
  if (at === -1) return wanted === "" ? { kind: "none" } : { kind: "append", text: `${heading}\n${wanted}` };
  const before = lines.slice(at + 1, lastLine(lines, at) + 1);
  const after = wanted === "" ? [] : wanted.split("\n");
  const changes: TextChange[] = [];
  let [from, put] = [0, 0];
  // Blocks that cannot be written stand still: what lies between them is changed piece by piece.
  for (const [index, line] of [...before.entries(), [before.length, null] as const]) {
    if (line !== null && !block.test(line)) continue;
    const found = line === null ? after.length : after.indexOf(roundTrip(line, rules), put);
    if (found === -1) return { kind: "blocked", what: (line ?? "").slice(0, 100) };
    const piece = { lines: before.slice(from, index), at: at + 1 + from };
    const change = changeOf(lines, piece, { lines: after.slice(put, found), rules });
    if (change !== null) changes.push(change);
    [from, put] = [index + 1, found + 1];
  }
  // From the end on, so that what stands above is still as it was.
  return changes.length === 0 ? { kind: "none" } : { kind: "replace", changes: changes.toReversed() };
}

/** Without the lines that are the same at both ends; null: all of them are. */
function changeOf(
  whole: readonly string[],
  piece: { readonly lines: readonly string[]; readonly at: number },
  wanted: { readonly lines: readonly string[]; readonly rules: SafetyRules },
): TextChange | null {
  const [before, after] = [piece.lines, wanted.lines];
  const isSame = (line: string | undefined, other: string | undefined) =>
    line !== undefined && other !== undefined && roundTrip(line, wanted.rules) === other;
  let head = 0;
  while (isSame(before[head], after[head])) head += 1;
  let tail = 0;
  const rest = () => Math.min(before.length, after.length) - head - tail;
  while (rest() > 0 && isSame(before.at(-1 - tail), after.at(-1 - tail))) tail += 1;
  if (head === before.length && head === after.length) return null;
  const place = { from: piece.at + head, to: piece.at + before.length - tail };
  return placed(whole, place, after.slice(head, after.length - tail));
}

/** With as many lines above as it takes for the place to be the only one of its kind. One is always there. */
function placed(
  lines: readonly string[],
  { from, to }: { readonly from: number; readonly to: number },
  put: readonly string[],
): TextChange {
  const whole = lines.join("\n");
  for (let above = 1; ; above += 1) {
    const start = Math.max(0, from - above);
    const old = lines.slice(start, to).join("\n");
    if (whole.split(old).length === 2 || start === 0)
      return { from: old, to: [...lines.slice(start, from), ...put].join("\n") };
  }
}

function lastLine(lines: readonly string[], from: number): number {
  let last = lines.length - 1;
  while (last > from && lines[last]?.trim() === "") last -= 1;
  return last;
}

/** As the line comes back from GitHub when nobody touched it there. */
function roundTrip(line: string, rules: SafetyRules): string {
  return forNotion(fromGitHub(forGitHub(fromNotion(line, rules), rules), rules), rules);
}
