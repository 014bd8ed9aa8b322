import type { Tape } from "./random.ts";

interface Event {
  readonly at: number;
  readonly draw: number;
  readonly seq: number;
  readonly run: () => void;
}

/** More events than any run comes to that makes headway. */
const EVENTS_MAX = 2_000_000;

/** Virtual time. Events run one by one, in the order of their time; the tape decides between those of one instant. */
export class Scheduler {
  now: number;
  events = 0;
  readonly #tape: Tape;
  readonly #heap: Event[] = [];
  #seq = 0;

  constructor(tape: Tape, startAt: number) {
    this.#tape = tape;
    this.now = startAt;
  }

  at(time: number, run: () => void): void {
    this.#seq += 1;
    const event = {
      // Clocks tell whole milliseconds, and a timer is late rather than early.
      at: Math.ceil(Math.max(time, this.now)),
      draw: this.#tape.int("order", 0, 999_999),
      seq: this.#seq,
      run,
    };
    push(this.#heap, event);
  }

  after(ms: number, run: () => void): void {
    this.at(this.now + ms, run);
  }

  /** Runs everything up to `until`, and lets all promises settle after each event. Stops early when `isOver`. */
  async runUntil(until: number, isOver: () => boolean): Promise<void> {
    for (let next = this.#heap[0]; next !== undefined && next.at <= until; next = this.#heap[0]) {
      pop(this.#heap);
      this.now = next.at;
      this.events += 1;
      if (this.events > EVENTS_MAX)
        throw new Error(`${EVENTS_MAX} events, and no end: something runs in circles`);
      next.run();
      await settled();
      if (isOver()) return;
    }
    this.now = Math.max(this.now, until);
  }
}

/** One turn of the real event loop: by then every promise that can settle has settled. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function isBefore(a: Event, b: Event): boolean {
  if (a.at !== b.at) return a.at < b.at;
  return a.draw === b.draw ? a.seq < b.seq : a.draw < b.draw;
}

function push(heap: Event[], event: Event): void {
  let index = heap.length;
  heap.push(event);
  while (index > 0) {
    const above = (index - 1) >> 1;
    const parent = heap[above];
    if (parent === undefined || isBefore(parent, event)) break;
    heap[index] = parent;
    index = above;
  }
  heap[index] = event;
}

function pop(heap: Event[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let index = 0;
  for (;;) {
    const left = 2 * index + 1;
    const right = left + 1;
    let below = left;
    const [a, b] = [heap[left], heap[right]];
    if (a === undefined) break;
    if (b !== undefined && isBefore(b, a)) below = right;
    const child = heap[below];
    if (child === undefined || isBefore(last, child)) break;
    heap[index] = child;
    index = below;
  }
  heap[index] = last;
}
