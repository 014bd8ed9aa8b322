import aslValidator from "asl-validator";
import { describe, expect, inject, it } from "vitest";
import { isJsonObject } from "../../../src/core/json.ts";
import { Template, tasksIn } from "../local/template.ts";
import { booksAtOnce, steps } from "../machine.ts";

const machine = new Template(JSON.parse(inject("template"))).machine();

describe("the state machine of an import", () => {
  it("is valid, as Amazon's language has it", () => {
    const { isValid, errorsText } = aslValidator(machine.definition as never);
    expect(isValid, isValid ? "" : errorsText()).toBe(true);
  });

  it("runs the handlers that it is said to run", () => {
    expect(machine.functionByState).toEqual(steps);
    expect(machine.otherTasks).toEqual({
      BookToDeadLetters: "letter",
      ImportToDeadLetters: "letter",
      NextBooks: "next",
    });
  });

  it("does so many books at once as the rate allows", () => {
    const { States } = machine.definition;
    const eachBook = isJsonObject(States) ? States.EachBook : null;
    expect(eachBook).toMatchObject({ Type: "Map", ItemsPath: "$.items", MaxConcurrency: booksAtOnce(180) });
    expect([60, 180, 600].map(booksAtOnce)).toEqual([2, 4, 11]);
  });

  it("tries every step again, longer each time, but not what a person has to mend; and keeps what it gives up", () => {
    const tasks = [...tasksIn(machine.definition)].filter(([name]) => name in steps);
    expect(tasks.map(([name]) => name).sort()).toEqual(Object.keys(steps).sort());
    for (const [name, { Retry, Catch }] of tasks) {
      expect(Retry, name).toEqual([
        { ErrorEquals: ["LockstepRefused"], MaxAttempts: 0 },
        {
          ErrorEquals: ["States.ALL"],
          IntervalSeconds: 2,
          BackoffRate: 2,
          MaxDelaySeconds: 120,
          MaxAttempts: 20,
          JitterStrategy: "FULL",
        },
      ]);
      expect(Catch, name).toEqual([
        { ErrorEquals: ["States.ALL"], ResultPath: "$.error", Next: expect.stringMatching(/ToDeadLetters$/) },
      ]);
    }
  });
});
