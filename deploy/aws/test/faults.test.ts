import { describe, expect, it } from "vitest";
import type { Json } from "../../../src/core/json.ts";
import type { Sabotage } from "../local/lambda-host.ts";
import { execute } from "../local/machine.ts";
import { steps } from "../machine.ts";
import { exportOf, library } from "./support/books.ts";
import { StageWorld } from "./support/world.ts";

const books = library(20);
/** Long enough that the work has begun, and mostly too short for its end. */
const killAfterMs = 400;

describe("an import in a bad hour", () => {
  it("is the import of a good one: steps fail and are killed, Notion throttles, breaks and never answers", async () => {
    const text = exportOf(books);
    await using calm = await StageWorld.open();
    await using rough = await StageWorld.open();
    const input = { name: "x.csv", text };
    await execute({ machine: calm.template.machine(), host: calm.host }, { name: "calm", input });
    disturb(rough);
    const machine = rough.template.machine();
    const seen = new Map<string, number>();
    const execution = await execute(
      { machine, host: rough.host, sabotage: (state, given) => sabotageOf(seen, state, given) },
      { name: "rough", input },
    );
    expect(execution.letters).toEqual([]);
    // Every step was hit.
    for (const state of Object.keys(steps)) expect(execution.failures[state], state).toBeGreaterThan(0);
    expect(rough.emulator.faults.rules.every(({ hits }) => hits > 0)).toBe(true);
    expect(rough.shown()).toEqual(calm.shown());
    // One page for each, those in the trash counted: nothing was made twice and thrown away.
    expect(rough.emulator.workspace.rows(rough.setup.books)).toHaveLength(books.length);
    expect(rough.emulator.workspace.rows(rough.setup.series)).toHaveLength(calm.shown().series.length);
  });
});

/** Throttling before anything is done, failures after it was done, connections that break, and answers that never come. */
function disturb({ emulator }: StageWorld): void {
  const rules = [
    {
      match: { method: "POST", path: "/query", nth: 2 },
      effect: { kind: "status", status: 429, retryAfter: 1 },
    },
    {
      match: { method: "POST", path: "^/v1/pages", nth: 3 },
      effect: { kind: "status", status: 429, retryAfter: 1 },
    },
    {
      match: { method: "POST", path: "^/v1/pages", nth: 5 },
      effect: { kind: "status", status: 502, isApplied: true },
    },
    { match: { method: "POST", path: "^/v1/pages", nth: 9 }, effect: { kind: "drop", when: "after" } },
    { match: { method: "POST", path: "^/v1/pages", nth: 12 }, effect: { kind: "drop", when: "before" } },
  ] as const;
  for (const rule of rules) emulator.faults.add(rule);
}

/** The first invocation of each step fails, the second one for another book is killed at its work; all others are left alone. */
function sabotageOf(seen: Map<string, number>, state: string, _: Json): Sabotage | "fail" | null {
  const nth = (seen.get(state) ?? 0) + 1;
  seen.set(state, nth);
  if (nth === 1) return "fail";
  return nth === 4 ? { killAfterMs } : null;
}
