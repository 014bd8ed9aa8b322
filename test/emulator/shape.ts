import type { Json } from "./harness.ts";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const minute = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:00\.000Z$/;
const exact = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}\+00:00$/;

/** What kind of text a string is: formats count, contents do not. */
function kindOf(value: Json | undefined): string {
  if (value === undefined) return "absent";
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value !== "string") return typeof value;
  if (uuid.test(value)) return "uuid";
  if (minute.test(value)) return "minute";
  return exact.test(value) ? "exact time" : "string";
}

/** Members whose text is part of the shape. */
const fixedText = new Set([
  "object",
  "type",
  "code",
  "name",
  "color",
  "message",
  "plain_text",
  "content",
  "markdown",
  "status",
  "filename",
  "content_type",
]);

/** Where two answers differ in keys, types, formats, flags, list lengths or fixed texts: "path: recorded / answered". */
export function differences(recorded: Json | undefined, answered: Json | undefined, path = "$"): string[] {
  const kinds = [kindOf(recorded), kindOf(answered)];
  if (kinds[0] !== kinds[1]) return [`${path}: ${kinds.join(" / ")}`];
  if (Array.isArray(recorded) && Array.isArray(answered)) {
    if (recorded.length !== answered.length)
      return [`${path}: ${recorded.length} / ${answered.length} elements`];
    return recorded.flatMap((each, index) => differences(each, answered[index], `${path}[${index}]`));
  }
  if (isRecord(recorded) && isRecord(answered)) {
    const keys = new Set([...Object.keys(recorded), ...Object.keys(answered)]);
    return [...keys].flatMap((key) => differences(recorded[key], answered[key], `${path}.${key}`));
  }
  const isFixed = typeof recorded === "boolean" || fixedText.has(path.replace(/^.*\./, ""));
  return isFixed && recorded !== answered ? [`${path}: ${String(recorded)} / ${String(answered)}`] : [];
}

function isRecord(value: Json | undefined): value is { [key: string]: Json } {
  return kindOf(value) === "object";
}
