import type { Clock } from "../core/clock.ts";
import { LockstepError } from "../core/errors.ts";

/** Failures in a row (5xx, timeouts, network; never an answer like 404) after which we stop asking. */
const FAILURES_MAX = 5;
/** Then one probe after this time; another one each time it fails. */
const OPEN_MS = 30_000;

/** Keeps a service that is down from being asked again and again. Shared by all clients of the service. */
export interface Breaker {
  /** Throws CIRCUIT_OPEN while the service is given a rest. */
  check(): void;
  record(outcome: "answered" | "failed" | "unknown"): void;
}

type State =
  | { readonly kind: "closed"; readonly failures: number }
  | { readonly kind: "open"; readonly until: number }
  | { readonly kind: "probing" };

export function createBreaker(options: { clock: Clock; service: string }): Breaker {
  const { clock, service } = options;
  let state: State = { kind: "closed", failures: 0 };
  const open = (): State => ({ kind: "open", until: clock.monotonic() + OPEN_MS });

  return {
    check() {
      if (state.kind === "closed") return;
      const waitMs = state.kind === "open" ? state.until - clock.monotonic() : OPEN_MS;
      if (state.kind === "probing" || waitMs > 0) throw openError(service, clock, waitMs);
      state = { kind: "probing" };
    },
    record(outcome) {
      if (outcome === "answered") state = { kind: "closed", failures: 0 };
      else if (state.kind === "probing") state = open();
      else if (state.kind === "closed" && outcome === "failed") {
        const failures = state.failures + 1;
        state = failures >= FAILURES_MAX ? open() : { kind: "closed", failures };
      }
    },
  };
}

function openError(service: string, clock: Clock, waitMs: number): LockstepError {
  const at = new Date(clock.now() + waitMs).toISOString();
  return new LockstepError(
    "CIRCUIT_OPEN",
    `${service} failed ${FAILURES_MAX} times in a row and is not asked again before ${at}. ` +
      "Nothing is lost: run again after that time, and look at the service's status page if it goes on.",
    { retry: { afterMs: waitMs } },
  );
}
