const firstMs = 10_000;
const mostMs = 60_000;

/**
 * How long to wait after so many failures in a row of what passes by itself (ms): twice as long each time, a minute at most,
 * half of it by chance, so that those who failed together do not come back together. `random` in [0, 1).
 */
export function backOffMs(failures: number, random: number): number {
  const most = Math.min(mostMs, firstMs * 2 ** Math.min(Math.max(0, failures - 1), 10));
  return Math.round((most * (1 + random)) / 2);
}
