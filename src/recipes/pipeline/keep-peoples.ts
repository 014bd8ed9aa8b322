import type { FieldChange } from "../../core/two-way/mapping.ts";

/** Why a program may not change what people wrote; null: there is nothing of theirs yet, or people changed it. */
export function keepPeoples({ side, from }: FieldChange): string | null {
  return side === "right" && from !== null ? "people decide on the board what it says" : null;
}
