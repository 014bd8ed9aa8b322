import type { SideField } from "../../core/two-way/codecs/codec.ts";
import { learnWords, type OptionWords, wordForm } from "../../core/two-way/codecs/words.ts";
import type { FieldRule } from "../../core/two-way/mapping.ts";
import { isPriority, priorities, priorityNames, priorityOf } from "./validate.ts";

/**
 * People decide. What they leave empty the table fills in, what they empty later comes back, and an option of their own
 * counts as Normal and stays on the board.
 */
export function priorityRule({
  name,
  left,
  right,
  known,
}: {
  readonly name: string;
  readonly left: SideField;
  readonly right: SideField;
  /** What options were first seen to mean, by their ids: people may rename them. */
  readonly known: OptionWords;
}): { readonly rule: FieldRule; readonly words: OptionWords } {
  const names = new Set(priorities.map((priority) => priorityNames[priority]));
  const words = learnWords(left, names, known);
  const rule: FieldRule = {
    name,
    left: left.schema.id,
    right: right.schema.id,
    owner: "both",
    policy: "left",
    isWriteOnce: false,
    accepts: ({ to }) => (to === null ? "an entry always has a priority" : null),
    elements: null,
    forms: { left: wordForm(left, words), right: wordForm(right, {}) },
    toRight: (option) => ({ value: typeof option === "string" ? priorityOf(option) : null }),
    toLeft: (priority) =>
      typeof priority === "string" && isPriority(priority)
        ? { value: priorityNames[priority] }
        : { unmappable: `${JSON.stringify(priority)} is no priority` },
  };
  return { rule, words };
}
