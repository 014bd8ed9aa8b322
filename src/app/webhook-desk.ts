import type { InboxEvent } from "../store/pair-store.ts";
import {
  isSignedWith,
  jsonIn,
  type NotionEvent,
  readNotionEvent,
  verificationTokenIn,
} from "./notion-webhook.ts";
import type { PairSource } from "./pairs.ts";
import { knownPairs } from "./questions.ts";
import { isPlanningPair } from "./right-side.ts";
import type { SyncWorld } from "./run-syncs.ts";
import type { Delivery, DeliveryOutcome } from "./two-way.ts";

/** How long an operator has to press the button in Notion after opening the window. */
const handshakeWindowMs = 600_000;
/** Deliveries that may wait for the disk at once: at 5,000 a second, what a disk that stops for 400 ms leaves waiting. */
const waitingMax = 2_000;

/**
 * Takes in webhook deliveries: what is signed is stored before it is acknowledged, and the loops of the syncs that it
 * may concern are woken. Nothing is asked or decided here.
 */
export class WebhookDesk {
  private readonly world: SyncWorld;
  private readonly secrets: readonly string[];
  private readonly wake: (source: PairSource, event: NotionEvent, isNew: boolean) => void;
  /** Engine time (ms) until which a handshake is taken. */
  private handshakeUntil = 0;
  /** Deliveries that are being stored. */
  private waiting = 0;

  constructor(
    world: SyncWorld,
    secrets: readonly string[],
    wake: (source: PairSource, event: NotionEvent, isNew: boolean) => void,
  ) {
    this.world = world;
    this.secrets = secrets;
    this.wake = wake;
  }

  /** Anyone can send a handshake before it is answered, so it counts only while a person waits for it. */
  awaitHandshake(): void {
    this.handshakeUntil = this.world.deps.clock.now() + handshakeWindowMs;
  }

  async receive({ body, signature }: Delivery): Promise<DeliveryOutcome> {
    if (isSignedWith(this.secrets, body, signature)) return this.takeWhileThereIsRoom(body);
    const token = verificationTokenIn(jsonIn(body));
    if (token !== null && this.world.deps.clock.now() < this.handshakeUntil) return { kind: "token", token };
    return { kind: "refused", message: this.refusal(token !== null) };
  }

  /** What cannot be stored soon is better delivered again later than kept in memory without end. */
  private async takeWhileThereIsRoom(body: Uint8Array): Promise<DeliveryOutcome> {
    if (this.waiting >= waitingMax) return { kind: "busy" };
    this.waiting += 1;
    try {
      return await this.take(jsonIn(body));
    } finally {
      this.waiting -= 1;
    }
  }

  /** Whatever is signed is acknowledged, also what nobody knows: a refused delivery pauses a subscription for everybody. */
  private async take(body: ReturnType<typeof jsonIn>): Promise<DeliveryOutcome> {
    this.world.pipeline?.heard();
    const event = readNotionEvent(body);
    if (event === null || event.isOwnEcho) return { kind: "taken", events: 0 };
    const concerned = await this.concernedBy(event);
    const { deps } = this.world;
    const receivedAt = new Date(deps.clock.now()).toISOString();
    const stored = concerned.map(({ syncId }) => inboxEvent(event, { syncId, receivedAt }));
    const events = stored.length === 0 ? 0 : await deps.store.pairs.putInbox(stored);
    // Delivered again, it has been taken up, or waits in the store for the next look.
    for (const source of concerned) this.wake(source, event, events > 0);
    const ids = events === 0 ? [] : concerned.map(({ syncId }) => syncId);
    this.world.pipeline?.received(event, ids);
    return { kind: "taken", events };
  }

  /** By the collection that it names; a page that moved away is known by its link. */
  private async concernedBy(event: NotionEvent): Promise<readonly PairSource[]> {
    const concerned: PairSource[] = [];
    for (const source of await knownPairs(this.world)) {
      if (event.type.startsWith("comment.") && !copiesComments(source)) continue;
      if (isAbout(event, source) || (await this.isLinked(event, source))) concerned.push(source);
    }
    return concerned;
  }

  private async isLinked({ pageId }: NotionEvent, { syncId }: PairSource): Promise<boolean> {
    if (pageId === null) return false;
    return (await this.world.deps.store.pairs.findLinks(syncId, "left", [pageId])).length > 0;
  }

  private refusal(isHandshake: boolean): string {
    if (isHandshake) {
      return "A handshake is taken only for ten minutes after `lockstep serve --accept-webhook-verification` was started.";
    }
    return this.secrets.length === 0
      ? "This server has no NOTION_WEBHOOK_SECRET, so no delivery can be trusted."
      : "The signature does not fit the body and the secret.";
  }
}

/** Comments are nothing to a sync of fields. */
function copiesComments({ config }: PairSource): boolean {
  return isPlanningPair(config) && ["github", "both"].includes(config.planning.comments);
}

function isAbout({ dataSourceId, databaseId }: NotionEvent, { ref, config }: PairSource): boolean {
  if (dataSourceId !== null) return dataSourceId === ref.id;
  return databaseId !== null && databaseId === config.notion.id;
}

function inboxEvent(
  { id, type, kind, pageId, changed, occurredAt }: NotionEvent,
  to: Pick<InboxEvent, "syncId" | "receivedAt">,
): InboxEvent {
  return {
    ...to,
    source: "notion",
    eventId: id,
    side: "left",
    recordId: pageId,
    kind,
    changed,
    prior: {},
    occurredAt,
    detectedBy: "webhook",
    type,
  };
}
