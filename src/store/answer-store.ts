import type { Json } from "../core/json.ts";

/** What an outside service answered, and until when that is taken for true. */
export interface Answer {
  readonly value: Json;
  /** ms since the epoch. */
  readonly expiresAt: number;
}

/**
 * Remembers answers of outside services, and of imports, between runs, by keys that callers choose. An answer past its time is still given:
 * an old one is better than none, and only the caller knows whether it may ask anew. Nothing else in the store depends on
 * it: the whole table may be emptied.
 */
export interface AnswerStore {
  /** null: never answered. */
  get(key: string): Promise<Answer | null>;
  /** In place of the last answer to this key. */
  put(key: string, answer: Answer): Promise<void>;
}
