import { Hono } from "hono";
import { LockstepError } from "../../../src/core/errors.ts";
import type { Side } from "../../../src/core/two-way/mapping.ts";
import { libraryPairs } from "../../../src/recipes/library/config.ts";
import { createPlayerRoute } from "../../../src/server/library.ts";
import { createWebhookRoute } from "../../../src/server/webhook.ts";
import { httpHandler } from "../runtime/http.ts";
import { SyncQueue } from "../runtime/queue.ts";
import type { World } from "../runtime/world.ts";

/**
 * Deliveries of Notion, of GitHub and of players, with the server's own routes and proofs. What is told is in the store, and
 * the queue knows which syncs to look at, before the answer.
 */
export const handler = httpHandler((world) => {
  const { lockstep, secrets, log, variables } = world;
  const queue = new SyncQueue(variables.LOCKSTEP_QUEUE_URL ?? "");
  const hinted = new Map<string, readonly Side[]>();
  lockstep.twoWay.onHint((sync, poll) => hinted.set(sync, poll === null ? [] : [poll]));
  const app = new Hono();
  app.use(async (context, next) => {
    hinted.clear();
    const body = await context.req.raw.clone().text();
    await next();
    if (!context.res.ok) return;
    for (const sync of toldOf(context.req.path, world)) hinted.set(sync, ["right"]);
    await Promise.all([...hinted].map(([sync, polls]) => queue.send({ sync, polls }, body))).catch(notQueued);
    log.count("Deliveries", hinted.size);
  });
  const { twoWay } = lockstep;
  // The handshake's token is for the operator's eyes: `lockstep serve` takes it, this does not.
  app.route("/webhook", createWebhookRoute({ twoWay, logger: log.logger, onToken: () => {} }));
  app.route("/webhook", createPlayerRoute(lockstep, secrets.playerSecret));
  return app;
});

/** What a player tells is about the library, whose syncs carry it to Notion. */
function toldOf(path: string, { config }: World): readonly string[] {
  const isPlayer = path.endsWith("/started") || path.endsWith("/finished");
  return isPlayer && config.library !== undefined ? libraryPairs(config.library).map(({ name }) => name) : [];
}

function notQueued(cause: unknown): never {
  const message = "The delivery is kept, and could not be queued.";
  throw new LockstepError("STORE_FAILED", message, { cause, retry: "safe" });
}
