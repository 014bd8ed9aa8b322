import type { Json } from "../core/json.ts";
import { oneLine } from "./table.ts";

/** A value on one line, safe to print. */
export function valueText(value: Json, lengthMax = 60): string {
  if (value === null) return "(empty)";
  return oneLine(typeof value === "string" ? value : JSON.stringify(value), lengthMax) || "(empty)";
}
