import { serveMcpOverStdio } from "../../mcp/stdio.ts";
import { type CommandContext, type CommandResult, withLockstep } from "../command.ts";

/** Speaks MCP on stdin and stdout until the client leaves. Nothing else may be written to stdout. */
export function mcp(context: CommandContext): Promise<CommandResult> {
  return withLockstep(context, async ({ lockstep }) => {
    await serveMcpOverStdio(lockstep, context.io.signal);
    return { exitCode: 0, document: null, text: "" };
  });
}
