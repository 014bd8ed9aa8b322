import { canonicalJson, type Json } from "./json.ts";

/** Field values by field name. A name that is absent was not observed. */
export type FieldValues = Readonly<Record<string, Json>>;

/** Both sides changed one field since the base, to different values. */
export interface FieldConflict {
  readonly field: string;
  readonly base: Json;
  readonly left: Json;
  readonly right: Json;
}

export interface Merge {
  /** The right side's values after the merge. */
  readonly values: FieldValues;
  /** The left side's values as now known: its base for the next merge. */
  readonly leftBase: FieldValues;
  /** Fields whose right value changes. */
  readonly changed: readonly string[];
  readonly conflicts: readonly FieldConflict[];
}

/** One field's row of the table, by "left changed" and "right changed" since the base. */
type FieldOutcome = "keep right" | "set left" | "conflict, left wins";

const fieldTable: Record<"changed" | "same", Record<"changed" | "same", FieldOutcome>> = {
  same: { same: "keep right", changed: "keep right" },
  changed: { same: "set left", changed: "conflict, left wins" },
};

/**
 * Three-way merge into the right side, field by field, left winning a conflict. Each side is judged against its own
 * base, so a right edit survives every left change to other fields. A field the left read did not observe stays as
 * it is on the right, and keeps its old base: unknown is never a change.
 */
export function mergeFields(sides: {
  left: FieldValues;
  leftBase: FieldValues;
  right: FieldValues;
  rightBase: FieldValues;
}): Merge {
  const values: Record<string, Json> = { ...sides.right };
  const leftBase: Record<string, Json> = { ...sides.leftBase, ...sides.left };
  const changed: string[] = [];
  const conflicts: FieldConflict[] = [];
  for (const [field, left] of Object.entries(sides.left)) {
    const right = sides.right[field] ?? null;
    if (isEqual(left, right)) continue;
    const base = sides.leftBase[field] ?? null;
    const leftChange = isEqual(left, base) && field in sides.leftBase ? "same" : "changed";
    const rightChange = isEqual(right, sides.rightBase[field] ?? null) ? "same" : "changed";
    const outcome = fieldTable[leftChange][rightChange];
    if (outcome === "keep right") continue;
    if (outcome === "conflict, left wins") conflicts.push({ field, base, left, right });
    values[field] = left;
    changed.push(field);
  }
  return { values, leftBase, changed, conflicts };
}

export function isEqual(a: Json, b: Json): boolean {
  return a === b || canonicalJson(a) === canonicalJson(b);
}
