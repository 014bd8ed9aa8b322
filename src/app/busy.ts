import type { EngineDeps } from "../engine/sync.ts";

/** Between two looks whether another process has ended, and how often is looked: two minutes in all, as a lease lasts. */
const shortestMs = 50;
const longestMs = 1_000;
const triesMax = 200;

/** Waits a little for whoever is at it, longer each time. Throws what it was told when that has lasted. */
export async function pauseWhileBusy(
  { clock, ids }: Pick<EngineDeps, "clock" | "ids">,
  {
    tries,
    error,
    signal,
  }: { readonly tries: number; readonly error: unknown; readonly signal: AbortSignal | undefined },
): Promise<void> {
  if (tries >= triesMax) throw error;
  const ms = Math.min(longestMs, shortestMs * 2 ** Math.min(tries, 10));
  await clock.sleep(ms * (0.5 + ids.random() / 2), signal);
}
