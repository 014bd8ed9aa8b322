import { isUtf8 } from "node:buffer";
import { CsvError, parse } from "csv-parse/sync";

/** One record of a delimited file, or the first line of what is none. */
export type DelimitedRow =
  | { readonly line: number; readonly cells: readonly string[] }
  | { readonly line: number; readonly expected: string; readonly got: string };

/** As much is parsed at a time: a broken record costs another look at what follows it in the block. */
const BLOCK_BYTES = 64 * 1024;
/** No record is longer; a quote that stays open for so long was never meant to be one. */
const RECORD_BYTES_MAX = 256 * 1024;
const NEWLINE = 10;

/**
 * Parses UTF-8 text with a header (quotes doubled inside quotes, any line ending), record by record. The first record
 * gives the number of columns. A record that is broken (a quote that never closes or stands where none may, too few or too
 * many cells) loses its first line only, and reading goes on with the next line.
 */
export async function* parseDelimited(
  chunks: AsyncIterable<Uint8Array>,
  options: { readonly delimiter: string },
): AsyncGenerator<DelimitedRow> {
  const reader = new BlockReader(options.delimiter);
  for await (const chunk of chunks) {
    for (let from = 0; from < chunk.length; from += BLOCK_BYTES) {
      yield* reader.read(chunk.subarray(from, from + BLOCK_BYTES), false);
    }
  }
  yield* reader.read(new Uint8Array(), true);
}

interface Parsed {
  readonly cells: readonly string[];
  /** Offsets in the block. */
  readonly start: number;
  readonly end: number;
}

class BlockReader {
  private readonly delimiter: string;
  private held: Buffer = Buffer.alloc(0);
  private line = 1;
  private width: number | null = null;

  constructor(delimiter: string) {
    this.delimiter = delimiter;
  }

  *read(chunk: Uint8Array, isLast: boolean): Generator<DelimitedRow> {
    this.held = Buffer.concat([this.held, chunk]);
    const cut = isLast ? this.held.length : this.held.lastIndexOf(NEWLINE) + 1;
    let block = this.held.subarray(0, cut);
    const rest = this.held.subarray(cut);
    while (block.length > 0) {
      const { rows, error } = parseBlock(block, this.delimiter);
      const taken = yield* this.take(block, rows);
      block = block.subarray(taken.offset);
      if (taken.isWhole && error === null) break;
      if (!taken.isWhole) continue;
      block = this.skipBlankLines(block);
      const isOpen = error === "CSV_QUOTE_NOT_CLOSED" && !isLast && block.length < RECORD_BYTES_MAX;
      if (isOpen) break;
      yield this.dropLine(block, brokenBy(error));
      block = afterFirstLine(block);
    }
    this.held = Buffer.concat([block, rest]);
  }

  /** Yields the records of a block until one that is not as wide as the header over several lines: there it stops. */
  private *take(
    block: Buffer,
    rows: readonly Parsed[],
  ): Generator<DelimitedRow, { readonly offset: number; readonly isWhole: boolean }> {
    const isText = isUtf8(block);
    let offset = 0;
    for (const { cells, start, end } of rows) {
      this.line += newlines(block, offset, start);
      offset = start;
      const trimmed = this.fit(cells);
      const height = newlines(block, start, end);
      const isBroken = trimmed === null || !(isText || trimmed.every((cell) => !cell.includes("\uFFFD")));
      if (!isBroken) yield { line: this.line, cells: trimmed };
      else if (trimmed !== null)
        yield { line: this.line, expected: "UTF-8 text", got: "bytes of another encoding" };
      else {
        yield { line: this.line, expected: `${this.width} columns`, got: `${cells.length}` };
        if (height > 1) {
          this.line += 1;
          return { offset: start + firstLineLength(block.subarray(start)), isWhole: false };
        }
      }
      this.line += height;
      offset = end;
    }
    return { offset, isWhole: true };
  }

  /** The cells when they are as many as the header has; more are fine when they are empty. null otherwise. */
  private fit(cells: readonly string[]): readonly string[] | null {
    this.width ??= cells.length;
    if (cells.length === this.width) return cells;
    if (cells.length < this.width) return null;
    return cells.slice(this.width).every((cell) => cell.trim() === "") ? cells.slice(0, this.width) : null;
  }

  private skipBlankLines(block: Buffer): Buffer {
    const start = skipNewlines(block, 0);
    this.line += newlines(block, 0, start);
    return block.subarray(start);
  }

  private dropLine(
    block: Buffer,
    problem: { readonly expected: string; readonly got: string },
  ): DelimitedRow {
    const dropped = { line: this.line, ...problem };
    this.line += newlines(block, 0, firstLineLength(block));
    return dropped;
  }
}

function parseBlock(
  block: Buffer,
  delimiter: string,
): { readonly rows: readonly Parsed[]; readonly error: string | null } {
  const rows: Parsed[] = [];
  let last = 0;
  try {
    parse(block, {
      delimiter,
      record_delimiter: ["\r\n", "\n", "\r"],
      relax_column_count: true,
      skip_empty_lines: true,
      max_record_size: 0,
      on_record: (cells, { bytes }) => {
        const start = skipNewlines(block, last);
        rows.push({ cells, start, end: bytes });
        last = bytes;
        return null;
      },
    });
    return { rows, error: null };
  } catch (error) {
    if (error instanceof CsvError) return { rows, error: error.code };
    throw error;
  }
}

function brokenBy(code: string | null): { readonly expected: string; readonly got: string } {
  if (code === "CSV_QUOTE_NOT_CLOSED") return { expected: "a closing quote", got: "a quote that stays open" };
  return { expected: 'quotes around a whole cell, doubled inside it ("")', got: "a quote in another place" };
}

function afterFirstLine(block: Buffer): Buffer {
  return block.subarray(firstLineLength(block));
}

function firstLineLength(block: Buffer): number {
  const at = block.indexOf(NEWLINE);
  return at < 0 ? block.length : at + 1;
}

function skipNewlines(block: Buffer, from: number): number {
  let at = from;
  while (block[at] === NEWLINE || block[at] === 13) at += 1;
  return at;
}

function newlines(block: Buffer, from: number, to: number): number {
  let count = 0;
  for (let at = block.indexOf(NEWLINE, from); at >= 0 && at < to; at = block.indexOf(NEWLINE, at + 1))
    count += 1;
  return count;
}
