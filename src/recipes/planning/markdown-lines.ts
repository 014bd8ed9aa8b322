/** Lines of Markdown, and whether they stand in a fence, where every line counts. */
interface Line {
  readonly text: string;
  readonly isFenced: boolean;
}

function linesOf(markdown: string): readonly Line[] {
  let fence: string | null = null;
  return markdown.split("\n").map((text) => {
    const mark = /^\s*(`{3,}|~{3,})/.exec(text)?.[1] ?? null;
    if (fence === null) {
      fence = mark;
      return { text, isFenced: mark !== null };
    }
    if (mark?.startsWith(fence) === true) fence = null;
    return { text, isFenced: true };
  });
}

/** As Notion has it: a line is a block, and nothing stands between blocks. */
export function asBlocks(markdown: string): string {
  return linesOf(markdown)
    .filter(({ text, isFenced }) => isFenced || text.trim() !== "")
    .map(({ text }) => text)
    .join("\n");
}

/** Lines that go on from the one before: of lists, quotes and tables. */
const continuing = /^(?:\s*(?:[-*+]|\d+[.)])\s|\s*>|\s*\||\s+\S)/;

/** As GitHub has it: an empty line between what are two paragraphs. */
export function asParagraphs(markdown: string): string {
  const lines = linesOf(asBlocks(markdown));
  return lines
    .flatMap(({ text, isFenced }, index) => {
      const before = lines[index - 1];
      const isTight =
        before === undefined ||
        (isFenced && before.isFenced) ||
        (continuing.test(text) && continuing.test(before.text));
      return isTight ? [text] : ["", text];
    })
    .join("\n");
}
