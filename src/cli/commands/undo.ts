import type { CommandContext, CommandResult } from "../command.ts";
import { withLockstep } from "../command.ts";
import { createProgressPrinter } from "../progress.ts";
import { libraryOf } from "./import.ts";
import { shelfResult } from "./library.ts";

/** Shows what taking a run back would do, and does it with `--yes`. */
export function undo(
  context: CommandContext,
  runId: string,
  { yes }: { readonly yes?: boolean },
): Promise<CommandResult> {
  const { io, deps } = context;
  const isCommitted = yes === true;
  const { onProgress, finish } = createProgressPrinter(io, deps.now);
  return withLockstep(context, async ({ lockstep }) => {
    const { run } = await lockstep.run(runId);
    const options = { isCommitted, trigger: "cli", onProgress, signal: io.signal };
    const report = await libraryOf(lockstep).undo(run.id, options).finally(finish);
    return shelfResult(context, report, isCommitted);
  });
}
