import { isJsonObject, type Json } from "../../core/json.ts";

export interface RowKey {
  readonly id: string;
  readonly createdTime: string;
  readonly lastEditedTime: string;
}

/** What walking needs of a listed row; null for something without id or times, which cannot be placed. */
export function rowKey(row: Json): RowKey | null {
  if (!isJsonObject(row)) return null;
  const { id, created_time: createdTime, last_edited_time: lastEditedTime } = row;
  if (typeof id !== "string" || typeof createdTime !== "string" || typeof lastEditedTime !== "string") return null;
  const isPlaced = !Number.isNaN(Date.parse(createdTime)) && !Number.isNaN(Date.parse(lastEditedTime));
  return isPlaced ? { id, createdTime, lastEditedTime } : null;
}
