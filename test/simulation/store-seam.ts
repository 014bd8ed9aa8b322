import { LockstepError } from "../../src/core/errors.ts";
import type { CollectionStore } from "../../src/store/collection-store.ts";
import type { PairStore } from "../../src/store/pair-store.ts";
import type { Store } from "../../src/store/store.ts";
import type { Machine } from "./machine.ts";
import type { Rates } from "./options.ts";
import type { Tape } from "./random.ts";

/** What the calls of one process to the store go through. */
export interface StoreLine {
  readonly machine: Machine;
  readonly tape: Tape;
  readonly rates: () => Rates;
  readonly now: () => number;
  /** Shared by all processes: until when the store cannot be reached. */
  readonly outage: { until: number };
  /** The process dies now, and comes back later. */
  readonly onCrash: () => void;
  /** A write became durable, whatever its caller gets to know. */
  readonly onDurable: (name: string, argument: unknown, result: unknown) => void;
}

const writes: ReadonlySet<string> = new Set([
  "commit",
  "commitRecords",
  "markSwept",
  "putInbox",
  "settleConflict",
  "decideHold",
  "startRun",
  "saveRun",
  "acquireLease",
  "renewLease",
  "releaseLease",
]);

const OUTAGE_MS = 20_000;

/**
 * The store as one process reaches it: each call takes a moment, in which other processes go on; a process can die
 * before or after a write became durable, a transaction can be aborted, and its answer can be lost.
 */
export function throughSeam(store: Store, line: StoreLine): Store {
  const pairs = intercept<PairStore>(store.pairs, line);
  const collections = intercept<CollectionStore>(store.collections, line);
  return intercept<Store>(store, line, { pairs, collections });
}

function intercept<T extends object>(target: T, line: StoreLine, replaced: Partial<T> = {}): T {
  return new Proxy(target, {
    get(object, name) {
      if (name in replaced) return Reflect.get(replaced, name);
      const member: unknown = Reflect.get(object, name);
      if (typeof member !== "function") return member;
      const bound: (...all: readonly unknown[]) => unknown = member.bind(object);
      // Streams of rows are read between two moments.
      if (typeof name !== "string" || name.startsWith("iterate") || name === "close") return bound;
      return (...all: readonly unknown[]) => call(line, name, all[0], () => bound(...all));
    },
  });
}

async function call(
  line: StoreLine,
  name: string,
  argument: unknown,
  perform: () => unknown,
): Promise<unknown> {
  const { tape, machine } = line;
  const rates = line.rates();
  await passes(machine, tape.int("store", 0, 3));
  if (tape.chance("storeDown", rates.storeDown))
    line.outage.until = line.now() + tape.int("storeDown", 1_000, OUTAGE_MS);
  if (line.outage.until > line.now()) throw failed(name, "cannot be reached");
  if (!writes.has(name)) return await perform();
  if (tape.chance("storeAborted", rates.storeAborted)) throw failed(name, "gave the transaction up");
  if (tape.chance("crash", rates.crash)) {
    if (tape.chance("crash", 0.5)) line.onDurable(name, argument, await perform());
    line.onCrash();
    return await new Promise(() => {});
  }
  const result = await perform();
  line.onDurable(name, argument, result);
  if (tape.chance("storeLost", rates.storeLost)) throw failed(name, "did not answer");
  if (tape.chance("pause", rates.pause))
    machine.pause(tape.int("pause", 1_000, tape.chance("pause", 0.1) ? 600_000 : 75_000));
  await passes(machine, tape.int("store", 0, 3));
  return result;
}

function passes(machine: Machine, ms: number): Promise<void> {
  return new Promise((resolve) => machine.after(ms, resolve));
}

function failed(name: string, how: string): LockstepError {
  return new LockstepError("STORE_FAILED", `Tried ${name}; the store ${how}.`, { retry: "safe" });
}
