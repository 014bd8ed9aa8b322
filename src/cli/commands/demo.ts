import type { DemoCalls, DemoEvent, DemoReport } from "../../app/demo.ts";
import type { CommandContext, CommandResult } from "../command.ts";
import { type Painter, painterFor } from "../paint.ts";
import { type Column, table } from "../table.ts";
import { diffText } from "./diff.ts";
import { historyText } from "./history.ts";
import { syncText } from "./sync.ts";

/** Shows Lockstep at work on an emulated Notion. */
export async function demo(
  { io, deps, flags }: CommandContext,
  { once }: { once?: boolean },
): Promise<CommandResult> {
  const output = flags.json === true ? io.stderr : io.stdout;
  const paint = painterFor(io);
  const report = await deps.runDemo({
    // Nobody can look around, or press Ctrl-C, where there is no terminal.
    isOnce: once === true || flags.json === true || !io.isInteractive,
    onEvent: (event) => output.write(`${eventText(event, paint)}\n`),
    signal: io.signal,
  });
  return { exitCode: report.ok ? 0 : 1, document: report, text: "" };
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
    case "calls":
      return table(callColumns, event.calls);
    case "checks":
      return checksText(event.checks, paint);
  }
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
