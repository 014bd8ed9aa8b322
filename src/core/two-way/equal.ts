import { isJsonObject, type Json } from "../json.ts";

/** The same JSON value. Builds no text to compare: it runs for every field of every record of every plan. */
export function isSameValue(a: Json, b: Json): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return (
      Array.isArray(b) && a.length === b.length && a.every((item, at) => isSameValue(item, b[at] ?? null))
    );
  }
  if (!isJsonObject(a) || !isJsonObject(b)) return false;
  const members = Object.entries(a);
  if (members.length !== Object.keys(b).length) return false;
  return members.every(([key, member]) => {
    const other = b[key];
    return other !== undefined && isSameValue(member, other);
  });
}
