/** One attempt to deliver something, or the decision not to. */
export interface Delivery {
  /** The event's id; the subscription's for a handshake. */
  readonly id: string;
  readonly subscriptionId: string;
  /** "handshake", or the event's type. */
  readonly type: string;
  readonly entityId: string | null;
  readonly attempt: number;
  /** Milliseconds of the emulator's clock. */
  readonly at: number;
  /** `refused`: the URL leads off this machine, which was not allowed. */
  readonly outcome: "delivered" | "failed" | "lost" | "refused";
  /** What the receiver answered; 0: nothing. Null: it was not asked. */
  readonly status: number | null;
}

export interface DeliveryCounts {
  readonly delivered: number;
  readonly failed: number;
  readonly lost: number;
  readonly refused: number;
  readonly byType: { readonly [type: string]: number };
}

const recentMax = 5000;

/** Every attempt is counted, the latest are kept. */
export class DeliveryLog {
  #recent: Delivery[] = [];
  readonly #outcomes = { delivered: 0, failed: 0, lost: 0, refused: 0 };
  readonly #byType = new Map<string, number>();

  /** Oldest first. */
  get recent(): readonly Delivery[] {
    return this.#recent.slice(-recentMax);
  }

  /** `byType` counts what arrived. */
  get counts(): DeliveryCounts {
    return { ...this.#outcomes, byType: Object.fromEntries(this.#byType) };
  }

  add(delivery: Delivery): void {
    this.#outcomes[delivery.outcome]++;
    if (delivery.outcome === "delivered")
      this.#byType.set(delivery.type, (this.#byType.get(delivery.type) ?? 0) + 1);
    this.#recent.push(delivery);
    if (this.#recent.length > 2 * recentMax) this.#recent = this.#recent.slice(-recentMax);
  }

  reset(): void {
    this.#recent = [];
    this.#byType.clear();
    Object.assign(this.#outcomes, { delivered: 0, failed: 0, lost: 0, refused: 0 });
  }
}
