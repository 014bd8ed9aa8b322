import type { Secrets } from "../config/config.ts";
import { Bell } from "./bell.ts";
import { installCapture, removeCapture, showCapture } from "./captures.ts";
import { followPair, type Wish } from "./follow.ts";
import { GitHubDesk } from "./github-desk.ts";
import type { Herald } from "./herald.ts";
import { pairHistoryOf } from "./pair-history.ts";
import { undoPairRun } from "./pair-undo.ts";
import { decideHold, openQuestions, settleConflict } from "./questions.ts";
import { isLibraryPair } from "./right-side.ts";
import type { SyncWorld } from "./run-syncs.ts";
import { pairsIn } from "./targets.ts";
import type { TwoWay } from "./two-way.ts";
import { WebhookDesk } from "./webhook-desk.ts";

/** What two-way syncs offer, with one bell for each, by which a webhook wakes the loop that follows it. */
export function createTwoWay(
  world: SyncWorld,
  secrets: Pick<Secrets, "webhookSecrets" | "github">,
  herald: Herald,
): TwoWay {
  const bells = new Map(pairsIn(world.config).map(({ name }) => [name, new Bell<Wish>(world.deps.clock)]));
  for (const { name } of pairsIn(world.config).filter(isLibraryPair))
    world.library?.onChange(() => bells.get(name)?.ring("right"));
  const hinted: Parameters<TwoWay["onHint"]>[0][] = [];
  const desk = new WebhookDesk(world, secrets.webhookSecrets, ({ config }, { pageId }, isNew) => {
    for (const tell of hinted) tell(config.name, pageId === null ? "left" : null);
    if (!isNew) return;
    const bell = bells.get(config.name);
    bell?.ring("hint");
    // About the collection as a whole: only a look at it shows what.
    if (pageId === null) bell?.ring("left");
  });
  const githubDesk = new GitHubDesk(world, secrets.github.webhookSecrets, ({ name }, { recordId }, isNew) => {
    for (const tell of hinted) tell(name, recordId === null ? "right" : null);
    if (!isNew) return;
    const bell = bells.get(name);
    bell?.ring("hint");
    // About pull requests, or the repository as a whole: only a look at it shows what.
    if (recordId === null) bell?.ring("right");
  });
  return {
    questions: (filter) => openQuestions(world, filter),
    settle: (settled) => settleConflict(world, settled),
    decide: (decided) => decideHold(world, decided),
    history: (reference, limit) => pairHistoryOf(world, reference, limit),
    undo: (runId, options) => undoPairRun(world, runId, options),
    showCapture: (sync, what) => showCapture(world, sync, what),
    install: (sync) => installCapture(world, sync),
    remove: (sync) => removeCapture(world, sync),
    async follow(signal, onRun) {
      const followed = pairsIn(world.config).filter(({ isEnabled, isFollowed }) => isEnabled && isFollowed);
      const over = new AbortController();
      const until = AbortSignal.any([signal, over.signal]);
      const following = followed.map((table) => {
        const bell = bells.get(table.name) ?? new Bell<Wish>(world.deps.clock);
        return followPair(world, table, { bell, herald, signal: until, onRun });
      });
      // When one cannot go on, nobody does: whoever runs this process has to know.
      await Promise.all(following).finally(() => over.abort());
      await Promise.allSettled(following);
    },
    listen: (listener) => herald.listen(listener),
    onHint: (listener) => void hinted.push(listener),
    receive: (delivery) => desk.receive(delivery),
    receiveGitHub: (delivery) => githubDesk.receive(delivery),
    awaitHandshake: () => desk.awaitHandshake(),
  };
}
