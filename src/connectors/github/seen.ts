import type { Issue } from "./issue.ts";

/** Issues that are remembered at most; the oldest is forgotten first. */
const REMEMBERED_MAX = 5_000;

/** Issues as they were last read by number or answered to a write: what a write needs of the issue beside its own values. */
export interface SeenIssues {
  keep(id: string, seen: SeenIssue): void;
  get(id: string): SeenIssue | null;
  forget(id: string): void;
}

export interface SeenIssue {
  readonly issue: Issue;
  /** Monotonic ms. */
  readonly at: number;
  readonly etag: string | null;
}

export function createSeenIssues(): SeenIssues {
  const all = new Map<string, SeenIssue>();
  return {
    keep(id, seen) {
      all.delete(id);
      all.set(id, seen);
      const [oldest] = all.keys();
      if (all.size > REMEMBERED_MAX && oldest !== undefined) all.delete(oldest);
    },
    get: (id) => all.get(id) ?? null,
    forget: (id) => void all.delete(id),
  };
}
