import type { Context } from "aws-lambda";
import type { EngineDeps } from "../../../src/engine/sync.ts";

/** So much time is left for what has to be written when work is given up. */
const reserveMs = 5_000;
/** Clocks of two machines may differ, and a killed process is given time to be gone. */
const certainMs = 2_000;

/**
 * Who a Lambda is, for leases. Amazon ends an invocation at its deadline, whatever it does: so an owner names its own
 * deadline, and whoever finds the lease after that knows that nobody holds it.
 */
export class Invocation implements Pick<EngineDeps, "owner" | "isDead"> {
  private current = "lambda/none/0";

  get owner(): string {
    return this.current;
  }

  isDead = (owner: string): boolean => {
    const deadline = Number(/^lambda\/.*\/(\d+)$/.exec(owner)?.[1] ?? Number.NaN);
    return Date.now() > deadline + certainMs;
  };

  /** Begins an invocation. The signal aborts shortly before its end. */
  begin({ awsRequestId, getRemainingTimeInMillis }: Context): AbortSignal {
    const leftMs = getRemainingTimeInMillis();
    this.current = `lambda/${awsRequestId}/${Date.now() + leftMs}`;
    return AbortSignal.timeout(Math.max(1, leftMs - Math.min(reserveMs, leftMs / 4)));
  }
}
