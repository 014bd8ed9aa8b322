import type { PairConfig } from "../config/config.ts";
import { type GitHubEvent, githubInboxEvent, isOwnEcho, readGitHubDelivery } from "./github-webhook.ts";
import { isSignedWith, jsonIn } from "./notion-webhook.ts";
import type { PairSource } from "./pairs.ts";
import type { Planning } from "./planning.ts";
import { knownPairs } from "./questions.ts";
import { isPlanningPair } from "./right-side.ts";
import type { SyncWorld } from "./run-syncs.ts";
import type { DeliveryOutcome, GitHubDelivery } from "./two-way.ts";

/** What cannot be stored soon is not kept in memory without end: the next poll finds it. */
const waitingMax = 1_000;

/**
 * Takes in GitHub's deliveries: what is signed is stored before it is acknowledged, and the loops of the syncs that it may
 * concern are woken. Nothing is asked or decided here.
 */
export class GitHubDesk {
  private readonly world: SyncWorld;
  private readonly secrets: readonly string[];
  private readonly wake: (config: PairConfig, event: GitHubEvent, isNew: boolean) => void;
  /** Deliveries that are being stored. */
  private waiting = 0;

  constructor(
    world: SyncWorld,
    secrets: readonly string[],
    wake: (config: PairConfig, event: GitHubEvent, isNew: boolean) => void,
  ) {
    this.world = world;
    this.secrets = secrets;
    this.wake = wake;
  }

  async receive({ body, signature, event, id }: GitHubDelivery): Promise<DeliveryOutcome> {
    if (!isSignedWith(this.secrets, body, signature)) return { kind: "refused", message: this.refusal() };
    const delivery = readGitHubDelivery({ event, id }, jsonIn(body));
    if (delivery.kind !== "event") return { kind: "taken", events: 0 };
    if (this.waiting >= waitingMax) return { kind: "busy" };
    this.waiting += 1;
    try {
      return await this.take(delivery.event);
    } finally {
      this.waiting -= 1;
    }
  }

  private async take(event: GitHubEvent): Promise<DeliveryOutcome> {
    const { deps, planning } = this.world;
    const self = planning?.knownIdentity ?? null;
    if (self !== null && isOwnEcho(event, self)) return { kind: "taken", events: 0 };
    const concerned = (await knownPairs(this.world)).filter(({ config }) =>
      isAbout(event, { config, planning }),
    );
    const receivedAt = new Date(deps.clock.now()).toISOString();
    const stored = concerned.map(({ syncId }: PairSource) => ({
      ...githubInboxEvent(event, { syncId, side: "right", receivedAt }),
      ...(event.recordId === null ? { changed: tokensOf(event) } : {}),
    }));
    const events = stored.length === 0 ? 0 : await deps.store.pairs.putInbox(stored);
    // Delivered again, it has been taken up, or waits in the store for the next look.
    for (const { config } of concerned) this.wake(config, event, events > 0);
    return { kind: "taken", events };
  }

  private refusal(): string {
    return this.secrets.length === 0
      ? "This server has no GITHUB_WEBHOOK_SECRET, so no delivery can be trusted."
      : "The signature does not fit the body and the secret.";
  }
}

/** What pull requests an event is about, as the follower looks for it: "#45", a commit, a branch. */
function tokensOf({ pullRequests, headSha, branches }: GitHubEvent): readonly string[] {
  return [...pullRequests.map((number) => `#${number}`), ...(headSha === null ? [] : [headSha]), ...branches];
}

/** A renamed repository tells its new name, which the configuration may not have yet: then its id says whose it is, or every sync looks. */
function isAbout(
  { repository, repositoryId, type }: GitHubEvent,
  { config, planning }: { readonly config: PairConfig; readonly planning: Planning | null },
): boolean {
  if (!isPlanningPair(config)) return false;
  if (repository === null || type.startsWith("repository.")) return true;
  if (repositoryId !== null && planning?.isRepository(repositoryId) === true) return true;
  return config.planning.repositories.some((name) => name.toLowerCase() === repository.toLowerCase());
}
