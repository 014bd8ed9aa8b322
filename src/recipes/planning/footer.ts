/** What stands below the text of an issue, each on a line of its own, where people see it and can edit it. */
export interface Footer {
  /** "2026-01-31"; null: none. GitHub's issues have no due date. */
  readonly due: string | null;
  /** The page that the issue was made from; null: another way round. */
  readonly pageId: string | null;
}

export interface BodyParts extends Footer {
  /** The text without what stands below it. */
  readonly text: string;
}

const dueLine = /^Due:[ \t]*(\d{4}-\d{2}-\d{2})[ \t]*$/;
const pageLine = /^\[Planned in Notion\]\(https:\/\/www\.notion\.so\/([0-9a-f]{32})\)$/;

/** Takes an issue's text apart. Only lines at the end count: the same words further up are somebody's text. */
export function splitBody(body: string): BodyParts {
  const lines = body.trimEnd().split(/\r?\n/);
  let footer: Footer = { due: null, pageId: null };
  for (;;) {
    const last = lines.at(-1) ?? "";
    const [, due] = dueLine.exec(last) ?? [];
    const [, pageId] = pageLine.exec(last) ?? [];
    if (due !== undefined && isDay(due) && footer.due === null) footer = { ...footer, due };
    else if (pageId !== undefined && footer.pageId === null) footer = { ...footer, pageId };
    else break;
    lines.pop();
    while (lines.length > 0 && lines.at(-1)?.trim() === "") lines.pop();
  }
  return { text: lines.join("\n").trimEnd(), ...footer };
}

export function joinBody({ text, due, pageId }: BodyParts): string {
  const footer = [
    ...(due === null ? [] : [`Due: ${due}`]),
    ...(pageId === null ? [] : [`[Planned in Notion](https://www.notion.so/${pageId})`]),
  ];
  return [...(text === "" ? [] : [text]), ...footer].join("\n\n");
}

function isDay(text: string): boolean {
  const at = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text);
}
