import type { SideField } from "../../core/two-way/codecs/codec.ts";
import { learnWords, type OptionWords, wordForm } from "../../core/two-way/codecs/words.ts";
import type { FieldRule } from "../../core/two-way/mapping.ts";

/** A property of the board with options, and its counterpart in the table, as they are described now. */
export interface OptionField {
  readonly name: string;
  readonly left: SideField;
  readonly right: SideField;
  /** What options were first seen to mean, by their ids: people may rename them. */
  readonly known: OptionWords;
}

/** What one such field does differently. */
export type OptionLaw = Pick<FieldRule, "policy" | "accepts" | "canWin" | "toRight" | "toLeft"> & {
  /** The names that mean something. */
  readonly words: Iterable<string>;
};

export interface BoundOptionRule {
  readonly rule: FieldRule;
  readonly words: OptionWords;
}

/** A rule over options: the board's half is the word that an option means, the table's its own text. */
export function optionRule(
  { name, left, right, known }: OptionField,
  { words: meant, ...law }: OptionLaw,
): BoundOptionRule {
  const words = learnWords(left, new Set(meant), known);
  const rule: FieldRule = {
    name,
    left: left.schema.id,
    right: right.schema.id,
    owner: "both",
    isWriteOnce: false,
    elements: null,
    forms: { left: wordForm(left, words), right: wordForm(right, {}) },
    ...law,
  };
  return { rule, words };
}
