/** Where a row stands in its file. */
export interface RowPlace {
  /** The header is row 1, and lines without anything do not count. In JSON the first book is row 1. */
  readonly row: number;
  /** The line on which it begins, from 1. */
  readonly line: number;
}

/** What is wrong with a file, one of its rows or one value; the rest is read all the same. */
export interface ExportProblem {
  /** null: it concerns the whole file or column. */
  readonly row: number | null;
  readonly line: number | null;
  readonly column: string | null;
  readonly expected: string;
  readonly got: string;
  /** How much is left out because of it. */
  readonly lost: "file" | "row" | "value";
}

/** One line for people. */
export function showProblem({ row, line, column, expected, got }: ExportProblem): string {
  const where = [
    row === null ? null : `row ${row}`,
    line === null || line === row ? null : `line ${line}`,
    column === null ? null : `column "${column}"`,
  ].filter((each) => each !== null);
  return `${where.length === 0 ? "file" : where.join(", ")}: expected ${expected}, got ${got}`;
}

const GOT_MAX = 60;

/** A value as a message shows it. */
export function quote(value: string): string {
  const short = value.length > GOT_MAX ? `${value.slice(0, GOT_MAX)}…` : value;
  return value === "" ? "nothing" : JSON.stringify(short);
}
