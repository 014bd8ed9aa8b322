const listOf = (text) =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");

const fileText = (file) => file.external?.url ?? file.name;
const richText = (text) => (text === "" ? [] : [{ text: { content: text } }]);
const textOrNull = (text) => text || null;

/** Values that are typed as text: what a text becomes in a write, and what to type where that is not plain. */
export const typed = {
  title: { write: richText },
  rich_text: { write: richText },
  number: { write: numberIn },
  url: { write: textOrNull },
  email: { write: textOrNull },
  phone_number: { write: textOrNull },
  date: { write: dateIn, hint: "2026-01-31, or two with a / between" },
  files: { write: filesIn, hint: "URLs, with commas between" },
};

function numberIn(text) {
  if (text.trim() === "") return null;
  const number = Number(text);
  // JSON has no other numbers: they would arrive as null, and empty the cell.
  if (!Number.isFinite(number)) throw new Error(`“${text}” is not a number. Nothing was changed.`);
  return number;
}

function dateIn(text) {
  const [start, end, ...more] = text.split("/").map((part) => part.trim());
  if (more.length > 0) throw new Error(`“${text}” is not a date or two. Nothing was changed.`);
  return start === "" ? null : { start, end: end || null };
}

/** Files that were there stay as they are, those in Notion's own storage too. */
function filesIn(text, before) {
  return listOf(text).map(
    (url) => before.find((file) => fileText(file) === url) ?? { name: url, external: { url } },
  );
}

/** Any value as text, read-only ones included. */
export function textOf(value) {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) {
    const isRichText = value.some((item) => item?.plain_text !== undefined);
    return value.map(textOf).join(isRichText ? "" : ", ");
  }
  if (typeof value !== "object") return String(value);
  if (value.plain_text !== undefined) return value.plain_text;
  if (value.start !== undefined) return value.end ? `${value.start} / ${value.end}` : value.start;
  if (value.prefix !== undefined) return value.prefix ? `${value.prefix}-${value.number}` : `${value.number}`;
  if (value.external !== undefined || value.file !== undefined) return fileText(value);
  if (value.type !== undefined && value.type in value && value.object !== "user")
    return textOf(value[value.type]);
  return value.name ?? value.id ?? "";
}

/** Times to the minute, as Notion keeps them. */
export function timeText(text) {
  return text.replace(/(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\d\.\d{3}(Z|\+00:00)/g, "$1 $2");
}
