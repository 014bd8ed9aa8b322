import type { Json } from "../core/json.ts";
import type { Painter } from "./paint.ts";
import { manyLines } from "./table.ts";

/** Longer texts are shown as replaced whole: the comparison takes time and space by the product of both lengths. */
const piecesMax = 2000;
/** Unchanged lines shown around a change. */
const contextLines = 2;

interface Piece {
  readonly kind: "same" | "removed" | "added";
  readonly text: string;
}

/** A change of one value, indented: word by word when both fit on a line, line by line otherwise. */
export function changeLines(from: Json, to: Json, paint: Painter): readonly string[] {
  const [before, after] = [textLines(from), textLines(to)];
  const [line = "", ...more] = before;
  const [newLine = "", ...newMore] = after;
  const isText = typeof from === "string" && typeof to === "string";
  if (isText && more.length === 0 && newMore.length === 0) return [`  ${wordDiff(line, newLine, paint)}`];
  return lineDiff(before, after, paint);
}

/** Removed words in [-…-] and added ones in {+…+}, so that it reads without colours too. */
function wordDiff(from: string, to: string, paint: Painter): string {
  const pieces = compare(from.split(/(\s+)/), to.split(/(\s+)/));
  return pieces
    .map(({ kind, text }) => {
      if (kind === "same") return text;
      return kind === "removed" ? paint("red", `[-${text}-]`) : paint("green", `{+${text}+}`);
    })
    .join("");
}

function lineDiff(from: readonly string[], to: readonly string[], paint: Painter): readonly string[] {
  const pieces = compareEach(from, to);
  const isNear = pieces.map((_, index) =>
    pieces
      .slice(Math.max(0, index - contextLines), index + contextLines + 1)
      .some(({ kind }) => kind !== "same"),
  );
  return pieces.flatMap(({ kind, text }, index) => {
    if (kind === "removed") return [paint("red", `  - ${text}`)];
    if (kind === "added") return [paint("green", `  + ${text}`)];
    if (isNear[index] === true) return [`    ${text}`];
    return isNear[index - 1] === true ? ["    …"] : [];
  });
}

/** Nothing has no lines; an empty text has one. */
function textLines(value: Json): readonly string[] {
  if (value === null) return [];
  return manyLines(typeof value === "string" ? value : JSON.stringify(value, null, 2));
}

/** Neighbours of the same kind joined, so that a changed phrase reads as one. */
function compare(from: readonly string[], to: readonly string[]): readonly Piece[] {
  const joined: Piece[] = [];
  for (const piece of compareEach(from, to)) {
    const last = joined.at(-1);
    if (last?.kind === piece.kind)
      joined[joined.length - 1] = { kind: piece.kind, text: last.text + piece.text };
    else joined.push(piece);
  }
  return joined.filter(({ text }) => text !== "");
}

/** The longest common subsequence of both lists, with what is only in one of them in between. */
function compareEach(from: readonly string[], to: readonly string[]): readonly Piece[] {
  const removed = from.map((text): Piece => ({ kind: "removed", text }));
  const added = to.map((text): Piece => ({ kind: "added", text }));
  if (from.length > piecesMax || to.length > piecesMax) return [...removed, ...added];
  const lengths = commonLengths(from, to);
  const pieces: Piece[] = [];
  let [row, column] = [0, 0];
  while (row < from.length || column < to.length) {
    const [gone, come] = [removed[row], added[column]];
    if (gone !== undefined && come !== undefined && gone.text === come.text) {
      pieces.push({ kind: "same", text: gone.text });
      row += 1;
      column += 1;
    } else if (
      gone !== undefined &&
      (come === undefined || at(lengths, row + 1, column) >= at(lengths, row, column + 1))
    ) {
      pieces.push(gone);
      row += 1;
    } else if (come !== undefined) {
      pieces.push(come);
      column += 1;
    }
  }
  return pieces;
}

/** At [i][j]: how much the rests from i and from j have in common. */
function commonLengths(from: readonly string[], to: readonly string[]): readonly Uint16Array[] {
  const lengths = Array.from({ length: from.length + 1 }, () => new Uint16Array(to.length + 1));
  for (let row = from.length - 1; row >= 0; row -= 1) {
    const current = lengths[row];
    for (let column = to.length - 1; column >= 0 && current !== undefined; column -= 1) {
      current[column] =
        from[row] === to[column]
          ? at(lengths, row + 1, column + 1) + 1
          : Math.max(at(lengths, row + 1, column), at(lengths, row, column + 1));
    }
  }
  return lengths;
}

function at(lengths: readonly Uint16Array[], row: number, column: number): number {
  return lengths[row]?.[column] ?? 0;
}
