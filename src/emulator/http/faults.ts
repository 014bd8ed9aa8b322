import type { JsonObject } from "../json.ts";
import type { Random } from "../state/random.ts";

/** Which requests a rule hits. All given conditions must hold; none hits every request. */
export interface FaultMatch {
  readonly method?: string;
  /** Regular expression, tried on the path with its query string, such as "^/v1/pages/". */
  readonly path?: string;
  /** Only the nth matching request, counted from 1. */
  readonly nth?: number;
  /** Every so many matching requests: 3 hits the third, the sixth… */
  readonly every?: number;
  /** From 0 to 1. */
  readonly probability?: number;
  /** Hits at most; then the rule is spent. */
  readonly times?: number;
}

export type FaultEffect =
  | {
      readonly kind: "status";
      /** 409, 429, 500, 502, 503, 504, 529 get Notion's code and message; 502 and 504 are HTML, as from the edge. */
      readonly status: number;
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
  | { readonly kind: "delay"; readonly ms: number }
  /** Closes the connection without an answer, before or after the request took effect. */
  | { readonly kind: "drop"; readonly when: "before" | "after" }
  /** Breaks the answer off in the middle. */
  | { readonly kind: "truncate" }
  /** Answers 200 with something that is not JSON. */
  | { readonly kind: "invalid_json" }
  /** Answers a list request with 200 and no results. */
  | { readonly kind: "empty_list" };

export interface FaultRule {
  readonly match?: FaultMatch;
  readonly effect: FaultEffect;
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
  seen: number;
  hits: number;
}

/** Rules are tried in the order they were added; the first that hits counts. */
export function createFaults(
  random: Random,
  initial: readonly FaultRule[],
): Faults & { next(method: string, path: string): FaultEffect | null } {
  let tracked: Tracked[] = [];

  function isHit(each: Tracked): boolean {
    const { nth, every, probability, times } = each.rule.match ?? {};
    if (nth !== undefined && each.seen !== nth) return false;
    if (every !== undefined && each.seen % every !== 0) return false;
    if (times !== undefined && each.hits >= times) return false;
    return probability === undefined || random.next() < probability;
  }

  const faults = {
    add(rule: FaultRule): void {
      const pattern = rule.match?.path;
      tracked.push({ rule, path: pattern === undefined ? null : new RegExp(pattern), seen: 0, hits: 0 });
    },
    clear(): void {
      tracked = [];
    },
    get rules() {
      return tracked.map(({ rule, hits }) => ({ rule, hits }));
    },
    next(method: string, path: string): FaultEffect | null {
      for (const each of tracked) {
        const wanted = each.rule.match?.method;
        if (wanted !== undefined && wanted.toUpperCase() !== method) continue;
        if (each.path !== null && !each.path.test(path)) continue;
        each.seen++;
        if (!isHit(each)) continue;
        each.hits++;
        return each.rule.effect;
      }
      return null;
    },
  };
  for (const rule of initial) faults.add(rule);
  return faults;
}

const standard: { readonly [status: number]: { readonly code: string; readonly message: string } } = {
  409: { code: "conflict_error", message: "Conflict occurred while saving. Please try again." },
  429: { code: "rate_limited", message: "You have been rate limited. Please try again in a few minutes." },
  500: { code: "internal_server_error", message: "Unexpected error occurred." },
  503: { code: "service_unavailable", message: "Notion is unavailable. Please try again later." },
  529: { code: "service_overload", message: "Notion is overloaded. Please try again later." },
};

const retryAfterSeconds = 1;

export interface FaultAnswer {
  readonly status: number;
  readonly headers: { readonly [name: string]: string };
  /** HTML as text, anything else as JSON. */
  readonly body: string | JsonObject;
}

/** The answer of a status fault; `committedId` is what the request made, when it was carried out. */
export function statusAnswer(
  effect: Extract<FaultEffect, { kind: "status" }>,
  committedId: string | null,
): FaultAnswer {
  const { status } = effect;
  if (effect.code === undefined && (status === 502 || status === 504)) {
    return { status, headers: { "content-type": "text/html; charset=UTF-8" }, body: edgePage(status) };
  }
  const known = standard[status];
  const waits = status === 429 || status === 529;
  const retryAfter = String(effect.retryAfter ?? retryAfterSeconds);
  const additional: JsonObject = {
    ...(waits
      ? { retry_after: retryAfter, rate_limit_reason: effect.reason ?? "public_api_request_rate_limit" }
      : {}),
    ...(effect.namesCommitted === true && committedId !== null
      ? {
          committed_resource_id: committedId,
          retry_guidance: ["Read the committed resource instead of repeating the request."],
        }
      : {}),
  };
  return {
    status,
    headers: waits ? { "retry-after": retryAfter } : {},
    body: {
      object: "error",
      status,
      code: effect.code ?? known?.code ?? "internal_server_error",
      message: effect.message ?? known?.message ?? "Injected fault.",
      ...(Object.keys(additional).length > 0 ? { additional_data: additional } : {}),
    },
  };
}

function edgePage(status: number): string {
  const title = status === 502 ? "502 Bad Gateway" : "504 Gateway Time-out";
  return `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n`;
}
