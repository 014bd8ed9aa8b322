const MINUTE_MS = 60_000;

/** How long a committed edit may stay invisible to queries. Notion gives no number; probes stay far below. */
const VISIBILITY_MS = 120_000;
/** How far the clocks of Notion's own servers may be apart. */
const SPREAD_MS = 5_000;
/**
 * What happened longer ago than this is visible to every query. A watermark stays this far behind the exchange it
 * was made in; docs/spec/change-detection.md has the argument.
 */
export const OMEGA_MS = VISIBILITY_MS + SPREAD_MS;

/** Notion rounds page times down to the minute, so a minute is the finest step there is. */
export function floorMinute(ms: number): number {
  return Math.floor(ms / MINUTE_MS) * MINUTE_MS;
}

export function minuteOf(iso: string): number {
  return floorMinute(Date.parse(iso));
}

export function afterMinute(minute: number): number {
  return floorMinute(minute) + MINUTE_MS;
}

export function toIso(ms: number): string {
  return new Date(ms).toISOString();
}
