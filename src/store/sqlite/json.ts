import type { Json } from "../../core/json.ts";

/** JSON columns hold SQL NULL for null, so that people can ask `IS NULL`. */
export function jsonToText(value: Json): string | null {
  return value === null ? null : JSON.stringify(value);
}

/** Reads back what `jsonToText` wrote. */
export function textToJson(text: string | null): Json {
  return text === null ? null : (JSON.parse(text) as Json);
}
