/** How long a run took, in seconds with one decimal; "" while nobody knows. */
export function secondsOf(run: { readonly startedAt: string; readonly endedAt: string | null }): string {
  if (run.endedAt === null) return "";
  return ((Date.parse(run.endedAt) - Date.parse(run.startedAt)) / 1000).toFixed(1);
}

/** An ISO 8601 time to the minute, as people read it; "-" for none. */
export function minuteOf(time: string | null): string {
  return time === null ? "-" : `${time.slice(0, 16).replace("T", " ")}Z`;
}
