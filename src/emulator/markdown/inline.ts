import { type JsonObject, objectOr, stringOr } from "../json.ts";
import type { State } from "../state/state.ts";
import { normalizeDate } from "../values/dates.ts";
import { colorFromMarkdown, idInUrl, parseAttributes } from "./attributes.ts";

/** Formatting that is in force where a piece of text stands. */
interface Style {
  readonly annotations: JsonObject;
  readonly href: string | null;
}

const plainStyle: Style = {
  annotations: {
    bold: false,
    italic: false,
    strikethrough: false,
    underline: false,
    code: false,
    color: "default",
  },
  href: null,
};

/** Inline Markdown as rich text, in the form of answers. https://developers.notion.com/guides/data-apis/enhanced-markdown */
export function parseInline(markdown: string, state: State): JsonObject[] {
  const items: JsonObject[] = [];
  parseRun(markdown, { style: plainStyle, state, items });
  return items;
}

interface Run {
  readonly style: Style;
  readonly state: State;
  /** What is read so far; new pieces go to its end. */
  readonly items: JsonObject[];
}

/** Tries one construct at a place in the text: the length it takes, or 0. */
type Construct = (rest: string, run: Run, before: string) => number;

/** No formatting reaches further than this: text without an end to its marks must not take for ever. */
const spanMax = 2000;

function parseRun(text: string, run: Run): void {
  let at = 0;
  while (at < text.length) {
    const rest = text.slice(at, at + spanMax);
    // Most text is plain: take it up to the next character that may mean something.
    const plain = /^[^\\`$[*_~<:h\n]+/.exec(rest)?.[0] ?? "";
    if (plain !== "") {
      pushText(plain, run);
      at += plain.length;
      continue;
    }
    const before = text[at - 1] ?? " ";
    const taken = constructs.reduce((length, construct) => length || construct(rest, run, before), 0);
    if (taken === 0) pushText(rest.charAt(0), run);
    at += taken || 1;
  }
}

const escaping: Construct = (rest, run) => {
  const escaped = /^\\([!-/:-@[-`{-~])/.exec(rest);
  if (escaped === null) return 0;
  pushText(escaped[1] ?? "", run);
  return 2;
};

const code: Construct = (rest, run) => {
  const marks = /^`+/.exec(rest)?.[0] ?? "";
  if (marks === "") return 0;
  const end = codeEnd(rest, marks);
  if (end === -1) {
    pushText(marks, run);
    return marks.length;
  }
  const { style } = run;
  const annotations = { ...style.annotations, code: true };
  const inner = rest.slice(marks.length, end);
  // One space at either end sets code that begins or ends with a backtick apart from its marks.
  const isPadded = inner.startsWith(" ") && inner.endsWith(" ") && inner.trim() !== "";
  pushText(isPadded ? inner.slice(1, -1) : inner, { ...run, style: { ...style, annotations } });
  return end + marks.length;
};

/** Where code ends: at as many backticks as it began with, no more and no less. */
function codeEnd(rest: string, marks: string): number {
  let at = rest.indexOf(marks, marks.length);
  while (at !== -1) {
    const run = /^`+/.exec(rest.slice(at))?.[0].length ?? 0;
    if (run === marks.length) return at;
    at = rest.indexOf(marks, at + run);
  }
  return -1;
}

