import type { FieldChange } from "../../core/two-way/mapping.ts";
import { type BoundOptionRule, type OptionField, optionRule } from "./option-rule.ts";
import { stateOf, statuses } from "./statuses.ts";
import { statusToStep, stepToStatus } from "./step.ts";
import { canPeopleMove, type HumanMoves, moveProblem } from "./transitions.ts";

/** The board's status property and the table's `$step`. */
export interface StatusRuleOptions extends OptionField {
  readonly moves: HumanMoves;
  /** Why an entry that holds this may not leave Draft; null: it may. */
  readonly refuses: (values: FieldChange["values"]) => string | null;
}

/**
 * The one field that both sides have a say in. The board's half is the status that an option means, the table's the step.
 * People's allowed moves are taken into the table; everything else is set back to what the table says, and when both
 * moved, the table wins.
 */
export function statusRule({ moves, refuses, ...field }: StatusRuleOptions): BoundOptionRule {
  return optionRule(field, {
    words: statuses.map((status) => status.name),
    policy: "right",
    accepts: ({ side, from, to, values }) => {
      if (side === "right") return null;
      const problem = moveProblem(moves, { from: textOf(from), to: textOf(to) });
      if (problem !== null) return problem;
      return typeof to === "string" && stateOf(to) !== "draft" ? refuses(values) : null;
    },
    // Both have moved when the table's status is written: it wins, but a move that people were free to make is seen first.
    canWin: (side, agreed) => {
      const state = typeof agreed === "string" ? stateOf(agreed) : undefined;
      return side === "right" || state === undefined || canPeopleMove(moves, state);
    },
    toRight: statusToStep,
    toLeft: stepToStatus,
  });
}

function textOf(value: FieldChange["from"]): string | null {
  return typeof value === "string" ? value : null;
}
