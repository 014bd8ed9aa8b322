import { describe, expect, it } from "vitest";
import type { PairInput, SidePresence } from "../../../src/core/two-way/pair.ts";
import { planPair } from "../../../src/core/two-way/plan.ts";
import {
  allPolicies,
  bases,
  lefts,
  manyToOne,
  policies,
  preferences,
  presences,
  questions,
  readable,
  rights,
  viewOf,
} from "./exhaustive.ts";
import { planProperties } from "./properties.ts";
import { type Rest, ruleOf, settleDown } from "./world.ts";

/** Ten seconds of one core in all; more wall time where several test files share it. */
const timeout = 300_000;

const properties = Object.entries(planProperties);

/** Checks every property on every input; the first few that fail are shown whole. */
function checkAll(inputs: Iterable<PairInput>): {
  readonly count: number;
  readonly failures: readonly string[];
} {
  let count = 0;
  const failures: string[] = [];
  for (const input of inputs) {
    count += 1;
    const plan = planPair(input);
    let known: Rest | null = null;
    const rest = () => {
      known ??= settleDown(input);
      return known;
    };
    for (const [name, problem] of properties) {
      const found = problem(input, plan, rest);
      if (found !== null && failures.length < 3)
        failures.push(`${name}: ${found}\n${JSON.stringify({ input, plan })}`);
    }
  }
  return { count, failures };
}

const deaths: readonly SidePresence[] = ["trashed", "gone"];

/** Every base, presence, pair of values, owner and policy; where one side died, every delete policy. */
function* allPairs(): Generator<PairInput> {
  const anyPolicy = policies(["propagate"], ["edit"]);
  for (const base of bases) {
    for (const leftPresence of presences) {
      for (const rightPresence of presences) {
        const isDeath = deaths.includes(leftPresence) !== deaths.includes(rightPresence);
        for (const policy of isDeath && base.status === "live" ? allPolicies : anyPolicy) {
          for (const { rule, times } of preferences) {
            for (const left of lefts) {
              for (const right of rights) {
                yield {
                  base,
                  left: viewOf("left", leftPresence, left, times),
                  right: viewOf("right", rightPresence, right, times),
                  rules: [rule],
                  policy,
                  openConflicts: [],
                  settlements: [],
                  suspended: [],
                };
              }
            }
          }
        }
      }
    }
  }
}

/** Questions to people, suspended fields and fields that are handed over once, wherever a record can be read. */
function* allQuestions(): Generator<PairInput> {
  const rules = (["both", "left", "right"] as const).flatMap((owner) =>
    [false, true].flatMap((isWriteOnce) =>
      (["ask", "left"] as const).map((policy) => ruleOf({ owner, policy, isWriteOnce, ...manyToOne })),
    ),
  );
  for (const base of bases) {
    for (const leftPresence of readable) {
      for (const rightPresence of readable) {
        for (const policy of policies(["propagate"], ["ask"])) {
          for (const rule of rules) {
            for (const { openConflicts, settlements } of questions) {
              for (const left of lefts) {
                for (const right of rights) {
                  yield {
                    base,
                    left: viewOf("left", leftPresence, left, null),
                    right: viewOf("right", rightPresence, right, null),
                    rules: [rule],
                    policy,
                    openConflicts,
                    settlements,
                    suspended: rule.policy === "left" && settlements.length === 0 ? ["field"] : [],
                  };
                }
              }
            }
          }
        }
      }
    }
  }
}

describe("the planner, on everything there is of one field", () => {
  it("keeps P1 to P12 for all bases, presences, values, owners and policies", { timeout }, () => {
    const { count, failures } = checkAll(allPairs());
    expect(failures).toEqual([]);
    expect(count).toBeGreaterThan(1_000_000);
  });

  it("keeps them with questions, settlements, suspended fields and fields handed over once", {
    timeout,
  }, () => {
    const { count, failures } = checkAll(allQuestions());
    expect(failures).toEqual([]);
    expect(count).toBeGreaterThan(500_000);
  });
});
