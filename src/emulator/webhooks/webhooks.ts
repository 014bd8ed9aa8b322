import type { DeliveryEffect } from "../http/faults.ts";
import { canSee } from "../state/access.ts";
import type { WorkspaceEvent } from "../state/events.ts";
import type { Random } from "../state/random.ts";
import type { Connection, Entity, State, Subscription } from "../state/state.ts";
import { type Delivery, type DeliveryCounts, DeliveryLog } from "./deliveries.ts";
import { envelope, type Letter, wordEvent } from "./envelope.ts";
import { isLocal, post } from "./post.ts";
import { signatureOf } from "./signature.ts";
import { type Gathered, Windows } from "./windows.ts";

/** What is sent to webhooks, and what came of it. */
export interface Webhooks {
  /** Attempts so far, oldest first, at most the latest 5,000. */
  readonly deliveries: readonly Delivery[];
  readonly counts: DeliveryCounts;
  /** What is gathered, waits to be tried again or is held back. */
  readonly pending: number;
  /** Sends everything that is due by the clock and waits for the answers. */
  settle(): Promise<void>;
  /** Forgets the attempts so far. */
  reset(): void;
  /** Sends a webhook its verification token. */
  handshake(subscription: Subscription): void;
  /** Forgets what was not sent yet. */
  drop(): void;
  close(): void;
}

export interface WebhookSettings {
  readonly state: State;
  readonly random: Random;
  /** How long edits of one kind to one thing are gathered. */
  readonly aggregationMs: number;
  /** Whether URLs off this machine may be sent to. */
  readonly allowRemote: boolean;
  nextFault(eventType: string): DeliveryEffect | null;
}

/** Something to send. */
interface Job {
  readonly subscriptionId: string;
  /** Null: the handshake. */
  readonly letter: Letter | null;
  readonly subject: Entity | null;
  readonly attempt: number;
  readonly dueAt: number;
  /** Faults have had their say. */
  readonly isDecided?: boolean;
}

/** https://developers.notion.com/reference/webhooks-events-delivery */
const attemptsMax = 8;
/** Notion tells only that the last attempt is made after about a day. Seven waits of these make 24 hours. */
const firstRetryMs = 16_000;
const retryFactor = 4;
/** A delivery held back goes anyway when nothing overtakes it. */
const heldMaxMs = 300_000;
/** How often a clock that others move is looked at. Real time. */
const pollMs = 250;

export function createWebhooks(settings: WebhookSettings): Webhooks {
  const outbox = new Outbox(settings);
  settings.state.events.listen((event) => outbox.take(event));
  return outbox;
}

class Outbox implements Webhooks {
  readonly #settings: WebhookSettings;
  readonly #state: State;
  readonly #windows = new Windows();
  readonly #log = new DeliveryLog();
  readonly #stop = new AbortController();
  #jobs: Job[] = [];
  /** Held back until another delivery has gone, or until they are due. */
  #held: Job[] = [];
  /** Counts how often everything waiting was dropped: a batch under way ends then. */
  #drops = 0;
  #running: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | null = null;

  constructor(settings: WebhookSettings) {
    this.#settings = settings;
    this.#state = settings.state;
  }

  get deliveries(): readonly Delivery[] {
    return this.#log.recent;
  }

  get counts(): DeliveryCounts {
    return this.#log.counts;
  }

  get pending(): number {
    return this.#windows.size + this.#jobs.length + this.#held.length;
  }

