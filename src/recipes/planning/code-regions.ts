/** A stretch of Markdown: code, in which GitHub reads nothing, or text. Together they are the whole again. */
export interface Stretch {
  readonly isCode: boolean;
  readonly text: string;
}

/**
 * Splits Markdown into code and text, and errs on the side of text: what is taken for code here is code to every reader.
 * Only fences that begin at the margin count, and code spans within a line that nothing else could claim.
 */
export function stretchesOf(markdown: string): readonly Stretch[] {
  const stretches: Stretch[] = [];
  let fence: string | null = null;
  for (const line of linesOf(markdown)) {
    if (fence !== null) {
      stretches.push({ isCode: true, text: line });
      if (isClosing(line, fence)) fence = null;
      continue;
    }
    fence = openingFence(line);
    if (fence !== null) stretches.push({ isCode: true, text: line });
    else stretches.push(...spansOf(line));
  }
  return joined(stretches);
}

/** What acts may begin on one line and end on the next. */
function joined(stretches: readonly Stretch[]): readonly Stretch[] {
  const whole: Stretch[] = [];
  for (const stretch of stretches) {
    const last = whole.at(-1);
    if (last === undefined || last.isCode || stretch.isCode) whole.push(stretch);
    else whole[whole.length - 1] = { isCode: false, text: last.text + stretch.text };
  }
  return whole;
}

/** With their ends, so that joining them loses nothing. */
function linesOf(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** The fence itself: three or more of a kind; the words behind backticks hold no further backtick. */
function openingFence(line: string): string | null {
  return /^(`{3,}(?=[^`]*$)|~{3,})/.exec(line.replace(/\r?\n$/, ""))?.[1] ?? null;
}

function isClosing(line: string, fence: string): boolean {
  const mark = fence.charAt(0);
  const closing = line.trimEnd();
  return closing.length >= fence.length && [...closing].every((character) => character === mark);
}

/** What may be read otherwise than as code: escapes, tags and links, cells of a table. Such a line is text as a whole. */
const isDoubtful = /[\\<|[\]]/;

function spansOf(line: string): readonly Stretch[] {
  if (isDoubtful.test(line)) return [{ isCode: false, text: line }];
  const stretches: Stretch[] = [];
  const runs = /`+/g;
  let from = 0;
  for (let opening = runs.exec(line); opening !== null; opening = runs.exec(line)) {
    const after = opening.index + opening[0].length;
    const end = closingAt(line, after, opening[0].length);
    if (end === null) continue;
    stretches.push({ isCode: false, text: line.slice(from, opening.index) });
    stretches.push({ isCode: true, text: line.slice(opening.index, end) });
    from = end;
    runs.lastIndex = end;
  }
  stretches.push({ isCode: false, text: line.slice(from) });
  return stretches.filter(({ text }) => text !== "");
}

/** Where the run of exactly as many backticks ends; null: there is none on this line. */
function closingAt(line: string, from: number, length: number): number | null {
  const runs = /`+/g;
  runs.lastIndex = from;
  for (let run = runs.exec(line); run !== null; run = runs.exec(line)) {
    if (run[0].length === length) return run.index + length;
  }
  return null;
}
