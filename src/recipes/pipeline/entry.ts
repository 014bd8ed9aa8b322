import type { Json } from "../../core/json.ts";
import { boardProperties as board } from "./board.ts";
import type { Entry } from "./validate.ts";

/** The board's values of a record, by rule name, as an entry to be validated. */
export function entryIn(values: Readonly<Record<string, Json>>): Entry {
  const text = (name: string) => {
    const value = values[name];
    return typeof value === "string" ? value : null;
  };
  return {
    title: text(board.title),
    topic: text(board.topic),
    channel: text(board.channel),
    priority: text(board.priority),
    status: text(board.status),
  };
}