  /** Words an event for every webhook that is to be told. */
  take(event: WorkspaceEvent): void {
    if (this.#state.subscriptions.size === 0) return;
    for (const subscription of this.#state.subscriptions.values()) {
      const connection = this.#connectionOf(subscription);
      if (subscription.state !== "active" || connection === null) continue;
      if (!isTold(this.#state, connection, event)) continue;
      const worded = wordEvent(this.#state, event, subscription.apiVersion);
      if (worded === null || (subscription.events.length > 0 && !subscription.events.includes(worded.type)))
        continue;
      const { userId, at } = event.actor;
      this.#windows.add(
        {
          subscription,
          subject: event.subject,
          worded,
          authors: [userId],
          timestamp: at,
          dueAt: this.#state.now(),
        },
        this.#settings.aggregationMs,
      );
    }
    this.#arm();
  }

  handshake(subscription: Subscription): void {
    this.#jobs.push({
      subscriptionId: subscription.id,
      letter: null,
      subject: null,
      attempt: 1,
      dueAt: this.#state.now(),
    });
    this.#arm();
  }

  settle(): Promise<void> {
    this.#running = this.#running.then(() => this.#sendDue());
    return this.#running;
  }

  reset(): void {
    this.#log.reset();
  }

  drop(): void {
    this.#windows.clear();
    this.#jobs = [];
    this.#held = [];
    this.#drops++;
  }

  close(): void {
    this.drop();
    this.#stop.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** Looks again when the next thing is due; a clock that stands still is looked at now and then. */
  #arm(): void {
    if (this.#timer !== null || this.#stop.signal.aborted || this.pending === 0) return;
    let dueAt = this.#windows.nextDueAt ?? Number.POSITIVE_INFINITY;
    for (const job of [...this.#jobs, ...this.#held]) dueAt = Math.min(dueAt, job.dueAt);
    const waitMs = Math.min(Math.max(dueAt - this.#state.now(), 0), pollMs);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.settle().finally(() => this.#arm());
    }, waitMs);
    this.#timer.unref();
  }

  async #sendDue(): Promise<void> {
    const drops = this.#drops;
    const isOver = (): boolean => this.#stop.signal.aborted || this.#drops !== drops;
    while (!isOver()) {
      const due = this.#takeDue();
      if (due.length === 0) return;
      const queues = Map.groupBy(due, (job) => job.subscriptionId).values();
      await Promise.all(
        Array.from(queues, async (queue) => {
          for (const job of queue) if (!isOver()) await this.#send(job);
        }),
      );
    }
  }

  #takeDue(): Job[] {
    const now = this.#state.now();
    const all = [...this.#jobs, ...this.#windows.close(now).map((gathered) => this.#jobOf(gathered))];
    const isDue = ({ dueAt }: Job): boolean => dueAt <= now;
    const due = [...all, ...this.#held].filter(isDue).sort((left, right) => left.dueAt - right.dueAt);
    this.#jobs = all.filter((job) => !isDue(job));
    this.#held = this.#held.filter((job) => !isDue(job));
    return due;
  }

  #jobOf({ subscription, subject, worded, authors, timestamp, dueAt }: Gathered): Job {
    const letter: Letter = { id: this.#settings.random.uuid(), timestamp, authors, worded };
    return { subscriptionId: subscription.id, letter, subject, attempt: 1, dueAt };
  }

  async #send(job: Job): Promise<void> {
    const subscription = this.#state.subscriptions.get(job.subscriptionId);
    const connection = subscription === undefined ? null : this.#connectionOf(subscription);
    if (subscription === undefined || connection === null) return;
    if (job.letter !== null && subscription.state !== "active") return;
    // Taken away meanwhile: silence.
    if (job.subject !== null && !canSee(this.#state, connection, job.subject)) return;
    if (!this.#settings.allowRemote && !isLocal(subscription.url)) {
      this.#note(job, "refused", null);
      return;
    }
    const effect =
      job.letter === null || job.isDecided === true ? null : this.#settings.nextFault(job.letter.worded.type);
    if (effect !== null && this.#isKeptBack(job, effect)) return;
    await this.#attempt(job, subscription, connection);
    if (effect?.kind === "duplicate")
      await this.#attempt({ ...job, attempt: job.attempt + 1 }, subscription, connection);
    await this.#sendHeld(job.subscriptionId);
  }

  /** What was held back goes after the delivery that overtook it. */
  async #sendHeld(subscriptionId: string): Promise<void> {
    const isNext = (job: Job): boolean => job.subscriptionId === subscriptionId;
    const held = this.#held.filter(isNext);
    this.#held = this.#held.filter((job) => !isNext(job));
    for (const job of held) await this.#send(job);
  }

  /** Whether a fault keeps a delivery from being made now. */
  #isKeptBack(job: Job, effect: DeliveryEffect): boolean {
    const now = this.#state.now();
    switch (effect.kind) {
      case "duplicate":
        return false;
      case "lost":
        this.#note(job, "lost", null);
        return true;
      case "late":
        this.#jobs.push({ ...job, isDecided: true, dueAt: now + effect.ms });
        return true;
      case "reorder":
        this.#held.push({ ...job, isDecided: true, dueAt: now + heldMaxMs });
        return true;
    }
  }

  async #attempt(job: Job, subscription: Subscription, connection: Connection): Promise<void> {
    const { letter, attempt } = job;
    const document =
      letter === null
        ? { verification_token: subscription.verificationToken }
        : envelope(this.#state, { subscription, connection, attempt }, letter);
    const body = Buffer.from(JSON.stringify(document), "utf8");
    const signature =
      letter === null ? {} : { "x-notion-signature": signatureOf(body, subscription.verificationToken) };
    const status = await post(subscription.url, { body, headers: signature, signal: this.#stop.signal });
    if (this.#stop.signal.aborted) return;
    const isTaken = status >= 200 && status < 300;
    this.#note(job, isTaken ? "delivered" : "failed", status);
    if (isTaken || letter === null || attempt >= attemptsMax) return;
    const waitMs = firstRetryMs * retryFactor ** (attempt - 1);
    this.#jobs.push({ ...job, attempt: attempt + 1, isDecided: true, dueAt: this.#state.now() + waitMs });
  }

  #note({ letter, subscriptionId, attempt }: Job, outcome: Delivery["outcome"], status: number | null): void {
    this.#log.add({
      id: letter?.id ?? subscriptionId,
      subscriptionId,
      type: letter?.worded.type ?? "handshake",
      entityId: letter?.worded.entity.id ?? null,
      attempt,
      at: this.#state.now(),
      outcome,
      status,
    });
  }

  #connectionOf({ botId }: Subscription): Connection | null {
    for (const connection of this.#state.connections.values())
      if (connection.botId === botId) return connection;
    return null;
  }
}

/** A connection hears of what it can see; of comments if it may read them; of uploads if they are its own. */
function isTold(state: State, connection: Connection, { type, subject, actor }: WorkspaceEvent): boolean {
  const { readContent, readComments } = connection.capabilities;
  if (type.startsWith("comment.") ? !readComments : !readContent) return false;
  return subject === null ? actor.userId === connection.botId : canSee(state, connection, subject);
}
