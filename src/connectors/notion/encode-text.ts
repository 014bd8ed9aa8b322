import { isJsonObject, type Json } from "../../core/json.ts";
import { invalid, type Refused, tooLong } from "./refused.ts";
import type { Column } from "./schema.ts";

/** Of one item and of a list of items: https://developers.notion.com/reference/request-limits */
const CONTENT_LENGTH_MAX = 2_000;
const EXPRESSION_LENGTH_MAX = 1_000;
const URL_LENGTH_MAX = 2_000;
const ITEMS_MAX = 100;
/** How far around a cut is looked for the character that it would go through. */
const CLUSTER_LENGTH_MAX = 64;

/** Mentions that the API takes back as it gives them; what it shows of a link cannot be written. */
const writableMentions: ReadonlySet<string> = new Set([
  "user",
  "date",
  "page",
  "database",
  "template_mention",
  "custom_emoji",
]);

type Items = { readonly items: readonly Json[] } | Refused;

/** Canonical text as rich text items; formatting is kept when it is given. */
export function encodeText(column: Column, value: Json): Items {
  if (value === null) return { items: [] };
  if (!isJsonObject(value) || typeof value.plain !== "string")
    return invalid(column, "a text with its plain and rich form");
  const runs = value.rich ?? [{ format: "", link: null, text: value.plain }];
  if (!Array.isArray(runs)) return invalid(column, "a text whose rich form is a list");
  const items: Json[] = [];
  for (const run of runs) {
    const encoded = encodeRun(column, run);
    if ("refused" in encoded) return encoded;
    items.push(...encoded.items);
  }
  if (items.length <= ITEMS_MAX) return { items };
  return runs.length > ITEMS_MAX
    ? tooLong(column, { is: runs.length, max: ITEMS_MAX, unit: "pieces of formatting" })
    : tooLong(column, { is: value.plain.length, max: ITEMS_MAX * CONTENT_LENGTH_MAX, unit: "characters" });
}

function encodeRun(column: Column, run: Json): Items {
  if (!isJsonObject(run) || typeof run.text !== "string")
    return invalid(column, "a text whose rich form is a list of runs");
  const annotations = annotationsOf(run.format);
  if (run.value !== undefined) return encodeSpecial(column, run.value, annotations);
  const { link } = run;
  if (typeof link === "string" && link.length > URL_LENGTH_MAX)
    return tooLong(column, { is: link.length, max: URL_LENGTH_MAX, unit: "characters in a link" });
  const items = splitText(run.text).map((content) => ({
    type: "text",
    text: { content, link: typeof link === "string" ? { url: link } : null },
    ...annotations,
  }));
  return { items };
}

/** A mention or an equation: `{mention: {type, value}}`, `{equation: {expression}}`. */
function encodeSpecial(column: Column, value: Json, annotations: { readonly annotations?: Json }): Items {
  if (isJsonObject(value) && isJsonObject(value.equation)) {
    const { expression } = value.equation;
    if (typeof expression !== "string") return invalid(column, "an equation with an expression");
    if (expression.length > EXPRESSION_LENGTH_MAX)
      return tooLong(column, {
        is: expression.length,
        max: EXPRESSION_LENGTH_MAX,
        unit: "characters in an equation",
      });
    return { items: [{ type: "equation", equation: { expression }, ...annotations }] };
  }
  const mention = isJsonObject(value) ? value.mention : undefined;
  if (!isJsonObject(mention) || typeof mention.type !== "string" || !writableMentions.has(mention.type))
    return invalid(
      column,
      "no mentions but of people, dates, pages, databases, templates and emojis, which is all that Notion's API takes",
    );
  const { type } = mention;
  const target = type === "custom_emoji" ? { id: mention.id ?? null } : (mention.value ?? null);
  return { items: [{ type: "mention", mention: { type, [type]: target }, ...annotations }] };
}

const flags: ReadonlySet<string> = new Set(["bold", "code", "italic", "strikethrough", "underline"]);

/** "bold italic red" */
function annotationsOf(format: Json | undefined): {
  readonly annotations?: { readonly [key: string]: Json };
} {
  if (typeof format !== "string" || format === "") return {};
  const words = format.split(" ");
  return {
    annotations: Object.fromEntries(words.map((word) => (flags.has(word) ? [word, true] : ["color", word]))),
  };
}

/** Pieces that Notion takes, cut between characters as people see them. */
export function splitText(text: string): string[] {
  const pieces: string[] = [];
  for (let start = 0; start < text.length; ) {
    const end = cutBefore(text, start + CONTENT_LENGTH_MAX);
    pieces.push(text.slice(start, end));
    start = end;
  }
  return pieces;
}

const characters = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** The place at or shortly before `at` where no character is cut through. */
function cutBefore(text: string, at: number): number {
  if (at >= text.length) return text.length;
  const from = at - CLUSTER_LENGTH_MAX;
  const around = characters.segment(text.slice(from, at + CLUSTER_LENGTH_MAX)).containing(CLUSTER_LENGTH_MAX);
  // A character longer than that is cut all the same, but never through a surrogate pair.
  if (around !== undefined && around.index > 0) return from + around.index;
  return isLowSurrogate(text, at) ? at - 1 : at;
}

function isLowSurrogate(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff;
}
