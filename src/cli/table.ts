/** Characters that move the cursor, switch colours or reorder text: never from outside onto a terminal. */
const unprintable = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu;

/** A text from outside on one line, safe to print, at most `lengthMax` characters. */
export function oneLine(text: string, lengthMax = 60): string {
  const line = text.replace(unprintable, " ").trim();
  const characters = [...line];
  return characters.length > lengthMax ? `${characters.slice(0, lengthMax - 1).join("")}…` : line;
}

/** A text from outside with its line breaks, safe to print. */
export function manyLines(text: string): readonly string[] {
  return text.split(/\r\n|\n|\r/).map((line) => line.replace(unprintable, " "));
}

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string | number;
}

/** Plain aligned text: numbers to the right, two spaces between columns. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = rows.map((row) => columns.map(({ value }) => value(row)));
  const widths = columns.map(({ title }, index) =>
    Math.max(width(title), ...cells.map((line) => width(String(line[index])))),
  );
  const isRight = columns.map(
    (_, index) => cells.length > 0 && cells.every((line) => typeof line[index] === "number"),
  );
  const lines = [columns.map(({ title }) => title), ...cells].map((line) =>
    line
      .map((cell, index) => pad(String(cell), widths[index] ?? 0, isRight[index] === true))
      .join("  ")
      .trimEnd(),
  );
  return lines.join("\n");
}

function pad(text: string, to: number, isRight: boolean): string {
  const space = " ".repeat(Math.max(0, to - width(text)));
  return isRight ? space + text : text + space;
}

function width(text: string): number {
  return [...text].length;
}