/** `$x$`, and as answers spell it, with backticks inside. */
const equation: Construct = (rest, run) => {
  const match = /^\$`([^`]+)`\$/.exec(rest) ?? /^\$(?![\s$])((?:[^$\n\\]|\\.)+?)(?<!\s)\$(?!\d)/.exec(rest);
  if (match === null) return 0;
  const expression = match[1] ?? "";
  const { annotations } = run.style;
  run.items.push({
    type: "equation",
    equation: { expression },
    annotations,
    plain_text: expression,
    href: null,
  });
  return match[0].length;
};

const link: Construct = (rest, run) => {
  const match = /^\[((?:[^\][\\]|\\.|\[[^\]]*\])*)\]\(([^()\s]*(?:\([^()\s]*\)[^()\s]*)*)\)/.exec(rest);
  if (match === null) return 0;
  parseRun(match[1] ?? "", { ...run, style: { ...run.style, href: match[2] ?? null } });
  return match[0].length;
};

const bareLink: Construct = (rest, run, before) => {
  const [url] = /^https?:\/\/[^\s<>]*[^\s<>.,;:!?)\]*_~'"]/.exec(rest) ?? [];
  if (url === undefined || /\w/.test(before) || run.style.href !== null) return 0;
  pushText(url, { ...run, style: { ...run.style, href: url } });
  return url.length;
};

const emphases: readonly (readonly [mark: string, annotation: string])[] = [
  ["**", "bold"],
  ["__", "bold"],
  ["~~", "strikethrough"],
  ["*", "italic"],
  ["_", "italic"],
];

/** A mark opens before a character that is no space and closes after one. Underscores do so at word boundaries only. */
const emphasis: Construct = (rest, run, before) => {
  for (const [mark, annotation] of emphases) {
    if (!rest.startsWith(mark) || /^\s?$/.test(rest.charAt(mark.length))) continue;
    if (mark.startsWith("_") && /\w/.test(before)) continue;
    const end = closing(rest, mark);
    if (end === -1) continue;
    const { style } = run;
    const annotations = { ...style.annotations, [annotation]: true };
    parseRun(rest.slice(mark.length, end), { ...run, style: { ...style, annotations } });
    return end + mark.length;
  }
  return 0;
};

function closing(rest: string, mark: string): number {
  for (let at = mark.length; at < rest.length; at++) {
    const character = rest.charAt(at);
    if (character === "\\") at++;
    else if (character === "`") at = Math.max(at, rest.indexOf("`", at + 1));
    else if (rest.startsWith(mark, at)) {
      const isDouble = mark.length === 1 && rest.charAt(at + 1) === mark;
      const isInWord = mark.startsWith("_") && /\w/.test(rest.charAt(at + mark.length));
      if (isDouble) at = skipDouble(rest, at, mark.repeat(2));
      else if (at > mark.length && !/\s/.test(rest.charAt(at - 1)) && !isInWord) return at;
    }
  }
  return -1;
}

/** Bold within italic is passed over as a whole. */
function skipDouble(rest: string, at: number, mark: string): number {
  const end = rest.indexOf(mark, at + mark.length);
  return end === -1 ? at + 1 : end + 1;
}

const lineBreak: Construct = (rest, run) => {
  const match = /^<br\s*\/?>/.exec(rest);
  if (match === null) return 0;
  pushText("\n", run);
  return match[0].length;
};

const span: Construct = (rest, run) => {
  const open = /^<span((?:\s+[\w-]+="[^"]*")*)\s*>/.exec(rest);
  if (open === null) return 0;
  const end = spanEnd(rest, open[0].length);
  if (end === -1) return 0;
  const attributes = parseAttributes(open[1] ?? "");
  const { style } = run;
  const annotations = {
    ...style.annotations,
    ...(attributes.get("underline") === "true" ? { underline: true } : {}),
    ...(attributes.has("color") ? { color: colorFromMarkdown(attributes.get("color")) } : {}),
  };
  parseRun(rest.slice(open[0].length, end), { ...run, style: { ...style, annotations } });
  return end + "</span>".length;
};

function spanEnd(rest: string, from: number): number {
  let depth = 1;
  for (const match of rest.slice(from).matchAll(/<span[\s>]|<\/span>/g)) {
    depth += match[0] === "</span>" ? -1 : 1;
    if (depth === 0) return from + match.index;
  }
  return -1;
}

const mentionTypes: { readonly [tag: string]: string } = {
  user: "user",
  page: "page",
  database: "database",
  "data-source": "data_source",
};

const mention: Construct = (rest, run) => {
  const match = /^<mention-([\w-]+)((?:\s+[\w-]+="[^"]*")*)\s*(?:\/>|>([^<]*)<\/mention-\1>)/.exec(rest);
  if (match === null) return 0;
  const attributes = parseAttributes(match[2] ?? "");
  const type = mentionTypes[match[1] ?? ""];
  const id = idInUrl(attributes.get("url"));
  if (match[1] === "date") {
    const date = dateOf(attributes);
    if (date.start === null) return 0;
    pushMention({ type: "date", date }, { run, text: stringOr(date.start, ""), href: null });
  } else if (type !== undefined && id !== null) {
    const href = type === "user" ? null : `https://app.notion.com/p/${id.replaceAll("-", "")}`;
    pushMention(
      { type, [type]: { id } },
      { run, text: match[3] || (type === "user" ? "@" : "Untitled"), href },
    );
  } else return 0;
  return match[0].length;
};

function dateOf(attributes: ReadonlyMap<string, string>): JsonObject {
  const zone = knownZone(attributes.get("timeZone"));
  const instant = (day: string | undefined, time: string | undefined): string | null =>
    day === undefined ? null : normalizeDate(time === undefined ? day : `${day}T${time}:00`, zone);
  return {
    start: instant(attributes.get("start"), attributes.get("startTime")),
    end: instant(attributes.get("end"), attributes.get("endTime")),
    time_zone: null,
  };
}

function knownZone(name: string | undefined): string | null {
  return name !== undefined && Intl.supportedValuesOf("timeZone").includes(name) ? name : null;
}

const customEmoji: Construct = (rest, run) => {
  const match = /^:([\w-]+):/.exec(rest);
  const emoji = [...run.state.customEmojis.values()].find(({ name }) => name === match?.[1]);
  if (match === null || emoji === undefined) return 0;
  const custom_emoji = { id: emoji.id, name: emoji.name, url: emoji.url };
  pushMention({ type: "custom_emoji", custom_emoji }, { run, text: match[0], href: null });
  return match[0].length;
};

const constructs: readonly Construct[] = [
  escaping,
  code,
  equation,
  link,
  bareLink,
  emphasis,
  lineBreak,
  span,
  mention,
  customEmoji,
];

function pushMention(
  target: JsonObject,
  { run, text, href }: { readonly run: Run; readonly text: string; readonly href: string | null },
): void {
  const { annotations } = run.style;
  run.items.push({ type: "mention", mention: target, annotations, plain_text: text, href });
}

/** Adds text; next to text of the same formatting it becomes one piece with it. */
function pushText(content: string, { style, items }: Run): void {
  const last = items.at(-1);
  const isSame =
    last?.type === "text" &&
    last.href === style.href &&
    JSON.stringify(last.annotations) === JSON.stringify(style.annotations);
  const whole = isSame ? stringOr(objectOr(last.text).content, "") + content : content;
  const item: JsonObject = {
    type: "text",
    text: { content: whole, link: style.href === null ? null : { url: style.href } },
    annotations: style.annotations,
    plain_text: whole,
    href: style.href,
  };
  if (isSame) items[items.length - 1] = item;
  else items.push(item);
}
