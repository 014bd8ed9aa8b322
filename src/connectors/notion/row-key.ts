import { isJsonObject, type Json } from "../../core/json.ts";
import type { Timestamp } from "./filter.ts";
import { minuteOf } from "./time.ts";

/** What walking needs of a listed row. Times in ms, whole minutes. */
export interface RowKey {
  readonly id: string;
  readonly created_time: number;
  readonly last_edited_time: number;
}

/** null for something without id or times, which cannot be placed. */
export function rowKey(row: Json): RowKey | null {
  if (!isJsonObject(row)) return null;
  const { id, created_time: created, last_edited_time: edited } = row;
  if (typeof id !== "string" || typeof created !== "string" || typeof edited !== "string") return null;
  const key = { id, created_time: minuteOf(created), last_edited_time: minuteOf(edited) };
  return Number.isNaN(key.created_time) || Number.isNaN(key.last_edited_time) ? null : key;
}

/** The minutes that these rows carry, in the order of the rows. */
export function minutesOf(rows: readonly Json[], timestamp: Timestamp): number[] {
  return rows.flatMap((row) => rowKey(row)?.[timestamp] ?? []);
}

/**
 * Which rows of the minute last read were listed. A window that follows another starts with that minute again, so
 * only its rows can come twice: remembering them, and no others, is enough.
 */
export class Border {
  #minute = Number.NaN;
  #seen = new Set<string>();
  readonly #timestamp: Timestamp;

  constructor(timestamp: Timestamp) {
    this.#timestamp = timestamp;
  }

  /** False for a row that was listed before as it is now. What cannot be placed in time is always new. */
  isNew(row: Json): boolean {
    const key = rowKey(row);
    if (key === null) return true;
    if (key[this.#timestamp] !== this.#minute) {
      this.#minute = key[this.#timestamp];
      this.#seen = new Set();
    }
    const listed = `${key.id} ${key.last_edited_time}`;
    if (this.#seen.has(listed)) return false;
    this.#seen.add(listed);
    return true;
  }
}
