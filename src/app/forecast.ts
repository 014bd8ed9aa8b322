/** Requests are counted over this long: the pacer's own window (http/pacer.ts). */
const windowMs = 61_000;
/** A few requests tell no pace yet. */
const sentMin = 40;

export interface ForecastOptions {
  /** Requests that the whole work takes, about. */
  readonly calls: number;
  /** Requests a minute that are allowed; null: nobody knows. */
  readonly ratePerMinute: number | null;
  /** When it began (ms). */
  readonly startedAt: number;
}

/**
 * When a long work at a limited rate will be through. The limit lets requests go in bursts, one for each minute, so that
 * neither the pace so far nor the limit alone tells the end: whole minutes are counted, then the rest of the last burst.
 * Where requests take too long to reach the limit, the pace so far tells it.
 */
export class Forecast {
  private readonly options: ForecastOptions;
  /** Of one request, within a burst. */
  private burstMs: number | null = null;

  constructor(options: ForecastOptions) {
    this.options = options;
  }

  /** Milliseconds until the end, as it looks at `now` after `sent` requests; null: too early to say. */
  leftMs(sent: number, now: number): number | null {
    const { calls, ratePerMinute, startedAt } = this.options;
    const elapsed = now - startedAt;
    if (sent < sentMin) return null;
    const left = Math.max(0, calls - sent);
    const paceMs = elapsed / sent;
    if (ratePerMinute === null) return left * paceMs;
    // The last ones of a burst are heard of late: the quickest pace is that of the burst.
    if (elapsed < windowMs && sent < ratePerMinute) this.burstMs = Math.min(this.burstMs ?? paceMs, paceMs);
    const burstMs = this.burstMs ?? Math.min(paceMs, windowMs / ratePerMinute);
    const isSlow = paceMs > (windowMs / ratePerMinute) * slowShare && elapsed > 2 * windowMs;
    if (isSlow || burstMs * ratePerMinute >= windowMs) return left * paceMs;
    // When a request is sent, by its number from 1.
    const at = (n: number) =>
      Math.floor((n - 1) / ratePerMinute) * windowMs + (((n - 1) % ratePerMinute) + 1) * burstMs;
    const here = Math.min(Math.max(elapsed, at(sent)), at(sent + underWayMax));
    return Math.max(0, at(calls) - here);
  }
}

/** Requests that may be under way, sent and not heard of. */
const underWayMax = 6;

/** Slower than the limit by more than this: something else holds it up. */
const slowShare = 1.08;
