import type { Ids } from "../../src/core/clock.ts";

/** Seeded chance. Nothing in the simulation draws from anywhere else. */
export interface Random {
  /** In [0, 1). */
  next(): number;
  /** Both ends inclusive. */
  int(from: number, to: number): number;
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
}

/** Equal seed and stream, equal numbers. Streams of one seed have nothing to do with each other. */
export function randomFrom(seed: number, stream: string): Random {
  let state = (seed ^ hashText(stream)) >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return chanceOf(next);
}

function chanceOf(next: () => number): Random {
  return {
    next,
    int: (from, to) => from + Math.floor(next() * (to - from + 1)),
    chance: (probability) => probability > 0 && next() < probability,
    pick(items) {
      const item = items[Math.floor(next() * items.length)];
      if (item === undefined) throw new RangeError("cannot pick from nothing");
      return item;
    },
  };
}

/** FNV-1a, 32 bits. */
export function hashText(text: string, start = 0x811c9dc5): number {
  let hash = start;
  for (let index = 0; index < text.length; index += 1)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}

/**
 * What decides order, delays and faults, apart from what people do: so that leaving out an act of a person does not
 * reshuffle everything else. Each purpose has its own stream. After `limit` draws everything is benign (no fault, no
 * delay, first come first served), so that cutting the tape short makes a failing run simpler.
 */
export class Tape {
  drawn = 0;
  readonly limit: number;
  readonly #seed: number;
  readonly #streams = new Map<string, Random>();

  constructor(seed: number, limit: number) {
    this.#seed = seed;
    this.limit = limit;
  }

  chance(stream: string, probability: number): boolean {
    return probability > 0 && this.#draw(stream, 1) < probability;
  }

  /** Both ends inclusive; benign: `from`. */
  int(stream: string, from: number, to: number): number {
    return from + Math.floor(this.#draw(stream, 0) * (to - from + 1));
  }

  pick<T>(stream: string, items: readonly T[]): T {
    const item = items[this.int(stream, 0, items.length - 1)];
    if (item === undefined) throw new RangeError("cannot pick from nothing");
    return item;
  }

  #draw(stream: string, benign: number): number {
    this.drawn += 1;
    if (this.drawn > this.limit) return benign;
    let random = this.#streams.get(stream);
    if (random === undefined) {
      random = randomFrom(this.#seed, stream);
      this.#streams.set(stream, random);
    }
    return random.next();
  }
}

/** UUIDs of version 7 in their order of making. */
export function countedIds(seed: number): Ids {
  const random = randomFrom(seed, "ids");
  let count = 0;
  return {
    next() {
      count += 1;
      return `019a0000-0000-7000-8000-${count.toString(16).padStart(12, "0")}`;
    },
    random: () => random.next(),
  };
}
