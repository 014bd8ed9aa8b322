import type { Json } from "../json.ts";

/** A field, or a group of fields for one type only. */
export type Selection = FieldSelection | { readonly on: string; readonly selections: readonly Selection[] };

export interface FieldSelection {
  readonly name: string;
  /** What the answer calls it. */
  readonly alias: string;
  readonly arguments: Readonly<Record<string, Json>>;
  readonly selections: readonly Selection[];
}

/** Reads a document with one operation and without fragment definitions, variables filled in. Throws on anything else. */
export function parseDocument(
  document: string,
  variables: Readonly<Record<string, Json>>,
): readonly Selection[] {
  const tokens = document.match(/"(?:[^"\\]|\\.)*"|\.\.\.|[\w$]+|[{}()[\]:!,=@]/g) ?? [];
  const reader = new Reader(
    tokens.filter((token) => token !== ","),
    variables,
  );
  return reader.operation();
}

class Reader {
  readonly #tokens: readonly string[];
  readonly #variables: Readonly<Record<string, Json>>;
  #at = 0;

  constructor(tokens: readonly string[], variables: Readonly<Record<string, Json>>) {
    this.#tokens = tokens;
    this.#variables = variables;
  }

  operation(): readonly Selection[] {
    if (this.#peek() === "query" || this.#peek() === "mutation") this.#next();
    if (this.#peek() !== "{" && this.#peek() !== "(") this.#next();
    // Declared types of variables are taken on trust.
    if (this.#peek() === "(") while (this.#next() !== ")");
    return this.#selections();
  }

  #selections(): readonly Selection[] {
    this.#expect("{");
    const all: Selection[] = [];
    while (this.#peek() !== "}") all.push(this.#selection());
    this.#expect("}");
    return all;
  }

  #selection(): Selection {
    const first = this.#next();
    if (first === "...") {
      this.#expect("on");
      return { on: this.#next(), selections: this.#selections() };
    }
    const isAliased = this.#peek() === ":";
    if (isAliased) this.#next();
    const name = isAliased ? this.#next() : first;
    const args = this.#peek() === "(" ? this.#arguments() : {};
    const selections = this.#peek() === "{" ? this.#selections() : [];
    return { name, alias: first, arguments: args, selections };
  }

  #arguments(): Readonly<Record<string, Json>> {
    this.#expect("(");
    const all: Record<string, Json> = {};
    while (this.#peek() !== ")") {
      const name = this.#next();
      this.#expect(":");
      all[name] = this.#value();
    }
    this.#expect(")");
    return all;
  }

  #value(): Json {
    const token = this.#next();
    if (token === "{") {
      const members: { [key: string]: Json } = {};
      while (this.#peek() !== "}") {
        const name = this.#next();
        this.#expect(":");
        members[name] = this.#value();
      }
      this.#expect("}");
      return members;
    }
    if (token.startsWith("$")) return this.#variables[token.slice(1)] ?? null;
    if (token.startsWith('"')) return JSON.parse(token);
    if (/^\d+$/.test(token)) return Number(token);
    return token === "true" || token === "false" ? token === "true" : token;
  }

  #peek(): string | undefined {
    return this.#tokens[this.#at];
  }

  #next(): string {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw new SyntaxError("Parse error on end of document");
    this.#at += 1;
    return token;
  }

  #expect(wanted: string): void {
    const token = this.#next();
    if (token !== wanted) throw new SyntaxError(`Parse error on "${token}", expected "${wanted}"`);
  }
}
