import type { Json } from "../../core/json.ts";
import { before, type Condition, onOrAfter } from "./filter.ts";
import { walkPartitions } from "./partition.ts";
import { rowKey, type RowKey } from "./row-key.ts";
import { afterMinute, minuteOf, toIso } from "./time.ts";
import { type Source, type WalkEnd, walkQuery } from "./walk.ts";

/** How often one place may lose its cursor before we let the error out. */
const CUTS_MAX = 3;

/** Rows as listed, without those that an earlier page of this reading already gave. */
export interface Listed {
  readonly rows: readonly Json[];
  /** Everything created before this minute (ms) has been listed; null while nothing has. */
  readonly doneBefore: number | null;
  /** When Notion was asked, ms by its own clock. */
  readonly askedAt: number;
}

export interface Window {
  readonly from: number | null;
  readonly to: number | null;
  readonly pages: number;
  readonly rows: number;
  readonly isCapped: boolean;
}

export interface Enumeration {
  /** Rows created from this minute on. */
  readonly from: number | null;
  readonly conditions: readonly Condition[];
  /** Called once per window read. */
  readonly onWindow: (window: Window) => void;
}

/**
 * Every row, oldest first. The time of creation never changes, so editing moves no row out of a window. A window
 * that Notion caps or cuts is followed by one that starts with the last minute read.
 * Returns why rows are missing, null when none is.
 */
export async function* enumerate(source: Source, reading: Enumeration): AsyncGenerator<Listed, string | null, void> {
  const minute = new CurrentMinute(reading.from);
  let from = reading.from;
  let cutsHere = 0;
  let missing: string | null = null;
  for (;;) {
    const end = yield* readWindow(source, reading, from, minute);
    reading.onWindow({ from, to: minute.at, pages: end.pages, rows: end.rows, isCapped: end.how === "capped" });
    if (end.how === "complete") return missing;
    const isStuck = minute.at === from;
    cutsHere = end.how === "cut" && isStuck ? cutsHere + 1 : 0;
    if (cutsHere === CUTS_MAX) return `Notion took back the cursor ${CUTS_MAX} times at ${toIso(from ?? 0)}`;
    from = minute.at;
    if (end.how === "cut" || !isStuck || from === null) continue;
    // One minute holds more rows than Notion ever lists for one query.
    const problem = yield* readMinute(source, reading, from, minute);
    missing ??= problem;
    from = afterMinute(from);
    minute.enter(from);
  }
}

async function* readWindow(
  source: Source,
  { conditions }: Enumeration,
  from: number | null,
  minute: CurrentMinute,
): AsyncGenerator<Listed, WalkEnd, void> {
  const start = from === null ? [] : [onOrAfter("created_time", from)];
  const walking = walkQuery(source, {
    conditions: [...conditions, ...start],
    sort: { timestamp: "created_time", direction: "ascending" },
  });
  for (;;) {
    const next = await walking.next();
    if (next.done) return next.value;
    const rows = next.value.rows.filter((row) => minute.isNew(rowKey(row)));
    yield { rows, doneBefore: minute.at, askedAt: next.value.askedAt };
  }
}

async function* readMinute(
  source: Source,
  { conditions, onWindow }: Enumeration,
  from: number,
  minute: CurrentMinute,
): AsyncGenerator<Listed, string | null, void> {
  const window = [...conditions, onOrAfter("created_time", from), before("created_time", afterMinute(from))];
  const walking = walkPartitions(source, window);
  for (;;) {
    const next = await walking.next();
    if (next.done) {
      const { pages, rows, problem } = next.value;
      onWindow({ from, to: afterMinute(from), pages, rows, isCapped: problem !== null });
      return problem === null ? null : `more rows were created in the minute ${toIso(from)} than one query lists, and ${problem}`;
    }
    const rows = next.value.rows.filter((row) => minute.isNew(rowKey(row)));
    yield { rows, doneBefore: from, askedAt: next.value.askedAt };
  }
}

/** The minute of creation the reading has come to, and which of its rows were listed: all that can come again. */
class CurrentMinute {
  at: number | null;
  #ids = new Set<string>();

  constructor(at: number | null) {
    this.at = at;
  }

  enter(minute: number): void {
    if (this.at !== null && minute <= this.at) return;
    this.at = minute;
    this.#ids = new Set();
  }

  isNew(key: RowKey | null): boolean {
    if (key === null) return true;
    const created = minuteOf(key.createdTime);
    this.enter(created);
    if (created !== this.at) return true;
    if (this.#ids.has(key.id)) return false;
    this.#ids.add(key.id);
    return true;
  }
}
