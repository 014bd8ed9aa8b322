import type { DemoCalls, DemoEvent, DemoReport } from "../../app/demo.ts";
import { LockstepError } from "../../core/errors.ts";
import type { CommandContext, CommandResult } from "../command.ts";
import { type Painter, painterFor } from "../paint.ts";
import { type Column, table } from "../table.ts";
import { diffText } from "./diff.ts";
import { historyText } from "./history.ts";
import { syncText } from "./sync.ts";

/** Shows Lockstep at work on an emulated Notion. */
export async function demo(
  { io, deps, flags }: CommandContext,
  recipe: string | undefined,
  { once }: { once?: boolean },
): Promise<CommandResult> {
  const run = demoOf(deps, recipe);
  const output = flags.json === true ? io.stderr : io.stdout;
  const paint = painterFor(io);
  const report = await run({
    // Nobody can look around, or press Ctrl-C, where there is no terminal.
    isOnce: once === true || flags.json === true || !io.isInteractive,
    onEvent: (event) => output.write(`${eventText(event, paint)}\n`),
    signal: io.signal,
  });
  return { exitCode: report.ok ? 0 : 1, document: report, text: "" };
}

function demoOf(deps: CommandContext["deps"], recipe: string | undefined) {
  if (recipe === undefined) return deps.runDemo;
  if (recipe === "pipeline") return deps.runPipelineDemo;
  if (recipe === "library") return deps.runLibraryDemo;
  if (recipe === "planning") return deps.runPlanningDemo;
  throw new LockstepError("USAGE", `demo: expected pipeline, library, planning or nothing, got "${recipe}".`);
}

function eventText(event: DemoEvent, paint: Painter): string {
  switch (event.kind) {
    case "heading":
      return ["", paint("yellow", `── ${event.title}`), ...event.lines.map((line) => `   ${line}`)].join(
        "\n",
      );
    case "runs":
      return syncText(event.reports);
    case "history":
      return historyText(event.report);
    case "diff":
      return diffText(event.report, paint);
    case "board":
      return boardText(event.columns, paint);
    case "calls":
      return table(callColumns, event.calls);
    case "checks":
      return checksText(event.checks, paint);
  }
}

function boardText(columns: Extract<DemoEvent, { kind: "board" }>["columns"], paint: Painter): string {
  const width = Math.max(...columns.map(({ status }) => status.length), 0);
  return columns
    .map(({ status, entries }) => `   ${paint("green", status.padEnd(width))}  ${entries.join("   ")}`)
    .join("\n");
}

const callColumns: readonly Column<DemoCalls>[] = [
  { title: "VISIT", value: ({ visit }) => visit },
  { title: "CALLS", value: ({ byRoute }) => Object.values(byRoute).reduce((sum, each) => sum + each, 0) },
  {
    title: "WHICH",
    value: ({ byRoute }) =>
      Object.entries(byRoute)
        .map(([route, times]) => `${times} × ${route}`)
        .join(", "),
  },
];

function checksText(checks: DemoReport["checks"], paint: Painter): string {
  const lines = table(
    [
      { title: "CHECK", value: ({ name }) => name },
      { title: "FOUND", value: ({ detail }) => detail },
    ],
    checks,
  ).split("\n");
  const marks = ["  ", ...checks.map(({ ok }) => (ok ? paint("green", "✓ ") : paint("red", "✗ ")))];
  const failed = checks.filter(({ ok }) => !ok).length;
  const verdict =
    failed === 0 ? `All ${checks.length} checks passed.` : `${failed} of ${checks.length} checks FAILED.`;
  return [...lines.map((line, index) => `${marks[index] ?? ""}${line}`), "", verdict].join("\n");
}
