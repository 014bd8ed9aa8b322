import { isObject, type Json, type JsonObject, objectOr, stringOr } from "../json.ts";
import { colorToMarkdown, pageUrl, renderAttributes } from "./attributes.ts";

/** Rich text, in the form of answers, as inline Markdown. */
export function renderInline(items: Json | undefined): string {
  const runs = Array.isArray(items) ? items.filter(isObject) : [];
  return runs.map(renderItem).join("");
}

function renderItem(item: JsonObject): string {
  if (item.type === "equation") return `$\`${stringOr(objectOr(item.equation).expression, "")}\`$`;
  const annotations = objectOr(item.annotations);
  if (item.type === "mention") return styled(renderMention(item), annotations);
  const text = stringOr(item.plain_text, "");
  // Marks stand next to the text they format, spaces outside of them.
  const core = text.trim();
  if (core === "") return breaks(text);
  const start = text.slice(0, text.length - text.trimStart().length);
  const end = text.slice(text.trimEnd().length);
  const shown = annotations.code === true ? fenced(core) : breaks(escapeInline(core));
  const formatted = styled(shown, annotations);
  const linked = typeof item.href === "string" ? `[${formatted}](${item.href})` : formatted;
  return breaks(start) + linked + breaks(end);
}

function breaks(text: string): string {
  return text.replaceAll("\n", "<br>");
}

function escapeInline(text: string): string {
  return text.replaceAll(/[\\*~`$[\]<>{}|^]/g, "\\$&");
}

/** Inline code; one that holds backticks gets longer marks. */
function fenced(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map((run) => run[0].length));
  const marks = "`".repeat(longest + 1);
  const pad = text.startsWith("`") || text.endsWith("`") ? " " : "";
  return marks + pad + text + pad + marks;
}

function styled(text: string, annotations: JsonObject): string {
  let shown = text;
  if (annotations.italic === true) shown = `*${shown}*`;
  if (annotations.bold === true) shown = `**${shown}**`;
  if (annotations.strikethrough === true) shown = `~~${shown}~~`;
  const underline = annotations.underline === true ? "true" : null;
  const attributes = renderAttributes({ underline, color: colorToMarkdown(annotations.color) });
  return attributes === "" ? shown : `<span${attributes}>${shown}</span>`;
}

function renderMention(item: JsonObject): string {
  const mention = objectOr(item.mention);
  const type = stringOr(mention.type, "");
  const target = objectOr(mention[type]);
  const id = stringOr(target.id, "");
  const text = stringOr(item.plain_text, "");
  switch (type) {
    case "user":
      return `<mention-user url="user://${id}">${escapeInline(text.replace(/^@/, ""))}</mention-user>`;
    case "page":
    case "database":
      return `<mention-${type} url="${pageUrl(id)}">${escapeInline(text)}</mention-${type}>`;
    case "data_source":
      return `<mention-data-source url="collection://${id}">${escapeInline(text)}</mention-data-source>`;
    case "date":
      return renderDate(target);
    case "custom_emoji":
      return `:${stringOr(target.name, "")}:`;
    default:
      return typeof item.href === "string" ? `[${escapeInline(text)}](${item.href})` : escapeInline(text);
  }
}

function renderDate({ start, end, time_zone }: JsonObject): string {
  const parts = (value: Json | undefined): (string | null)[] =>
    typeof value === "string" ? [value.slice(0, 10), value.slice(11, 16) || null] : [null, null];
  const [startDay = null, startTime = null] = parts(start);
  const [endDay = null, endTime = null] = parts(end);
  const timeZone = typeof time_zone === "string" ? time_zone : null;
  return `<mention-date${renderAttributes({ start: startDay, startTime, end: endDay, endTime, timeZone })}/>`;
}
