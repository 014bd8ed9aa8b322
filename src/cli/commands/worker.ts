import { pairsIn } from "../../app/targets.ts";
import { LockstepError } from "../../core/errors.ts";
import { logEvent, logRun } from "../../server/log-run.ts";
import { createLogger } from "../../server/logger.ts";
import { type CommandContext, type CommandResult, withLockstep } from "../command.ts";

/** Follows two-way syncs until stopped, beside a server or other workers on the same store. */
export function worker(context: CommandContext): Promise<CommandResult> {
  const { io } = context;
  return withLockstep(context, async ({ lockstep }) => {
    const followed = pairsIn(lockstep.config).filter(({ isEnabled, isFollowed }) => isEnabled && isFollowed);
    if (followed.length === 0) {
      throw new LockstepError("USAGE", 'There is nothing to follow: no entry of "tables" is enabled.');
    }
    const logger = createLogger(io.stderr);
    lockstep.twoWay.listen((event) => logEvent(logger, event));
    const names = followed.map(({ name }) => name);
    io.stdout.write(
      context.flags.json === true
        ? `${JSON.stringify({ ok: true, following: names })}\n`
        : `Following ${names.join(", ")}\n`,
    );
    await lockstep.twoWay.follow(io.signal, (report) => logRun(logger, report));
    return { exitCode: 0, document: null, text: "" };
  });
}
