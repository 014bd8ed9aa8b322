import type { CommandContext, CommandResult } from "../command.ts";

/** Shows Lockstep at work on an emulated Notion. */
export async function demo(
  { io, deps, flags }: CommandContext,
  { once }: { once?: boolean },
): Promise<CommandResult> {
  const output = flags.json === true ? io.stderr : io.stdout;
  const report = await deps.runDemo({
    isOnce: once === true,
    onLine: (text) => output.write(`${text}\n`),
    signal: io.signal,
  });
  return { exitCode: report.ok ? 0 : 1, document: report, text: "" };
}
