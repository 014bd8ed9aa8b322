import type { Clock } from "../core/clock.ts";
import type { Alerts } from "./alerts.ts";

/** Notion delivers most events within a minute, and all within five. https://developers.notion.com/reference/webhooks */
const deliveredWithinMs = 360_000;
/** Polls in a row that had to find out what no webhook told. */
const missesMax = 2;

const cause = "webhook:quiet";

/** Whether webhooks come while there is something to tell: a subscription that is paused says nothing about it. */
export class WebhookHealth {
  private readonly clock: Pick<Clock, "now">;
  private readonly alerts: Alerts;
  /** Without a secret no webhook is expected. */
  private readonly isExpected: boolean;
  private heardAt: number;
  private isKnownToWork = false;
  private misses = 0;

  constructor(options: {
    readonly clock: Pick<Clock, "now">;
    readonly alerts: Alerts;
    readonly isExpected: boolean;
  }) {
    this.clock = options.clock;
    this.alerts = options.alerts;
    this.isExpected = options.isExpected;
    this.heardAt = options.clock.now();
  }

  /** A signed delivery came. */
  heard(): void {
    this.heardAt = this.clock.now();
    this.isKnownToWork = true;
    this.misses = 0;
    this.alerts.clear(cause);
  }

  /** A poll is through; `found`: it saw changes in Notion that nobody had told of. */
  polled(found: boolean): void {
    if (!this.isExpected || !found || this.clock.now() - this.heardAt < deliveredWithinMs) return;
    this.misses += 1;
    if (this.misses < missesMax) return;
    this.isKnownToWork = false;
    const minutes = Math.round((this.clock.now() - this.heardAt) / 60_000);
    this.alerts.raise({
      cause,
      severity: "warning",
      text:
        `no webhook has come for ${minutes} minutes, though the board has changed. Look whether its subscription is ` +
        "active in Notion and reaches this server; until then the board is polled.",
    });
  }

  /** They have come, and nothing shows that they stopped. */
  get isHealthy(): boolean {
    return this.isExpected && this.isKnownToWork;
  }
}
