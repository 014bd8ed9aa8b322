import type { Config } from "../../config/config.ts";
import { LockstepError } from "../../core/errors.ts";
import { createLogger } from "../../server/logger.ts";
import { startServer } from "../../server/server.ts";
import {
  type CommandContext,
  type CommandResult,
  untilAborted,
  wholeNumber,
  withLockstep,
} from "../command.ts";

/** Runs schedules, the HTTP API and MCP over HTTP until stopped. Prints where it is as soon as it is up. */
export function serve(
  context: CommandContext,
  flags: { port: string; host: string },
): Promise<CommandResult> {
  const { io } = context;
  const port = wholeNumber("--port", flags.port, { min: 0, max: 65_535 });
  return withLockstep(context, async ({ lockstep, secrets: { notionToken, adminToken } }) => {
    if (notionToken === null) refuseSchedules(lockstep.config);
    const logger = createLogger(io.stderr);
    await using server = await startServer({ lockstep, port, host: flags.host, adminToken, logger });
    const isJson = context.flags.json === true;
    io.stdout.write(
      isJson ? `${JSON.stringify({ ok: true, url: server.url })}\n` : `Listening on ${server.url}\n`,
    );
    await Promise.race([untilAborted(io.signal), server.failed]);
    return { exitCode: 0, document: null, text: "" };
  });
}

/** Without a token every scheduled run would fail, the first of them at night: better to say so now. */
function refuseSchedules({ backup }: Config): void {
  const scheduled = backup.databases.filter(({ isEnabled, schedule }) => isEnabled && schedule.isEnabled);
  if (scheduled.length === 0) return;
  const names = scheduled.map(({ name }) => name).join(", ");
  throw new LockstepError(
    "SECRET_MISSING",
    `NOTION_TOKEN is not set, and these syncs run on a schedule: ${names}.`,
  );
}
