import { createHash } from "node:crypto";
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from "@aws-sdk/client-dynamodb";
import type { Clock } from "../../../src/core/clock.ts";
import { LockstepError } from "../../../src/core/errors.ts";
import type { Admission, PacedOutcome, Pacer, Turn } from "../../../src/http/pacer.ts";

/** Notion counts a fixed window of a minute, of unknown phase. */
const windowMs = 60_000;
/** A turn that could not be taken so soon after its time is given up. It bounds how far clocks may differ, too. */
const lateMsMax = 500;
/** Used when a limited answer does not say how long to wait. */
const retryAfterDefaultMs = windowMs;
/** Nobody reserves further ahead than this: it would only be too late then. */
const aheadMsMax = 600_000;
/** Two processes that find it idle at once: one of them tries again. */
const triesMax = 20;

/** Every workspace allows it. Whether more is allowed one process finds out by trying; many at once cannot. */
const rateDefault = 180;

/** Requests a minute that all functions together make. */
export function sharedRate(ratePerMinute: number | "auto"): number {
  return ratePerMinute === "auto" ? rateDefault : ratePerMinute;
}

export interface RateBudgetOptions {
  readonly client: DynamoDBClient;
  /** The table for sync state; keys are `pk` and `sk`. */
  readonly table: string;
  /** What the budget is of; a token is known by its digest. */
  readonly key: string;
  readonly ratePerMinute: number;
  readonly clock: Clock;
  /** Told of every answer that says "too many requests". */
  readonly onLimited?: () => void;
}

export interface RateBudget extends Pacer {
  /** Resolves when what was learned from answers is known to everybody. */
  settled(): Promise<void>;
}

/**
 * The budget of one token, shared by all processes that use it: one item holds the time of the next turn. A turn is taken by
 * moving that time on, in one conditional update, so that no two have the same. Turns lie so far apart that no minute ever
 * holds more of them than the rate, also when each of them is taken `lateMsMax` late.
 */
export function createRateBudget(options: RateBudgetOptions): RateBudget {
  const { clock, onLimited = () => {} } = options;
  const turns = new Turns(options);
  let waiting = 0;
  let waitsUntil = 0;
  let telling: Promise<void> = Promise.resolve();

  function settle(outcome: PacedOutcome): void {
    if (outcome.kind === "limited") onLimited();
    const pauseMs = pauseAfter(outcome);
    if (pauseMs === null) return;
    const until = clock.now() + pauseMs;
    telling = telling.then(() => turns.holdUntil(until));
  }

  async function admit({ sendBy = Number.POSITIVE_INFINITY, signal }: Turn = {}): Promise<Admission> {
    waiting += 1;
    try {
      await telling;
      for (;;) {
        signal?.throwIfAborted();
        const aheadMs = Math.min(aheadMsMax, sendBy - clock.monotonic());
        if (aheadMs < 0) throw tooLate(-aheadMs);
        const latest = clock.now() + aheadMs;
        const at = await turns.take(latest);
        waitsUntil = at;
        const waitMs = at - clock.now();
        if (waitMs > 0) await clock.sleep(waitMs, signal);
        if (clock.now() - at <= lateMsMax) return { settle };
      }
    } finally {
      waiting -= 1;
    }
  }

  return {
    admit,
    waitingMs: () => (waiting === 0 ? 0 : Math.max(0, waitsUntil - clock.now())),
    settled: () => telling,
  };
}

/** How the budget of a token is called: its digest tells nobody the token. */
export function budgetOf(service: string, token: string): string {
  return `${service}-${createHash("sha256").update(token).digest("hex").slice(0, 16)}`;
}

function pauseAfter(outcome: PacedOutcome): number | null {
  if (outcome.kind === "limited") return outcome.retryAfterMs ?? retryAfterDefaultMs;
  return outcome.kind === "overloaded" ? outcome.retryAfterMs : null;
}

/** The item with the time of the next turn, as `at` (ms since the epoch). */
class Turns {
  private readonly options: RateBudgetOptions;
  private readonly apartMs: number;

  constructor(options: RateBudgetOptions) {
    this.options = options;
    this.apartMs = Math.ceil((windowMs + 2 * lateMsMax) / options.ratePerMinute);
  }

  /** The time of the turn that is now the caller's. Throws SENT_TOO_LATE when there is none before `latest`. */
  async take(latest: number): Promise<number> {
    for (let tries = 0; tries < triesMax; tries += 1) {
      const queued = await this.takeNext(latest);
      if ("turn" in queued) return queued.turn;
      if (queued.nextAt !== null && queued.nextAt > latest) throw tooLate(queued.nextAt - latest);
      const now = this.options.clock.now();
      if (await this.takeNow(now, queued.nextAt)) return now;
    }
    throw new LockstepError(
      "RATE_LIMITED",
      "The shared rate budget could not be reached: too many asked for it at the same moment.",
      { retry: { afterMs: 1_000 } },
    );
  }

  /** While others are queueing: the turn after theirs. */
  private async takeNext(
    latest: number,
  ): Promise<{ readonly turn: number } | { readonly nextAt: number | null }> {
    const now = Math.min(latest, this.options.clock.now());
    const answer = await this.update({
      UpdateExpression: "SET #at = #at + :apart",
      ConditionExpression: "#at BETWEEN :now AND :latest",
      ExpressionAttributeValues: {
        ":apart": n(this.apartMs),
        ":now": n(Math.floor(now)),
        ":latest": n(Math.ceil(latest)),
      },
      ReturnValues: "UPDATED_OLD",
    });
    return answer.isDone ? { turn: answer.at ?? now } : { nextAt: answer.at };
  }

  /** When nobody is: at once. False: somebody was quicker. */
  private async takeNow(now: number, before: number | null): Promise<boolean> {
    const known = before === null ? {} : { ":before": n(before) };
    const answer = await this.update({
      UpdateExpression: "SET #at = :next",
      ConditionExpression: before === null ? "attribute_not_exists(#at)" : "#at = :before",
      ExpressionAttributeValues: { ":next": n(now + this.apartMs), ...known },
    });
    return answer.isDone;
  }

  async holdUntil(until: number): Promise<void> {
    await this.update({
      UpdateExpression: "SET #at = :until",
      ConditionExpression: "attribute_not_exists(#at) OR #at < :until",
      ExpressionAttributeValues: { ":until": n(Math.ceil(until)) },
    });
  }

  private async update(
    input: Omit<UpdateItemCommandInput, "TableName" | "Key">,
  ): Promise<{ readonly isDone: boolean; readonly at: number | null }> {
    const { client, table, key } = this.options;
    const item = { pk: { S: `budget#${key}` }, sk: { S: "turn" } };
    const command = new UpdateItemCommand({
      ...input,
      TableName: table,
      Key: item,
      ExpressionAttributeNames: { "#at": "at" },
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    });
    try {
      const { Attributes } = await client.send(command);
      return { isDone: true, at: numberIn(Attributes?.at?.N) };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return { isDone: false, at: numberIn(error.Item?.at?.N) };
    }
  }
}

function n(value: number): { N: string } {
  return { N: String(value) };
}

function numberIn(text: string | undefined): number | null {
  return text === undefined ? null : Number(text);
}

function tooLate(lateMs: number): LockstepError {
  return new LockstepError(
    "SENT_TOO_LATE",
    `The request's turn would come ${Math.ceil(lateMs)} ms after it was to be sent at the latest, so it was not sent.`,
    { retry: "safe" },
  );
}
