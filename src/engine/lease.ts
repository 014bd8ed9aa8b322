import { LockstepError } from "../core/errors.ts";
import type { Lease } from "../store/store.ts";
import type { EngineDeps } from "./sync.ts";

/** How long a lease outlives its last renewal; renewed three times within it. */
const leaseTtlMs = 120_000;

/** A held lease that renews itself until disposed. Its signal aborts when another holder has taken over. */
export interface HeldLease extends AsyncDisposable {
  readonly lease: Lease;
  readonly signal: AbortSignal;
}

/**
 * Takes the lease of a sync, so that two runs of it never overlap, also across processes. A holder that crashed is
 * replaced at once when it ran on this machine, otherwise when its time is up; the fence keeps it from writing.
 */
export async function holdLease(deps: EngineDeps, syncId: string, syncName: string): Promise<HeldLease> {
  const { store, clock, owner, isDead } = deps;
  const taken = await store.acquireLease({
    name: syncId,
    owner,
    now: clock.now(),
    ttlMs: leaseTtlMs,
    isDead,
  });
  if ("heldBy" in taken) {
    throw new LockstepError(
      "RUN_IN_PROGRESS",
      `a run of "${syncName}" is in progress (held by ${taken.heldBy.owner} until ${new Date(taken.heldBy.until).toISOString()}); ` +
        "wait for it to end, or stop that process",
      { retry: { afterMs: Math.max(0, taken.heldBy.until - clock.now()) } },
    );
  }
  const lost = new AbortController();
  const stop = new AbortController();
  const renewing = renewUntilStopped(deps, taken.lease, { lost, stop: stop.signal });
  return {
    lease: taken.lease,
    signal: lost.signal,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await renewing;
      // A lease that cannot be given back runs out by itself; that must not hide how the run ended.
      await store.releaseLease(taken.lease).catch(() => {});
    },
  };
}

async function renewUntilStopped(
  { store, clock }: EngineDeps,
  lease: Lease,
  signals: { readonly lost: AbortController; readonly stop: AbortSignal },
): Promise<void> {
  while (!signals.stop.aborted) {
    const isAwake = await clock.sleep(leaseTtlMs / 3, signals.stop).then(
      () => true,
      () => false,
    );
    if (!isAwake) return;
    // A store that cannot answer now says nothing about other holders: the next beat asks again, the fence protects.
    const isHeld = await store.renewLease(lease, clock.now() + leaseTtlMs).catch(() => true);
    if (isHeld) continue;
    signals.lost.abort(
      new LockstepError("LEASE_LOST", "another process has taken over this sync; this run stops"),
    );
    return;
  }
}
