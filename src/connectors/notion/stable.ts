import { isJsonObject, type Json, sortKeys } from "../../core/json.ts";

/** A file Notion hosts has a link that is signed anew on every read; what stays is its address. */
export function stableUrl(url: string): string {
  const end = url.search(/[?#]/);
  return end === -1 ? url : url.slice(0, end);
}

/**
 * Any value in canonical form without what changes by itself: the signatures and expiry times of hosted files, and
 * the profile of a person beside the id.
 */
export function stableValue(value: Json): Json {
  return sortKeys(withoutSignatures(value));
}

function withoutSignatures(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutSignatures);
  if (!isJsonObject(value)) return value;
  if (value.object === "user" && typeof value.id === "string") return { id: value.id };
  const isHosted = "expiry_time" in value;
  const kept: Record<string, Json> = {};
  for (const [key, member] of Object.entries(value)) {
    if (key === "expiry_time") continue;
    kept[key] =
      isHosted && key === "url" && typeof member === "string" ? stableUrl(member) : withoutSignatures(member);
  }
  return kept;
}
