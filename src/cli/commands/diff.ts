import type { DiffReport } from "../../app/lockstep.ts";
import { type CommandContext, type CommandResult, wholeNumber, withReadOnlyLockstep } from "../command.ts";
import { type Painter, painterFor } from "../paint.ts";
import { oneLine } from "../table.ts";
import { changeLines } from "../text-diff.ts";

/** What changed between two versions of a task, field by field. */
export function diff(
  context: CommandContext,
  reference: string,
  versions: { readonly from: string | undefined; readonly to: string | undefined },
): Promise<CommandResult> {
  const from = versionNumber("A", versions.from);
  const to = versionNumber("B", versions.to);
  return withReadOnlyLockstep(context, async ({ lockstep }) => {
    const report = await lockstep.diff(reference, from, to);
    return { exitCode: 0, document: { ok: true, ...report }, text: diffText(report, painterFor(context.io)) };
  });
}

function versionNumber(name: string, text: string | undefined): number | null {
  return text === undefined ? null : wholeNumber(`version ${name}`, text, { min: 1, max: 1_000_000_000 });
}

export function diffText({ task, from, to, changes }: DiffReport, paint: Painter): string {
  const heading = `Task ${task.id} "${oneLine(task.current.title)}", version ${from} → ${to}`;
  if (changes.length === 0) return `${heading}\n\nNo difference.`;
  const fields = changes.map((change) => [
    `${oneLine(change.field)}:`,
    ...changeLines(change.from, change.to, paint),
  ]);
  return `${heading}\n\n${fields.map((lines) => lines.join("\n")).join("\n")}`;
}
