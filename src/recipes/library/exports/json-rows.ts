import type { Json } from "../../../core/json.ts";

/** One object of a JSON list, or the reason why it is none. Rows count from 1. */
export type JsonRow =
  | { readonly row: number; readonly line: number; readonly value: Json }
  | { readonly row: number; readonly line: number; readonly expected: string; readonly got: string };

/** No book of an export is longer. */
const OBJECT_BYTES_MAX = 1024 * 1024;
const [QUOTE, BACKSLASH, NEWLINE] = [34, 92, 10];
const [OBJECT_OPEN, OBJECT_CLOSE, LIST_OPEN, LIST_CLOSE] = [123, 125, 91, 93];

/**
 * Reads the objects of a JSON list one by one, without holding the file: `[{…},{…}]`, or the first list of objects inside
 * an outer object. A broken object is reported and the next one read; one that never ends is taken to end where the next
 * one begins.
 */
export async function* readJsonRows(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<JsonRow> {
  const scanner = new ObjectScanner();
  for await (const chunk of chunks) yield* scanner.scan(Buffer.from(chunk));
  yield* scanner.end();
}

class ObjectScanner {
  /** The open brackets around the place we are at, the list of objects and what is around it. */
  private outer: number[] = [];
  private held: Buffer = Buffer.alloc(0);
  /** Depth inside the object that is being read; 0 between objects. */
  private depth = 0;
  private isInText = false;
  private isEscaped = false;
  private row = 0;
  private line = 1;
  private startLine = 1;

  *scan(chunk: Buffer): Generator<JsonRow> {
    let start = this.depth > 0 ? 0 : -1;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (byte === NEWLINE) this.line += 1;
      if (this.skipsText(byte)) continue;
      if (byte === QUOTE) this.isInText = true;
      else if (this.depth === 0) {
        if (this.opens(byte)) start = at;
      } else if (byte === OBJECT_OPEN || byte === LIST_OPEN) this.depth += 1;
      else if (byte === OBJECT_CLOSE || byte === LIST_CLOSE) {
        this.depth -= 1;
        if (this.depth > 0) continue;
        if (byte === LIST_CLOSE) {
          // The list ends inside the object: the object has lost its own end.
          this.held = Buffer.concat([this.held, chunk.subarray(start)]);
          yield* this.recover();
          return;
        }
        yield this.parse(Buffer.concat([this.held, chunk.subarray(start, at + 1)]));
        this.held = Buffer.alloc(0);
        start = -1;
      }
    }
    if (start < 0) return;
    this.held = Buffer.concat([this.held, chunk.subarray(start)]);
    if (this.held.length > OBJECT_BYTES_MAX) yield* this.recover();
  }

  *end(): Generator<JsonRow> {
    while (this.depth > 0) yield* this.recover();
  }

  /** Whether the byte belongs to a text, where brackets mean nothing. */
  private skipsText(byte: number | undefined): boolean {
    if (!this.isInText) return false;
    if (this.isEscaped) this.isEscaped = false;
    else if (byte === BACKSLASH) this.isEscaped = true;
    else if (byte === QUOTE) this.isInText = false;
    return true;
  }

  /** Between objects: follows the brackets, and says when an object of a list begins. */
  private opens(byte: number | undefined): boolean {
    if (byte === OBJECT_OPEN && this.outer.at(-1) === LIST_OPEN) {
      this.depth = 1;
      this.row += 1;
      this.startLine = this.line;
      return true;
    }
    if (byte === OBJECT_OPEN || byte === LIST_OPEN) this.outer.push(byte);
    if (byte === OBJECT_CLOSE || byte === LIST_CLOSE) this.outer.pop();
    return false;
  }

  private parse(bytes: Buffer): JsonRow {
    const place = { row: this.row, line: this.startLine };
    try {
      const value: Json = JSON.parse(bytes.toString("utf8"));
      return { ...place, value };
    } catch (error) {
      const got = error instanceof Error ? error.message.replace(/, ".*$/s, "") : "something else";
      return { ...place, expected: "a JSON object", got };
    }
  }

  /** The object we hold has no end. Gives it up, and starts again where the next object seems to begin. */
  private *recover(): Generator<JsonRow> {
    const { held } = this;
    yield { row: this.row, line: this.startLine, expected: "a JSON object", got: "one that does not end" };
    const at = nextObject(held);
    this.line = this.startLine;
    this.depth = 0;
    this.isInText = false;
    this.isEscaped = false;
    this.held = Buffer.alloc(0);
    if (at < 0) return;
    this.line += held.subarray(0, at).filter((byte) => byte === NEWLINE).length;
    yield* this.scan(held.subarray(at));
  }
}

/** Where the next object of the list begins: with the same key as this one does, and lists inside objects do not. */
function nextObject(held: Buffer): number {
  const text = held.toString("latin1");
  const key = /^\{\s*("(?:[^"\\]|\\.)*")\s*:/.exec(text)?.[1];
  if (key === undefined) return -1;
  const next = new RegExp(`\\{\\s*${RegExp.escape(key)}\\s*:`, "g");
  next.lastIndex = 1;
  return next.exec(text)?.index ?? -1;
}
