import { type ErrorCode, LockstepError, type Retry } from "../../core/errors.ts";
import type { Json } from "../../core/json.ts";

/** A store's own methods, or those of its `pairs`. */
export type Topic = "store" | "pairs";

/** What one thread asks of the store in another. */
export type Request =
  | {
      readonly kind: "call";
      readonly topic: Topic;
      readonly method: string;
      readonly args: readonly unknown[];
    }
  /** Begins to read a list; the answer is its number. */
  | {
      readonly kind: "open";
      readonly topic: Topic;
      readonly method: string;
      readonly args: readonly unknown[];
    }
  /** The answer is the next of its rows; fewer than `rowsPerPage` are the last. */
  | { readonly kind: "next"; readonly list: number }
  | { readonly kind: "drop"; readonly list: number }
  | { readonly kind: "close" };

export interface Question {
  /** The same on the answer. */
  readonly id: number;
  readonly request: Request;
}

export type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly failure: Failure };

/** Rows of a list that travel at once. */
export const rowsPerPage = 200;

/** The question that nobody asked: its answer says that the store is open, or why not. */
export const opening = 0;

/** An error as it travels between threads: its class is lost, unless it is one of the language's own. */
type Failure =
  | {
      readonly code: ErrorCode;
      readonly message: string;
      readonly retry: Retry;
      readonly details: { readonly [key: string]: Json };
      readonly cause: unknown;
    }
  | { readonly code: null; readonly bug: unknown };

export function failureFrom(error: unknown): Failure {
  if (!(error instanceof LockstepError)) return { code: null, bug: error };
  const { code, message, retry, details, cause } = error;
  return { code, message, retry, details, cause };
}

export function errorFrom(failure: Failure): unknown {
  if (failure.code === null) return failure.bug;
  const { code, message, retry, details, cause } = failure;
  return new LockstepError(code, message, { retry, details, cause });
}
