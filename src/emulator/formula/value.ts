/** A day (`2026-11-21`) or a time with its offset, and where it ends. */
export interface DateRange {
  readonly start: string;
  readonly end: string | null;
}

/** What a formula can be. Null: empty, of that type all the same. An empty text is empty. */
export type Value =
  | { readonly type: "number"; readonly value: number | null }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "boolean"; readonly value: boolean }
  | { readonly type: "date"; readonly value: DateRange | null };

/** JSON has no infinity, no NaN and no minus zero: what cannot be computed is empty. */
export function numberValue(value: number | null): Value {
  return { type: "number", value: value !== null && Number.isFinite(value) ? value + 0 : null };
}

export function textValue(value: string): Value {
  return { type: "string", value };
}

export function booleanValue(value: boolean): Value {
  return { type: "boolean", value };
}

export function dateValue(value: DateRange | null): Value {
  return { type: "date", value };
}
