import { isObject, type Json, type JsonObject } from "../json.ts";
import type { Entity, Subscription } from "../state/state.ts";
import type { WordedEvent } from "./envelope.ts";

/** Edits of one kind to one thing, gathered until they are told together. */
export interface Gathered {
  readonly subscription: Subscription;
  /** What a connection must see when the window closes. */
  readonly subject: Entity | null;
  readonly worded: WordedEvent;
  readonly authors: readonly string[];
  /** The latest of the edits, in milliseconds. */
  readonly timestamp: number;
  /** When the window closes. */
  readonly dueAt: number;
}

/** Told at once. https://developers.notion.com/reference/webhooks-events-delivery */
const immediate = /^(comment\.|file_upload\.|page\.(un)?locked$)/;

/** What an event makes pointless to tell, when it is not told yet: only the last word on being there counts. */
const overtaken: { readonly [what: string]: readonly string[] } = {
  deleted: ["created", "undeleted"],
  undeleted: ["deleted"],
};

/** A window opens with the first edit and closes a fixed time later, however many follow. */
export class Windows {
  readonly #open = new Map<string, Gathered>();
  #unmerged = 0;

  get size(): number {
    return this.#open.size;
  }

  /** When the next window closes; null: none is open. */
  get nextDueAt(): number | null {
    let next: number | null = null;
    for (const { dueAt } of this.#open.values()) next = next === null ? dueAt : Math.min(next, dueAt);
    return next;
  }

  add(event: Gathered, aggregationMs: number): void {
    const { type, entity } = event.worded;
    const keyOf = (name: string): string => `${event.subscription.id} ${name} ${entity.id}`;
    const [kind = "", what = ""] = type.split(".");
    for (const other of overtaken[what] ?? []) this.#open.delete(keyOf(`${kind}.${other}`));
    if (immediate.test(type)) {
      // Under a key of its own: never merged.
      this.#open.set(`${keyOf(type)} ${this.#unmerged++}`, event);
      return;
    }
    const before = this.#open.get(keyOf(type));
    this.#open.set(
      keyOf(type),
      before === undefined ? { ...event, dueAt: event.dueAt + aggregationMs } : merged(before, event),
    );
  }

  /** Closes the windows whose time has come, in the order they were opened. */
  close(now: number): Gathered[] {
    const closed: Gathered[] = [];
    for (const [key, gathered] of this.#open) {
      if (gathered.dueAt > now) continue;
      this.#open.delete(key);
      closed.push(gathered);
    }
    return closed.sort((left, right) => left.dueAt - right.dueAt);
  }

  clear(): void {
    this.#open.clear();
  }
}

function merged(before: Gathered, event: Gathered): Gathered {
  return {
    ...event,
    dueAt: before.dueAt,
    timestamp: Math.max(before.timestamp, event.timestamp),
    authors: [...new Set([...before.authors, ...event.authors])],
    worded: { ...event.worded, data: mergedData(before.worded.data, event.worded.data) },
  };
}

/** Lists of what was touched grow; everything else is as the last edit left it. */
function mergedData(before: JsonObject | null, after: JsonObject | null): JsonObject | null {
  if (before === null || after === null) return after;
  const data: JsonObject = { ...after };
  for (const [key, value] of Object.entries(after)) {
    const old = before[key];
    if (Array.isArray(value) && Array.isArray(old)) data[key] = union(old, value);
  }
  return data;
}

/** By id where there is one; the later entry counts, but what was made in the same window stays made. */
function union(before: readonly Json[], after: readonly Json[]): Json[] {
  const entries = new Map<Json, Json>();
  for (const entry of [...before, ...after]) {
    const key = isObject(entry) ? (entry.id ?? null) : entry;
    const old = entries.get(key);
    const isStillNew =
      isObject(old) && old.action === "created" && isObject(entry) && entry.action === "updated";
    entries.set(key, isStillNew && isObject(entry) ? { ...entry, action: "created" } : entry);
  }
  return [...entries.values()];
}
