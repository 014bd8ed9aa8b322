/** Where a text stops being JSON, or repeats a key. Lines and columns count from 1. */
export interface JsonFlaw {
  readonly line: number;
  readonly column: number;
  readonly problem: string;
}

type Expected =
  | "a value"
  | "a value or ]"
  | "a key in double quotes"
  | "a key or }"
  | ":"
  | ", or }"
  | ", or ]"
  | "the end of the file";

interface Container {
  readonly kind: "object" | "array";
  readonly keys: Set<string>;
}

const blank = /[ \t\r\n]*/y;
const token =
  /("(?:[^"\\\p{Cc}]|[\u007f-\u009f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)|([{}[\],:])/uy;

/**
 * Finds what `JSON.parse` only half tells: the place of a syntax error, and keys written twice, of which it silently
 * keeps the last. Never quotes the text: it may hold what must not be printed. Null when the text is sound.
 */
export function findJsonFlaw(text: string): JsonFlaw | null {
  const stack: Container[] = [];
  let expected: Expected = "a value";
  let end = matchAt(blank, text, 0)?.[0].length ?? 0;
  while (end < text.length) {
    const match = matchAt(token, text, end);
    if (match === null)
      return flaw(text, end, `expected ${expected}, got ${strange(text.slice(end, end + 2))}`);
    const [, string, scalar, mark = ""] = match;
    const next = advance(
      expected,
      string === undefined ? (scalar === undefined ? mark : "scalar") : "string",
      stack,
    );
    if (next === null) return flaw(text, end, `expected ${expected}, got ${kindOf(string, mark)}`);
    if (string !== undefined && next === ":" && isRepeated(stack.at(-1), string)) {
      return flaw(text, end, "this key is written twice in the same object; only the last one would count");
    }
    expected = next;
    end += match[0].length;
    end += matchAt(blank, text, end)?.[0].length ?? 0;
  }
  return expected === "the end of the file"
    ? null
    : flaw(text, end, `expected ${expected}, got the end of the file`);
}

function matchAt(pattern: RegExp, text: string, index: number): RegExpExecArray | null {
  // A copy: a sticky pattern remembers where it stopped.
  const sticky = new RegExp(pattern);
  sticky.lastIndex = index;
  return sticky.exec(text);
}

/** What may follow once `kind` came where `expected` was; null when it may not come there. */
function advance(expected: Expected, kind: string, stack: Container[]): Expected | null {
  const takesValue = expected === "a value" || expected === "a value or ]";
  if (takesValue && (kind === "string" || kind === "scalar")) return afterValue(stack);
  if (takesValue && (kind === "{" || kind === "[")) {
    stack.push({ kind: kind === "{" ? "object" : "array", keys: new Set() });
    return kind === "{" ? "a key or }" : "a value or ]";
  }
  const closesArray = kind === "]" && (expected === "a value or ]" || expected === ", or ]");
  const closesObject = kind === "}" && (expected === "a key or }" || expected === ", or }");
  if (closesArray || closesObject) {
    stack.pop();
    return afterValue(stack);
  }
  if (kind === "string" && (expected === "a key or }" || expected === "a key in double quotes")) return ":";
  if (kind === ":" && expected === ":") return "a value";
  if (kind === "," && expected === ", or }") return "a key in double quotes";
  return kind === "," && expected === ", or ]" ? "a value" : null;
}

function afterValue(stack: readonly Container[]): Expected {
  const container = stack.at(-1);
  if (container === undefined) return "the end of the file";
  return container.kind === "object" ? ", or }" : ", or ]";
}

function isRepeated(container: Container | undefined, key: string): boolean {
  if (container === undefined) return false;
  if (container.keys.has(key)) return true;
  container.keys.add(key);
  return false;
}

function strange(start: string): string {
  if (start === "//" || start === "/*") return "a comment (JSON has none; lockstep.config.ts may have them)";
  if (start.startsWith("'")) return "a single quote (JSON uses double quotes)";
  if (start.startsWith('"')) return "a text that is not closed on its line or holds an invalid escape";
  return "something that is not JSON";
}

function kindOf(string: string | undefined, mark: string): string {
  if (string !== undefined) return "a text";
  return mark === "" ? "a number, true, false or null" : mark;
}

function flaw(text: string, index: number, problem: string): JsonFlaw {
  const before = text.slice(0, index).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, problem };
}
