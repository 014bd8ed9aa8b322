import { bodyError, lengthError, validationError } from "../http/errors.ts";
import { isObject, type Json, type JsonObject } from "../json.ts";

/** Most elements any array of a request may hold. https://developers.notion.com/reference/request-limits */
export const arrayMax = 100;
/** Most results of one page of a list. */
export const pageSizeMax = 100;

const uuidPattern = /^([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})$/i;

/** The id in dashed lower case, or null when it is none. */
export function toUuid(text: Json | undefined): string | null {
  const parts = typeof text === "string" ? uuidPattern.exec(text) : null;
  return parts === null ? null : parts.slice(1).join("-").toLowerCase();
}

/** An id however it was written: one with other dashes than usual, or none, gets the usual ones; anything else stays. */
export function usualId(text: string): string {
  return toUuid(text) ?? text;
}

/** Text as it was before it was percent-encoded; what is not well encoded stays as it is. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** An id that came in the path. */
export function pathId(text: string | undefined, name: string): string {
  const id = toUuid(text);
  if (id === null) {
    throw validationError(
      `path failed validation: path.${name} should be a valid uuid, instead was \`"${text ?? ""}"\`.`,
    );
  }
  return id;
}

export function idAt(value: Json | undefined, path: string): string {
  const id = toUuid(value);
  if (id === null) throw bodyError(path, "a valid uuid", value);
  return id;
}

export function objectAt(value: Json | undefined, path: string): JsonObject {
  if (!isObject(value)) throw bodyError(path, "an object", value);
  return value;
}

export function arrayAt(value: Json | undefined, path: string): Json[] {
  if (!Array.isArray(value)) throw bodyError(path, "an array", value);
  if (value.length > arrayMax) throw lengthError(path, arrayMax, value.length);
  return value;
}

export function textAt(value: Json | undefined, path: string, lengthMax = Number.POSITIVE_INFINITY): string {
  if (typeof value !== "string") throw bodyError(path, "a string", value);
  if (value.length > lengthMax) throw lengthError(path, lengthMax, value.length);
  return value;
}

/** One of the texts that may stand here. */
export function oneOf<T extends string>(value: Json | undefined, path: string, known: readonly T[]): T {
  const found = known.find((each) => each === value);
  if (found === undefined) {
    const list = known.map((each) => `\`"${each}"\``);
    throw bodyError(path, `${list.slice(0, -1).join(", ")}, or ${list.at(-1)}`, value);
  }
  return found;
}

export function booleanAt(value: Json | undefined, path: string): boolean {
  if (typeof value !== "boolean") throw bodyError(path, "a boolean", value);
  return value;
}

/** `page_size` of a body or of a query string. */
export function pageSizeOf(value: Json | undefined, path: string): number {
  if (value === undefined || value === null) return pageSizeMax;
  const size = typeof value === "string" ? Number(value) : value;
  if (typeof size !== "number" || !Number.isInteger(size) || size < 1)
    throw bodyError(path, "a number greater than 0", value);
  if (size > pageSizeMax)
    throw validationError(
      `${path.replace(/\..*$/, "")} failed validation: ${path} should be ≤ \`100\`, instead was \`${size}\`.`,
    );
  return size;
}
