import { faultClasses, type Options } from "./options.ts";
import { type Case, type HowToRun, type Result, simulate } from "./simulate.ts";

/** Runs spent on making a failing case smaller. */
const RUNS_MAX = 400;

export interface Shrunk {
  readonly case: Case;
  readonly result: Result;
  readonly runs: number;
}

/**
 * The smallest case found that breaks the same invariant: fault classes dropped, the tape cut short (what comes after is
 * benign), acts left out in halves, quarters, one by one.
 */
export async function shrink(failing: Case, how: HowToRun): Promise<Shrunk> {
  const shrinker = new Shrinker(how, failing, await simulate(failing, how));
  for (let before = -1; before !== shrinker.steps && shrinker.runs < RUNS_MAX; ) {
    before = shrinker.steps;
    for (const change of simplifications) await shrinker.simplify(change);
    await shrinker.cutTape();
    await shrinker.dropActs();
  }
  return { case: shrinker.smallest, result: shrinker.result, runs: shrinker.runs };
}

class Shrinker {
  smallest: Case;
  result: Result;
  runs = 1;
  /** Successful ones. */
  steps = 0;
  readonly #how: HowToRun;
  readonly #invariant: string | undefined;

  constructor(how: HowToRun, failing: Case, result: Result) {
    this.#how = how;
    this.smallest = failing;
    this.result = result;
    this.#invariant = result.violations[0]?.invariant;
  }

  /** Keeps the change when the same invariant still breaks. */
  async tryOut(change: Partial<Case>): Promise<boolean> {
    if (this.runs >= RUNS_MAX) return false;
    this.runs += 1;
    const changed = { ...this.smallest, ...change };
    const result = await simulate(changed, this.#how);
    if (result.violations[0]?.invariant !== this.#invariant) return false;
    this.smallest = changed;
    this.result = result;
    this.steps += 1;
    return true;
  }

  async simplify(change: Simplification): Promise<void> {
    const options = change(this.smallest.options);
    if (JSON.stringify(options) !== JSON.stringify(this.smallest.options)) await this.tryOut({ options });
  }

  async cutTape(): Promise<void> {
    let [works, fails] = [-1, Math.min(this.smallest.tapeLimit, this.result.tapeDrawn)];
    while (fails - works > 1 && this.runs < RUNS_MAX) {
      const middle = works + Math.ceil((fails - works) / 2);
      if (middle >= this.smallest.tapeLimit) return;
      if (await this.tryOut({ tapeLimit: middle })) fails = middle;
      else works = middle;
    }
  }

  async dropActs(): Promise<void> {
    for (
      let size = Math.ceil(this.smallest.acts.length / 2);
      size >= 1;
      size = size === 1 ? 0 : Math.ceil(size / 2)
    ) {
      for (let from = 0; from < this.smallest.acts.length; ) {
        const acts = this.smallest.acts.toSpliced(from, size);
        if (!(await this.tryOut({ acts }))) from += size;
      }
    }
  }
}

type Simplification = (options: Options) => Options;

const simplifications: readonly Simplification[] = [
  ...faultClasses.map(
    (fault): Simplification =>
      (options) =>
        options.rates[fault] === 0 ? options : { ...options, rates: { ...options.rates, [fault]: 0 } },
  ),
  (options) => ({ ...options, workers: 1, losesWorker: false }),
  (options) => ({ ...options, outages: 0 }),
  (options) => ({ ...options, hiddenPages: 0 }),
  (options) => ({ ...options, skewMs: 0 }),
  (options) => ({ ...options, indexLagMs: 0 }),
  (options) => ({ ...options, cursorStyle: "session", pageSizeMax: 100, cap: 10_000 }),
  (options) => ({ ...options, ratePerMinute: null }),
  (options) => ({ ...options, hasHints: false }),
  (options) => ({ ...options, matchesByName: false }),
  (options) => ({ ...options, sweepEveryMs: null }),
];
