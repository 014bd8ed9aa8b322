import { type BoundOptionRule, type OptionField, optionRule } from "./option-rule.ts";
import { isPriority, priorities, priorityNames, priorityOf } from "./validate.ts";

/**
 * People decide. What they leave empty the table fills in, what they empty later comes back, and an option of their own
 * counts as Normal and stays on the board.
 */
export function priorityRule(field: OptionField): BoundOptionRule {
  return optionRule(field, {
    words: priorities.map((priority) => priorityNames[priority]),
    policy: "left",
    accepts: ({ to }) => (to === null ? "an entry always has a priority" : null),
    toRight: (option) => ({ value: typeof option === "string" ? priorityOf(option) : null }),
    toLeft: (priority) =>
      typeof priority === "string" && isPriority(priority)
        ? { value: priorityNames[priority] }
        : { unmappable: `${JSON.stringify(priority)} is no priority` },
  });
}
