import { pairsIn } from "../../app/targets.ts";
import type { Config } from "../../config/config.ts";
import { LockstepError } from "../../core/errors.ts";
import { createLogger } from "../../server/logger.ts";
import { startServer } from "../../server/server.ts";
import {
  type CommandContext,
  type CommandResult,
  untilAborted,
  wholeNumber,
  withServingLockstep,
} from "../command.ts";

/** Runs schedules and two-way syncs, takes webhooks, serves the HTTP API and MCP over HTTP, until stopped. Prints where it is as soon as it is up. */
export function serve(
  context: CommandContext,
  flags: { port: string; host: string; acceptWebhookVerification?: boolean },
): Promise<CommandResult> {
  const { io } = context;
  const port = wholeNumber("--port", flags.port, { min: 0, max: 65_535 });
  return withServingLockstep(context, async ({ lockstep, secrets }) => {
    const { notionToken, adminToken, playerSecret } = secrets;
    if (notionToken === null) refuseSchedules(lockstep.config);
    refuseWithoutBoard(lockstep.config);
    refuseWithoutShelves(lockstep.config);
    const logger = createLogger(io.stderr);
    if (flags.acceptWebhookVerification === true) lockstep.twoWay.awaitHandshake();
    const onToken = (token: string) => io.stderr.write(handshakeText(token));
    await using server = await startServer({
      lockstep,
      port,
      host: flags.host,
      adminToken,
      playerSecret,
      logger,
      onToken,
    });
    const isJson = context.flags.json === true;
    io.stdout.write(
      isJson ? `${JSON.stringify({ ok: true, url: server.url })}\n` : `Listening on ${server.url}\n`,
    );
    await Promise.race([untilAborted(io.signal), server.failed]);
    return { exitCode: 0, document: null, text: "" };
  });
}

/** Without a token every scheduled run would fail, the first of them at night: better to say so now. */
function refuseSchedules(config: Config): void {
  const scheduled = [
    ...config.backup.databases.filter(({ isEnabled, schedule }) => isEnabled && schedule.isEnabled),
    ...pairsIn(config).filter(({ isEnabled, isFollowed }) => isEnabled && isFollowed),
  ];
  if (scheduled.length === 0) return;
  const names = scheduled.map(({ name }) => name).join(", ");
  throw new LockstepError(
    "SECRET_MISSING",
    `NOTION_TOKEN is not set, and these syncs run by themselves: ${names}.`,
  );
}

/** A server that takes webhooks for a board that is not there would look healthy and do nothing. */
function refuseWithoutBoard({ pipeline, planning }: Config): void {
  for (const [recipe, job] of Object.entries({ pipeline, planning })) {
    if (job === undefined || job.notion.id !== null || !job.isEnabled) continue;
    throw new LockstepError(
      "CONFIG_INVALID",
      `The ${recipe} has no database yet. \`lockstep init --recipe ${recipe}\` makes it, and writes its id into the configuration.`,
    );
  }
}

/** The same for a library without databases. */
function refuseWithoutShelves({ library }: Config): void {
  if (library === undefined || !library.isEnabled) return;
  if (library.notion.seriesId !== null && library.notion.booksId !== null) return;
  throw new LockstepError(
    "CONFIG_INVALID",
    "The library has no databases yet. `lockstep init --recipe library` makes them, and writes their ids into the configuration.",
  );
}

/** The only place where the token is shown. Nothing is re-keyed by it: the operator decides. */
function handshakeText(token: string): string {
  return [
    "",
    "Notion asks to verify this webhook. If it was you who set it up:",
    `  1. enter this token in Notion:  ${token}`,
    `  2. start again with:            NOTION_WEBHOOK_SECRET=${token}`,
    "If it was not you, do neither.",
    "",
    "",
  ].join("\n");
}
