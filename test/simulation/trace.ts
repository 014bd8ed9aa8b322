import { hashText } from "./random.ts";

/** What happened, line by line: hashed always, kept when somebody wants to read it. */
export class Trace {
  readonly lines: string[] = [];
  readonly #isKept: boolean;
  #hash = 0;
  count = 0;

  constructor(isKept: boolean) {
    this.#isKept = isKept;
  }

  note(at: number, text: string): void {
    const line = `${at} ${text}`;
    this.#hash = hashText(line, this.#hash ^ 0x811c9dc5);
    this.count += 1;
    if (this.#isKept) this.lines.push(line);
  }

  /** The lines that speak of one of these, and those that speak of nobody in particular. */
  about(ids: ReadonlySet<string>): readonly string[] {
    return this.lines.filter(
      (line) => [...ids].some((id) => line.includes(id)) || /^\d+ [A-Z]{5,}/.test(line),
    );
  }

  /** Two runs that did the same have the same. */
  get hash(): string {
    return `${this.count}:${this.#hash.toString(16).padStart(8, "0")}`;
  }
}
