import { faultClasses } from "./options.ts";
import type { Case, Result } from "./simulate.ts";

const LINES_MAX = 60;

/** A failing run for people: what broke, under which weather, and what happened to the record that it concerns. */
export function renderFailure(what: Case, result: Result): string {
  const [violation] = result.violations;
  if (violation === undefined) return "nothing is wrong";
  const { rates, weights: _weights, ...options } = what.options;
  const weather = faultClasses
    .filter((fault) => rates[fault] > 0)
    .map((fault) => `${fault} ${rates[fault].toFixed(3)}`);
  return [
    `${violation.invariant}: ${violation.message}`,
    `options: ${JSON.stringify(options)}`,
    `faults: ${weather.join(", ") || "none"}; tape ${Math.min(what.tapeLimit, result.tapeDrawn)} draws`,
    `acts: ${what.acts.map(({ at, kind, side, token }) => `${Math.round(at / 1000)}s ${kind} ${side} ${token}`).join(", ")}`,
    "trace:",
    ...aboutRecord(result.lines, violation.recordId).slice(-LINES_MAX),
  ].join("\n");
}

/** Lines that name the record, its pair or its counterpart; without a record, all of them. */
function aboutRecord(lines: readonly string[], recordId: string | null): readonly string[] {
  if (recordId === null) return lines;
  const names = new Set([recordId]);
  for (const line of lines)
    if (line.includes(recordId)) for (const name of line.match(idsIn) ?? []) names.add(name);
  return lines.filter((line) => worldly.test(line) || [...names].some((name) => line.includes(name)));
}

const idsIn = /019a0000-0000-7000-8000-[0-9a-f]{12}|row-\d{5}/g;
const worldly = /^\d+ (?:CRASH|OUTAGE|HIDDEN|VIOLATION|REFUSED)/;
