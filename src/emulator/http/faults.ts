import type { Random } from "../state/random.ts";

/** Which requests (or deliveries, for the effects of those) a rule hits. All given conditions must hold; none hits all. */
export interface FaultMatch {
  readonly method?: string;
  /** Regular expression, tried on the path with its query string, such as "^/v1/pages/". */
  readonly path?: string;
  /** For deliveries: regular expression, tried on the event's type, such as "^page\\.". */
  readonly event?: string;
  /** Only the nth matching request, counted from 1. */
  readonly nth?: number;
  /** Every so many matching requests: 3 hits the third, the sixth… */
  readonly every?: number;
  /** From 0 to 1. */
  readonly probability?: number;
  /** Hits at most; then the rule is spent. */
  readonly times?: number;
}

/** What is done to a request. */
export type FaultEffect =
  | {
      readonly kind: "status";
      /** 409, 429, 500, 502, 503, 504, 529 get Notion's code and message; 502 and 504 are HTML, as from the edge. */
      readonly status: number;
      /** HTML as from the edge, whatever the status. */
      readonly isHtml?: boolean;
      readonly code?: string;
      readonly message?: string;
      /** Seconds; on 429 and 529. */
      readonly retryAfter?: number;
      /** `rate_limit_reason`. */
      readonly reason?: string;
      /** The request is carried out all the same, before it is answered with the error. */
      readonly isApplied?: boolean;
      /** With `isApplied`: name what was made in `additional_data.committed_resource_id`. */
      readonly namesCommitted?: boolean;
    }
  /** Carried out at once, answered late; real time. */
  | { readonly kind: "delay"; readonly ms: number }
  /** Never answers, before or after the request took effect; the client has to give up. */
  | { readonly kind: "hang"; readonly when: "before" | "after" }
  /** Closes the connection without an answer, before or after the request took effect. */
  | { readonly kind: "drop"; readonly when: "before" | "after" }
  /** Breaks the answer off in the middle. */
  | { readonly kind: "truncate" }
  /** Answers 200 with something that is not JSON. */
  | { readonly kind: "invalid_json" }
  /** Answers a list request with 200 and no results. */
  | { readonly kind: "empty_list" }
  /** A write that later reads (or only queries, lists and searches) do not show for a while of the emulator's time. */
  | { readonly kind: "late_write"; readonly ms: number; readonly reads?: "all" | "lists" }
  /** A read answered as the same request was answered the last time, if it was asked while this rule was there. */
  | { readonly kind: "stale_read" }
  /** A query that takes too long: 503 after so many real milliseconds, if it asks for more than `pageSizeMax` rows. */
  | { readonly kind: "slow_query"; readonly ms?: number; readonly pageSizeMax?: number }
  /** A request with a cursor is told that the cursor is no longer good, and it no longer is. */
  | { readonly kind: "expired_cursor" };

/** What is done to the delivery of an event to a webhook. */
export type DeliveryEffect =
  /** Never sent. */
  | { readonly kind: "lost" }
  /** Sent again although it was taken, as a further attempt. */
  | { readonly kind: "duplicate" }
  /** Sent so much later, by the emulator's time. */
  | { readonly kind: "late"; readonly ms: number }
  /** Sent after the next delivery to the same webhook. */
  | { readonly kind: "reorder" };

export interface FaultRule {
  readonly match?: FaultMatch;
  readonly effect: FaultEffect | DeliveryEffect;
}

export interface Faults {
  add(rule: FaultRule): void;
  clear(): void;
  /** How often each rule has hit, in the order they were added. */
  readonly rules: readonly { readonly rule: FaultRule; readonly hits: number }[];
}

interface Tracked {
  readonly rule: FaultRule;
  readonly path: RegExp | null;
  readonly event: RegExp | null;
  seen: number;
  hits: number;
}

const deliveryKinds: readonly string[] = [
  "lost",
  "duplicate",
  "late",
  "reorder",
] satisfies DeliveryEffect["kind"][];

function isDeliveryEffect(effect: FaultEffect | DeliveryEffect): effect is DeliveryEffect {
  return deliveryKinds.includes(effect.kind);
}

/** The rules as the emulator asks them. */
export interface FaultSource extends Faults {
  /** The effect on a request, by method and path with query string. */
  next(method: string, path: string): FaultEffect | null;
  /** The effect on the first attempt to deliver an event. */
  nextDelivery(eventType: string): DeliveryEffect | null;
  /** Whether answers have to be remembered. */
  readonly needsMemory: boolean;
}

/** Rules are tried in the order they were added; the first that hits counts. */
export function createFaults(random: Random, initial: readonly FaultRule[]): FaultSource {
  let tracked: Tracked[] = [];

  function isHit(each: Tracked): boolean {
    each.seen++;
    const { nth, every, probability, times } = each.rule.match ?? {};
    if (nth !== undefined && each.seen !== nth) return false;
    if (every !== undefined && each.seen % every !== 0) return false;
    if (times !== undefined && each.hits >= times) return false;
    if (probability !== undefined && random.next() >= probability) return false;
    each.hits++;
    return true;
  }

  const faults: FaultSource = {
    add(rule) {
      const { path, event } = rule.match ?? {};
      tracked.push({
        rule,
        path: path === undefined ? null : new RegExp(path),
        event: event === undefined ? null : new RegExp(event),
        seen: 0,
        hits: 0,
      });
    },
    clear() {
      tracked = [];
    },
    get rules() {
      return tracked.map(({ rule, hits }) => ({ rule, hits }));
    },
    get needsMemory() {
      return tracked.some(({ rule }) => rule.effect.kind === "stale_read");
    },
    next(method, path) {
      for (const each of tracked) {
        const { effect, match } = each.rule;
        if (isDeliveryEffect(effect)) continue;
        if (match?.method !== undefined && match.method.toUpperCase() !== method) continue;
        if (each.path !== null && !each.path.test(path)) continue;
        if (isHit(each)) return effect;
      }
      return null;
    },
    nextDelivery(eventType) {
      for (const each of tracked) {
        const { effect } = each.rule;
        if (!isDeliveryEffect(effect) || (each.event !== null && !each.event.test(eventType))) continue;
        if (isHit(each)) return effect;
      }
      return null;
    },
  };
  for (const rule of initial) faults.add(rule);
  return faults;
}
