import type { SideField } from "../../core/two-way/codecs/codec.ts";
import { learnWords, type OptionWords, wordForm } from "../../core/two-way/codecs/words.ts";
import type { FieldChange, FieldRule } from "../../core/two-way/mapping.ts";
import { stateOf, statuses } from "./statuses.ts";
import { statusToStep, stepToStatus } from "./step.ts";
import { canPeopleMove, type HumanMoves, moveProblem } from "./transitions.ts";

export interface StatusRuleOptions {
  readonly name: string;
  /** The board's status property, as it is described now. */
  readonly left: SideField;
  /** The table's `$step`. */
  readonly right: SideField;
  /** What options were first seen to mean, by their ids: people may rename them. */
  readonly known: OptionWords;
  readonly moves: HumanMoves;
  /** Why an entry that holds this may not leave Draft; null: it may. */
  readonly refuses: (values: FieldChange["values"]) => string | null;
}

/**
 * The one field that both sides have a say in. The board's half is the status that an option means, the table's the step.
 * People's allowed moves are taken into the table; everything else is set back to what the table says, and when both
 * moved, the table wins.
 */
export function statusRule(options: StatusRuleOptions): {
  readonly rule: FieldRule;
  readonly words: OptionWords;
} {
  const { name, left, right, known, moves, refuses } = options;
  const words = learnWords(left, new Set(statuses.map((status) => status.name)), known);
  const rule: FieldRule = {
    name,
    left: left.schema.id,
    right: right.schema.id,
    owner: "both",
    policy: "right",
    isWriteOnce: false,
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
    elements: null,
    forms: { left: wordForm(left, words), right: wordForm(right, {}) },
    toRight: statusToStep,
    toLeft: stepToStatus,
  };
  return { rule, words };
}

function textOf(value: FieldChange["from"]): string | null {
  return typeof value === "string" ? value : null;
}
