/** How many certified deletions a run may carry out before a person has to say so. */
export interface GuardLimits {
  /** An absolute number … */
  readonly deletesMax: number;
  /** … and a share of the live records (0 to 1). A run is stopped when it exceeds both. */
  readonly deleteShareMax: number;
  /** Deletions a person allowed for this one run, null when none did. */
  readonly allowed: number | null;
}

/** The most deletions that pass: percentages alone fire on tiny collections, numbers alone drown on big ones. */
export function deletesAllowed(live: number, limits: GuardLimits): number {
  const byRule = Math.max(limits.deletesMax, Math.floor(live * limits.deleteShareMax));
  return Math.max(byRule, limits.allowed ?? 0);
}
