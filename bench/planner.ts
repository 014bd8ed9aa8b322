import type { Json } from "../src/core/json.ts";
import type { FieldSchema, FieldType } from "../src/core/record.ts";
import { bindRules } from "../src/core/two-way/bind.ts";
import type { FieldRule } from "../src/core/two-way/mapping.ts";
import type { PairInput, ValuePair, Values } from "../src/core/two-way/pair.ts";
import { planPair } from "../src/core/two-way/plan.ts";
import { type BenchResult, machine, median } from "./support.ts";

const records = 100_000;
const changedShare = 0.01;
const rounds = 9;

const kinds: readonly (readonly [string, FieldType, FieldType])[] = [
  ["title", "text", "text"],
  ["notes", "text", "text"],
  ["url", "opaque", "text"],
  ["estimate", "number", "number"],
  ["isDone", "boolean", "boolean"],
  ["due", "date", "date"],
  ["owner", "text", "text"],
  ["area", "option", "text"],
  ["status", "option", "text"],
  ["labels", "options", "opaque"],
];

/** Plans linked records of ten fields, one in a hundred edited, beside a loop that only compares the same values. */
export async function measurePlanner(): Promise<BenchResult> {
  const rules = benchRules();
  const inputs = Array.from({ length: records }, (_, at) => inputOf(rules, at));
  const planTimes: number[] = [];
  const floorTimes: number[] = [];
  let writes = 0;
  let changed = 0;
  for (let round = -2; round < rounds; round += 1) {
    const startedAt = performance.now();
    writes = countWrites(inputs);
    const plannedAt = performance.now();
    changed = countChanged(inputs);
    const comparedAt = performance.now();
    if (round < 0) continue;
    planTimes.push(plannedAt - startedAt);
    floorTimes.push(comparedAt - plannedAt);
  }
  if (writes !== changed) throw new Error(`${writes} writes were planned for ${changed} changed records`);
  const [plan, floor] = [median(planTimes), median(floorTimes)];
  return {
    name: "planner",
    figures: [
      { label: "records planned per second", value: (records / plan) * 1000, unit: "1/s" },
      { label: "records compared per second by a plain loop", value: (records / floor) * 1000, unit: "1/s" },
      { label: "ratio of the times", value: plan / floor, unit: "×" },
      { label: "records with a write", value: writes, unit: "" },
    ],
    how:
      `${machine}. ${records} linked records of ${kinds.length} fields, one of them a mapped status and one a set, ` +
      `${changedShare * 100} % with one changed value; medians of ${rounds} rounds after two to warm up. The loop compares ` +
      "every value of both sides with its base, and does nothing else.",
  };
}

function benchRules(): readonly FieldRule[] {
  const fieldOf = (name: string, type: FieldType): FieldSchema => {
    return { id: name, name, type, vendorType: type, isDerived: false };
  };
  const map = {
    toRight: { "To do": "open", Doing: "open", Done: "closed" },
    toLeft: { open: "To do", closed: "Done" },
  };
  return bindRules(
    kinds.map(([name]) => ({ name, left: name, right: name, ...(name === "status" ? { map } : {}) })),
    {
      left: {
        label: "left",
        fields: kinds.map(([name, type]) => fieldOf(name, type)),
        spelling: "structured",
      },
      right: {
        label: "right",
        fields: kinds.map(([name, , type]) => fieldOf(name, type)),
        spelling: "plain",
      },
    },
    null,
  ).rules;
}

function inputOf(rules: readonly FieldRule[], at: number): PairInput {
  const left: Record<string, Json> = {
    title: `Task ${at}`,
    notes: `Some words about task ${at}, as people write them`,
    url: `https://example.com/tasks/${at}`,
    estimate: at % 13,
    isDone: at % 3 === 0,
    due: `2026-01-${String((at % 28) + 1).padStart(2, "0")}`,
    owner: at % 5 === 0 ? null : `person ${at % 40}`,
    area: `area ${at % 7}`,
    status: at % 3 === 0 ? "Done" : at % 3 === 1 ? "Doing" : "To do",
    labels: [`label ${at % 4}`, `label ${(at % 4) + 4}`],
  };
  const right: Record<string, Json> = { ...left, status: at % 3 === 0 ? "closed" : "open" };
  const fields: Record<string, ValuePair> = {};
  for (const { name } of rules) fields[name] = { left: left[name] ?? null, right: right[name] ?? null };
  const isChanged = at % Math.round(1 / changedShare) === 0;
  // Copies, as they come from a store and from a connector: equal text, not the same object.
  const values: Values = structuredClone(isChanged ? { ...left, notes: "edited" } : left);
  return {
    base: { status: "live", fields },
    left: { presence: "live", values, doubts: [], changedIn: {} },
    right: { presence: "live", values: structuredClone(right), doubts: [], changedIn: {} },
    rules,
    policy: {
      creates: { left: true, right: true },
      onDelete: "propagate",
      onDeleteEdit: "edit",
      tieBreak: "left",
    },
    openConflicts: [],
    settlements: [],
    suspended: [],
  };
}

function countWrites(inputs: readonly PairInput[]): number {
  let count = 0;
  for (const input of inputs) {
    const { writes } = planPair(input);
    if (writes.left !== null || writes.right !== null) count += 1;
  }
  return count;
}

function countChanged(inputs: readonly PairInput[]): number {
  let count = 0;
  for (const { base, left, right, rules } of inputs) {
    let isChanged = false;
    for (const { name } of rules) {
      const agreed = base.fields[name];
      const isSame = isEqual(left.values[name], agreed?.left) && isEqual(right.values[name], agreed?.right);
      if (!isSame) isChanged = true;
    }
    if (isChanged) count += 1;
  }
  return count;
}

function isEqual(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
  return a.every((item, at) => item === b[at]);
}
