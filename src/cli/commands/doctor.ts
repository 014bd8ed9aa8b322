import type { Finding } from "../../app/doctor.ts";
import { type CommandContext, type CommandResult, withReadOnlyLockstep } from "../command.ts";
import { type Painter, painterFor } from "../paint.ts";
import { oneLine } from "../table.ts";

const marks = {
  ok: { mark: "ok  ", color: "green" },
  warn: { mark: "warn", color: "yellow" },
  failed: { mark: "FAIL", color: "red" },
} as const;

/** Everything that has to be right for syncs to run, one line each, with the mend. */
export function doctor(context: CommandContext): Promise<CommandResult> {
  return withReadOnlyLockstep(context, async ({ lockstep }) => {
    const findings = await lockstep.doctor(context.io.signal);
    const isWell = findings.every(({ state }) => state !== "failed");
    const paint = painterFor(context.io);
    const text = findings.map((finding) => findingText(finding, paint)).join("\n");
    return { exitCode: isWell ? 0 : 1, document: { ok: isWell, findings }, text };
  });
}

function findingText({ sync, check, state, detail, mend }: Finding, paint: Painter): string {
  const { mark, color } = marks[state];
  const where = sync === null ? check : `${oneLine(sync)}: ${check}`;
  const line = `${paint(color, mark)}  ${where}: ${oneLine(detail, 600)}`;
  return mend === null ? line : `${line}\n      → ${oneLine(mend, 300)}`;
}
