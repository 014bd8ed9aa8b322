/** One request as it was answered. */
export interface CallEntry {
  /** Wall milliseconds of the emulator's clock. */
  readonly at: number;
  readonly method: string;
  readonly path: string;
  /** Method and route template, "unknown" for no route. */
  readonly route: string;
  /** 0 when the connection was dropped. */
  readonly status: number;
  /** The connection's name; null when the token is unknown. */
  readonly connection: string | null;
}

export interface CallLog {
  /** Requests since the start or the last reset. */
  readonly total: number;
  readonly rateLimited: number;
  readonly byRoute: { readonly [route: string]: number };
  /** The latest requests, oldest first, at most `recentMax`. */
  readonly recent: readonly CallEntry[];
  reset(): void;
}

export const recentMax = 5000;

export function createCallLog(): CallLog & { add(entry: CallEntry): void } {
  let total = 0;
  let rateLimited = 0;
  let byRoute: { [route: string]: number } = {};
  let recent: CallEntry[] = [];
  return {
    get total() {
      return total;
    },
    get rateLimited() {
      return rateLimited;
    },
    get byRoute() {
      return byRoute;
    },
    get recent() {
      return recent.slice(-recentMax);
    },
    add(entry) {
      total++;
      if (entry.status === 429) rateLimited++;
      byRoute[entry.route] = (byRoute[entry.route] ?? 0) + 1;
      recent.push(entry);
      // Cut rarely, so that adding stays cheap.
      if (recent.length > 2 * recentMax) recent = recent.slice(-recentMax);
    },
    reset() {
      total = 0;
      rateLimited = 0;
      byRoute = {};
      recent = [];
    },
  };
}
