import type { Json } from "../../json.ts";
import type { FieldSchema, FieldType, OptionValue } from "../../record.ts";
import type { FieldForm, Translated } from "../mapping.ts";

/**
 * How a side spells text and dates: `structured` as `TextValue` and `DateValue`, `plain` as a string. Both are understood
 * when reading.
 */
export type Spelling = "structured" | "plain";

/** One side of a field. */
export interface SideField {
  readonly schema: FieldSchema;
  readonly spelling: Spelling;
}

/** How values of one kind are compared on a side, and what they are called on the other. */
export interface Codec {
  /** What a side may be for this codec. `opaque` sides are asked value by value. */
  readonly fits: ReadonlySet<FieldType>;
  readonly form: (field: SideField) => FieldForm;
  /** From `from`'s own form to `to`'s. null stays null wherever nothing else is said. */
  readonly translate: (from: SideField, to: SideField) => (own: Json) => Translated;
  /** Whether `to` cannot hold all that `from` tells apart, so that several values of `from` mean the same there. Absent: never. */
  readonly isFiner?: (from: SideField, to: SideField) => boolean;
}

/**
 * Text as it is compared: composed Unicode, one kind of line end, nothing around it; null when that leaves nothing. What
 * a system changes by merely storing a text is no edit.
 */
export function cleanText(text: string): string | null {
  const clean = text.normalize("NFC").replace(/\r\n?/g, "\n").trim();
  return clean === "" ? null : clean;
}

/** The option that a name stands for: as it is spelled, or else the only one that differs in case alone. */
export function optionNamed({ schema: { options = [] } }: SideField, name: string): OptionValue {
  const isNamed = (option: OptionValue) => cleanText(option.name) === name;
  const alike = options.filter((option) => cleanText(option.name)?.toLowerCase() === name.toLowerCase());
  return alike.find(isNamed) ?? (alike.length === 1 ? alike[0] : undefined) ?? { id: null, name };
}

/** Names as the options of a field spell them, looked up in one table: it is asked for every value of every record. */
export function spellerOf({ schema: { options = [] } }: SideField): (name: string) => string {
  const names = options.flatMap((option) => cleanText(option.name) ?? []);
  const exact = new Set(names);
  const alike = Map.groupBy(exact, (name) => name.toLowerCase());
  if (exact.size === 0) return (name) => name;
  return (name) => {
    const [spelled = name, ...others] = exact.has(name) ? [name] : (alike.get(name.toLowerCase()) ?? []);
    return others.length === 0 ? spelled : name;
  };
}
