import { createLogger } from "../../server/logger.ts";
import { startServer } from "../../server/server.ts";
import { type CommandContext, type CommandResult, untilAborted, wholeNumber, withLockstep } from "../command.ts";

/** Runs schedules, the HTTP API and MCP over HTTP until stopped. */
export function serve(context: CommandContext, flags: { port: string; host: string }): Promise<CommandResult> {
  const { io } = context;
  const port = wholeNumber("--port", flags.port, { min: 0, max: 65_535 });
  return withLockstep(context, async ({ lockstep, adminToken }) => {
    const logger = createLogger(io.stderr);
    const server = await startServer({ lockstep, port, host: flags.host, adminToken, logger });
    await untilAborted(io.signal);
    await server.close();
    return { exitCode: 0, document: { ok: true }, text: "" };
  });
}
