import { hash } from "node:crypto";

/** Postgres cuts longer names off without a word. */
const NAME_BYTES_MAX = 63;

/** An identifier as both databases read it, whatever is in it. */
export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text literal, for DDL, which takes no parameters. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** The name of one of our own objects for a table: unique, also where the table's name leaves no room. */
export function objectName(prefix: string, table: string): string {
  const name = `${prefix}_${table}`;
  if (Buffer.byteLength(name) <= NAME_BYTES_MAX) return name;
  const digest = hash("sha256", table).slice(0, 12);
  let cut = name;
  while (Buffer.byteLength(cut) > NAME_BYTES_MAX - digest.length - 1) cut = cut.slice(0, -1);
  return `${cut.toWellFormed()}_${digest}`.replaceAll("\uFFFD", "");
}

/** What is installed beside one table. */
export interface CaptureNames {
  readonly changes: string;
  readonly rows: string;
  readonly capture: string;
}

export function captureNames(table: string): CaptureNames {
  return {
    changes: objectName("lockstep_changes", table),
    rows: objectName("lockstep_rows", table),
    capture: objectName("lockstep_capture", table),
  };
}
