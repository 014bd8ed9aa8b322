import { isJsonObject, type Json } from "../../core/json.ts";
import type { TextValue } from "../../core/record.ts";
import type { JsonObject } from "./page.ts";
import { stableValue } from "./stable.ts";

/** One run of equal formatting: what Notion's items come to once neighbours that look the same are joined. */
interface Run {
  /** Keys in order, as canonical JSON wants them. */
  readonly [key: string]: Json;
}

/**
 * Notion joins and splits items at will, so items are no evidence of an edit: text is compared as runs of equal
 * formatting. `rich` is null when there is no formatting at all. undefined: this is not rich text.
 */
export function canonicalText(items: Json | undefined): TextValue | undefined {
  if (!Array.isArray(items)) return undefined;
  let plain = "";
  let isFormatted = false;
  for (const item of items) {
    if (!isJsonObject(item) || typeof item.plain_text !== "string") return undefined;
    plain += item.plain_text;
    isFormatted ||= item.type !== "text" || linkOf(item) !== null || formatOf(item) !== "";
  }
  return { plain, rich: isFormatted ? runsOf(items) : null };
}

function runsOf(items: readonly Json[]): Run[] {
  const runs: Run[] = [];
  for (const item of items) {
    if (!isJsonObject(item)) continue;
    const run = toRun(item);
    const last = runs.at(-1);
    const isSame = last !== undefined && !("value" in run) && !("value" in last);
    if (isSame && last.format === run.format && last.link === run.link) {
      runs[runs.length - 1] = {
        format: run.format ?? "",
        link: run.link ?? null,
        text: `${last.text}${run.text}`,
      };
    } else if (run.text !== "" || "value" in run) runs.push(run);
  }
  return runs;
}

function toRun(item: JsonObject): Run {
  const text = typeof item.plain_text === "string" ? item.plain_text : "";
  const run = { format: formatOf(item), link: linkOf(item), text };
  if (item.type === "text" || typeof item.type !== "string") return run;
  return {
    ...run,
    value: {
      [item.type]: item.type === "mention" ? mentionOf(item.mention) : stableValue(item[item.type] ?? null),
    },
  };
}

/** "bold italic red": the annotations that differ from plain text, always in the same order. */
function formatOf(item: JsonObject): string {
  const { annotations } = item;
  if (!isJsonObject(annotations)) return "";
  let format = "";
  if (annotations.bold === true) format += "bold ";
  if (annotations.code === true) format += "code ";
  if (annotations.italic === true) format += "italic ";
  if (annotations.strikethrough === true) format += "strikethrough ";
  if (annotations.underline === true) format += "underline ";
  if (typeof annotations.color === "string" && annotations.color !== "default") format += annotations.color;
  return format.trimEnd();
}

function linkOf(item: JsonObject): string | null {
  if (typeof item.href === "string") return item.href;
  return isJsonObject(item.text) && isJsonObject(item.text.link) && typeof item.text.link.url === "string"
    ? item.text.link.url
    : null;
}

/** What is mentioned, without what Notion fetched about it (titles, icons, profiles): that changes by itself. */
function mentionOf(mention: Json | undefined): Json {
  if (!isJsonObject(mention) || typeof mention.type !== "string") return stableValue(mention ?? null);
  const { type } = mention;
  const value = mention[type];
  if (!isJsonObject(value)) return stableValue(mention);
  if (type === "link_mention") return { href: value.href ?? null, type };
  if (type === "custom_emoji") return { id: value.id ?? null, type };
  return { type, value: stableValue(value) };
}
