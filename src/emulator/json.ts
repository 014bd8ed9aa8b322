/** JSON as requests carry it and answers are built from it. */
export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

/** True for a JSON object: not null, not an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The member when it is an object, else an empty one: for optional nested members. */
export function objectOr(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}

/** The member when it is a string, else the fallback. */
export function stringOr(value: Json | undefined, fallback: string): string {
  return typeof value === "string" ? value : fallback;
}
