import { bodyError, notFound, validationError } from "../http/errors.ts";
import { type JsonObject, objectOr } from "../json.ts";
import { parseMarkdown } from "../markdown/parse.ts";
import { checkAppend, type NewBlock, type Position, parseBlocks } from "../operations/blocks.ts";
import type { State } from "../state/state.ts";
import type { Call } from "./call.ts";
import { idAt, objectAt, oneOf, textAt } from "./input.ts";

/** What a new page is to hold. */
export interface PageContent {
  readonly blocks: readonly NewBlock[];
  /** Without a title among the properties, a heading at the start of the Markdown becomes the title. */
  titleFor(properties: JsonObject): { readonly properties: JsonObject; readonly markdown: string | null };
}

const contentKeys = ["children", "content", "markdown"] as const;

/** `children`, its old name `content`, or `markdown`. */
export function parsePageContent({ state, body }: Call): PageContent {
  const [key, second] = contentKeys.filter((known) => body[known] !== undefined);
  if (second !== undefined) throw bodyError(`body.${second}`, "not present", body[second]);
  if (key === "markdown") {
    const markdown = textAt(body.markdown, "body.markdown");
    return { blocks: [], titleFor: (properties) => titled(state, properties, markdown) };
  }
  const blocks = key === undefined ? [] : parseBlocks(body[key], `body.${key}`, state);
  checkAppend(state, null, blocks);
  return { blocks, titleFor: (properties) => ({ properties, markdown: null }) };
}

function titled(
  state: State,
  properties: JsonObject,
  markdown: string,
): { readonly properties: JsonObject; readonly markdown: string } {
  const hasTitle = Object.entries(properties).some(
    ([key, value]) => key === "title" || objectOr(value).title !== undefined,
  );
  const [line = "", ...rest] = markdown.trimStart().split("\n");
  const [first] = hasTitle || !line.startsWith("# ") ? [] : parseMarkdown(line, state);
  if (first?.type !== "heading_1") return { properties, markdown };
  return {
    properties: { ...properties, title: { title: first.content.rich_text ?? [] } },
    markdown: rest.join("\n"),
  };
}

/** Where a new page goes in the page around it. */
export function parsePosition(body: JsonObject): Position {
  if (body.position === undefined) return { type: "end" };
  const position = objectAt(body.position, "body.position");
  switch (oneOf(position.type, "body.position.type", ["after_block", "page_start", "page_end"])) {
    case "page_start":
      return { type: "start" };
    case "page_end":
      return { type: "end" };
    case "after_block": {
      const after = objectAt(position.after_block, "body.position.after_block");
      return { type: "after", id: idAt(after.id, "body.position.after_block.id") };
    }
  }
}

export interface WantedTemplate {
  readonly id: string;
  readonly timeZone: string;
}

/** The template a request names; null for none. Only rows have templates. */
export function parseTemplate(
  { state, connection, body }: Call,
  dataSourceId: string | null,
): WantedTemplate | null {
  if (body.template === undefined) return null;
  const template = objectAt(body.template, "body.template");
  const type = oneOf(template.type, "body.template.type", ["none", "default", "template_id"]);
  if (type === "none") return null;
  const content = contentKeys.find((key) => body[key] !== undefined);
  if (content !== undefined) throw bodyError(`body.${content}`, "not present", body[content] ?? null);
  const dataSource = state.dataSources.get(dataSourceId ?? "");
  if (dataSource === undefined)
    throw validationError("Templates can only be applied to pages in a data source.");
  const timeZone = parseTimeZone(template);
  if (type === "default") {
    if (dataSource.defaultTemplateId === null)
      throw validationError("The data source has no default template.");
    return { id: dataSource.defaultTemplateId, timeZone };
  }
  const id = idAt(template.template_id, "body.template.template_id");
  if (!state.pages.has(id)) throw notFound("page", id, connection);
  return { id, timeZone };
}

function parseTimeZone({ timezone }: JsonObject): string {
  if (timezone === undefined) return "UTC";
  const name = textAt(timezone, "body.template.timezone");
  if (!["UTC", ...Intl.supportedValuesOf("timeZone")].includes(name))
    throw bodyError("body.template.timezone", "a valid IANA time zone", name);
  return name;
}
