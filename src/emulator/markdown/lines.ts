/** A line without its indentation. */
export interface Line {
  readonly text: string;
  /** Columns; a tab counts for four. */
  readonly indent: number;
}

const tabColumns = 4;

/** The lines of a text, read one after the other. */
export class Lines {
  readonly #lines: readonly string[];
  #at = 0;

  constructor(text: string) {
    this.#lines = text.split(/\r\n|\r|\n/);
  }

  /** The next line; null at the end. */
  peek(): Line | null {
    const raw = this.#lines[this.#at];
    return raw === undefined ? null : lineOf(raw);
  }

  /** The next line that is not empty. */
  peekFilled(): Line | null {
    for (let at = this.#at; at < this.#lines.length; at++) {
      const line = lineOf(this.#lines[at] ?? "");
      if (line.text !== "") return line;
    }
    return null;
  }

  next(): void {
    this.#at++;
  }

  /** Everything up to a line that closes, which is passed over; as it stands but for `indent` columns. */
  rawUntil(isClosing: (text: string) => boolean, indent: number): string[] {
    const taken: string[] = [];
    for (let raw = this.#lines[this.#at]; raw !== undefined; raw = this.#lines[this.#at]) {
      this.#at++;
      if (isClosing(raw.trim())) break;
      taken.push(withoutIndent(raw, indent));
    }
    return taken;
  }
}

function lineOf(raw: string): Line {
  const text = raw.trim();
  const lead = /^\s*/.exec(raw)?.[0] ?? "";
  return { text, indent: text === "" ? Number.POSITIVE_INFINITY : columnsOf(lead) };
}

function columnsOf(lead: string): number {
  let columns = 0;
  for (const character of lead) columns += character === "\t" ? tabColumns : 1;
  return columns;
}

function withoutIndent(raw: string, indent: number): string {
  let columns = 0;
  let at = 0;
  while (at < raw.length && columns < indent && /\s/.test(raw.charAt(at))) {
    columns += raw.charAt(at) === "\t" ? tabColumns : 1;
    at++;
  }
  return raw.slice(at);
}
