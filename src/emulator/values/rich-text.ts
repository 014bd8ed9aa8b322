import { arrayAt, idAt, objectAt, textAt } from "../api/input.ts";
import { bodyError, lengthError } from "../http/errors.ts";
import { isObject, type Json, type JsonObject, objectOr, stringOr } from "../json.ts";
import type { State, Value } from "../state/state.ts";
import { renderUser } from "./users.ts";

const contentMax = 2000;
const expressionMax = 1000;

const plainAnnotations: JsonObject = {
  bold: false,
  italic: false,
  strikethrough: false,
  underline: false,
  code: false,
  color: "default",
};

/** Reads rich text as clients write it. Runs of equal formatting become one; plain text becomes a string. */
export function parseRichText(input: Json | undefined, path: string): Value {
  return compact(joinRuns(parseItems(input, path)));
}

/** The same for titles and descriptions of databases and data sources, which keep their runs as they were written. */
export function parseTitle(input: Json | undefined, path: string): Value {
  return compact(parseItems(input, path));
}

function parseItems(input: Json | undefined, path: string): JsonObject[] {
  return arrayAt(input, path).map((item, index) => parseItem(item, `${path}[${index}]`));
}

/** Rich text as answers show it. */
export function renderRichText(value: Value | undefined, state: State): JsonObject[] {
  if (value === undefined || value === "") return [];
  if (typeof value === "string") return [textItem(value)];
  return Array.isArray(value) ? value.filter(isObject).map((item) => expandUser(item, state)) : [];
}

/** The characters alone. */
export function plainText(value: Value | undefined): string {
  if (typeof value === "string") return value;
  if (!Array.isArray(value)) return "";
  return value.map((item) => (isObject(item) ? stringOr(item.plain_text, "") : "")).join("");
}

function textItem(content: string): JsonObject {
  return {
    type: "text",
    text: { content, link: null },
    annotations: { ...plainAnnotations },
    plain_text: content,
    href: null,
  };
}

function parseItem(input: Json, path: string): JsonObject {
  const item = objectAt(input, path);
  const annotations = { ...plainAnnotations, ...objectOr(item.annotations) };
  if (item.mention !== undefined) return parseMention(item, { path, annotations });
  if (item.equation !== undefined) {
    const expression = textAt(
      objectAt(item.equation, `${path}.equation`).expression,
      `${path}.equation.expression`,
    );
    if (expression.length > expressionMax)
      throw lengthError(`${path}.equation.expression`, expressionMax, expression.length);
    return { type: "equation", equation: { expression }, annotations, plain_text: expression, href: null };
  }
  if (item.text === undefined) throw bodyError(`${path}.text`, "defined", undefined);
  const text = objectAt(item.text, `${path}.text`);
  const content = textAt(text.content, `${path}.text.content`, contentMax);
  const url = isObject(text.link) ? textAt(text.link.url, `${path}.text.link.url`, contentMax) : null;
  return {
    type: "text",
    text: { content, link: url === null ? null : { url } },
    annotations,
    plain_text: content,
    href: url,
  };
}

function parseMention(
  item: JsonObject,
  at: { readonly path: string; readonly annotations: JsonObject },
): JsonObject {
  const mention = objectAt(item.mention, `${at.path}.mention`);
  const type = [
    "user",
    "date",
    "page",
    "database",
    "data_source",
    "template_mention",
    "link_mention",
    "link_preview",
    "custom_emoji",
  ].find((known) => mention[known] !== undefined);
  if (type === undefined) throw bodyError(`${at.path}.mention.user`, "defined", undefined);
  const target = objectAt(mention[type], `${at.path}.mention.${type}`);
  const hasId = type === "user" || type === "page" || type === "database" || type === "data_source";
  const id = hasId ? idAt(target.id, `${at.path}.mention.${type}.id`) : null;
  return {
    type: "mention",
    mention: { type, [type]: id === null ? mentioned(type, target) : { id } },
    annotations: at.annotations,
    plain_text: stringOr(item.plain_text, mentionText(type, target)),
    href: id !== null && type !== "user" ? `https://app.notion.com/p/${id.replaceAll("-", "")}` : null,
  };
}

/** A mentioned date reads back whole, whatever was left out. */
function mentioned(type: string, target: JsonObject): JsonObject {
  return type === "date" ? { end: null, time_zone: null, ...target } : target;
}

function mentionText(type: string, target: JsonObject): string {
  if (type === "date") return stringOr(target.start, "");
  if (type === "link_mention" || type === "link_preview") return stringOr(target.href ?? target.url, "");
  return type === "user" ? "@" : "Untitled";
}

/** A mentioned user is kept as an id and shown in full, under the name it has now. */
function expandUser(item: JsonObject, state: State): JsonObject {
  const mention = objectOr(item.mention);
  if (mention.type !== "user") return item;
  const id = stringOr(objectOr(mention.user).id, "");
  const name = state.users.get(id)?.name;
  return {
    ...item,
    mention: { type: "user", user: renderUser(state, id) },
    plain_text: name === undefined ? stringOr(item.plain_text, "@") : `@${name}`,
  };
}

function joinRuns(items: readonly JsonObject[]): JsonObject[] {
  const runs: JsonObject[] = [];
  for (const item of items) {
    const last = runs.at(-1);
    const joined = last === undefined ? null : join(last, item);
    if (joined === null) runs.push(item);
    else runs[runs.length - 1] = joined;
  }
  return runs;
}

function compact(runs: JsonObject[]): Value {
  const [only] = runs;
  if (only === undefined) return "";
  return runs.length === 1 && isPlain(only) ? stringOr(only.plain_text, "") : runs;
}

function join(left: JsonObject, right: JsonObject): JsonObject | null {
  const isSame =
    left.type === "text" &&
    right.type === "text" &&
    left.href === right.href &&
    JSON.stringify(left.annotations) === JSON.stringify(right.annotations);
  if (!isSame) return null;
  const content = stringOr(left.plain_text, "") + stringOr(right.plain_text, "");
  return { ...left, text: { ...objectOr(left.text), content }, plain_text: content };
}

function isPlain(item: JsonObject): boolean {
  return (
    item.type === "text" &&
    item.href === null &&
    JSON.stringify(item.annotations) === JSON.stringify(plainAnnotations)
  );
}
