/** A JSON value: what crosses every boundary and what history keeps. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** True for a plain JSON object: not null, not an array. */
export function isJsonObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The same value with every object's keys in UTF-16 order, so that two equal values give equal text.
 * Refuses what JSON would silently change (NaN, infinities): a hash of a changed value proves nothing.
 */
export function sortKeys(value: Json): Json {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new TypeError(`cannot canonicalise ${value}: JSON has no such number`);
  }
  if (Array.isArray(value)) return value.map(sortKeys);
  if (!isJsonObject(value)) return value;
  const sorted: Record<string, Json> = Object.create(null);
  for (const key of Object.keys(value).sort()) sorted[key] = sortKeys(value[key] as Json);
  return sorted;
}

/** Canonical JSON text: sorted keys, no spaces. Equal values, equal text. */
export function canonicalJson(value: Json): string {
  return JSON.stringify(sortKeys(value));
}
