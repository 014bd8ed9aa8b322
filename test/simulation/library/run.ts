import { rememberDataSources } from "../../../src/app/data-sources.ts";
import type { Act } from "../acts.ts";
import { countedIds, randomFrom } from "../random.ts";
import type { Case, HowToRun, Result } from "../simulate.ts";
import { START } from "../world.ts";
import { performAtHome, recomputeAll } from "./acts.ts";
import { auditLibrary } from "./audit.ts";
import { drillLibrary } from "./drills.ts";
import { bootServer, configFor, type Household } from "./process.ts";
import { hintAbout, LibraryRules } from "./rules.ts";
import { ShelfWatch } from "./shelf-watch.ts";
import { LibraryWorld, type PageChange, shelfNames } from "./world.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const ROUNDS = 6;
/** How long Notion gathers edits before it tells of them (ms). */
const GATHERING_MS: readonly [number, number] = [500, 60_000];

/** One run of a library: people, players and programs work while everything fails; then rest, and the books are checked. */
export async function simulateLibrary(what: Case, how: HowToRun): Promise<Result> {
  const run = await LibraryRun.start(what, how);
  await run.carryOut();
  return run.result();
}

class LibraryRun {
  readonly #acts: readonly Act[];
  readonly #world: LibraryWorld;
  readonly #watch: ShelfWatch;
  readonly #rules: LibraryRules;
  readonly #household: Household;

  private constructor(parts: {
    acts: readonly Act[];
    world: LibraryWorld;
    watch: ShelfWatch;
    rules: LibraryRules;
    household: Household;
  }) {
    this.#acts = parts.acts;
    this.#world = parts.world;
    this.#watch = parts.watch;
    this.#rules = parts.rules;
    this.#household = parts.household;
  }

  static async start({ options, acts, tapeLimit }: Case, how: HowToRun): Promise<LibraryRun> {
    const onPage = (change: PageChange) => {
      rules.onPage(change);
      if (change.by === "person") sendHint(household, change);
    };
    const world = new LibraryWorld({ options, tapeLimit, isTraced: how.isTraced, hooks: { onPage } });
    const watch: ShelfWatch = new ShelfWatch(
      () => world,
      (change) => rules.onRecord(change),
    );
    const rules = new LibraryRules(world, watch);
    const ids = countedIds(options.seed);
    const household: Household = {
      world,
      store: await how.openStore(ids),
      ids,
      config: configFor(world),
      storeOutage: { until: 0 },
      onDurable: (...told) => watch.onDurable(...told),
      machines: new Map(),
      passes: 0,
      commands: 0,
    };
    await remember(household);
    return new LibraryRun({ acts, world, watch, rules, household });
  }

  async carryOut(): Promise<void> {
    const world = this.#world;
    const { options } = world;
    for (let place = 0; place < options.workers; place += 1) bootServer(this.#household, place);
    for (const act of this.#acts)
      world.scheduler.at(START + act.at, () => performAtHome(this.#household, act));
    this.#planOutages();
    const steps = [() => this.#until(options.minutes * MINUTE), () => this.#recover(), () => this.#rest()];
    for (const step of steps) {
      await step();
      if (this.#isOver()) return;
    }
    const end = { world, watch: this.#watch, rules: this.#rules, store: this.#household.store };
    await auditLibrary(end);
    if (this.#isOver() || !options.isDrilled) return;
    const pass = (ms: number) => this.#until(world.now - START + ms);
    await drillLibrary({ ...end, household: this.#household, pass });
    if (!this.#isOver()) await auditLibrary(end);
  }

  async result(): Promise<Result> {
    const world = this.#world;
    await this.#household.store.close();
    return {
      violations: world.violations,
      hash: world.trace.hash,
      lines: world.trace.lines,
      tapeDrawn: world.tape.drawn,
      events: world.scheduler.events,
      calls: { left: world.calls, right: 0 },
      writes: world.writes,
      edits: world.changes.filter(({ by }) => by === "person").length,
      passes: this.#household.passes,
    };
  }

  #planOutages(): void {
    const world = this.#world;
    const { options } = world;
    const random = randomFrom(options.seed, "outages");
    const at = () => START + random.int(MINUTE, options.minutes * MINUTE);
    for (let count = 0; count < options.outages; count += 1) {
      const [ms, isSilent] = [random.int(30 * SECOND, 12 * MINUTE), random.chance(0.6)];
      world.scheduler.at(at(), () => world.takeAccess(ms, isSilent));
    }
    for (let count = 0; count < options.hiddenPages; count += 1) {
      const [pick, ms] = [random.int(0, 99), random.int(30 * SECOND, 12 * MINUTE)];
      const shelf = random.pick(shelfNames);
      world.scheduler.at(at(), () => {
        const pages = world.pages(shelf, "live");
        const page = pages[pick % Math.max(1, pages.length)];
        if (page !== undefined) world.hide(page.id, ms);
      });
    }
  }

  /** Faults cease; people rest; what waits for a person is approved. Within this time everything has to agree. */
  async #recover(): Promise<void> {
    const world = this.#world;
    const { options } = world;
    world.heal();
    this.#household.storeOutage.until = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      world.scheduler.after(1, () => void this.#approveHolds());
      // Cascades that wait for a person's word.
      if (round === ROUNDS / 2) world.scheduler.after(2, () => void recomputeAll(this.#household));
      await this.#until(world.now - START + Math.ceil(this.#recoveryMs() / ROUNDS));
      if (this.#isOver()) return;
    }
    // What could not be seen is looked for again after an hour.
    if (options.hiddenPages + options.outages > 0) await this.#until(world.now - START + 75 * MINUTE);
  }

  async #approveHolds(): Promise<void> {
    const { pairs } = this.#household.store;
    const at = new Date(this.#world.now).toISOString();
    const holds = await pairs.listHolds({ isOpen: true, limit: 1_000 });
    for (const { id, decision } of holds)
      if (decision === null) await pairs.decideHold({ id, decision: "approved", by: "operator", at });
  }

  /** The bound within which everything has to have come to agreement. */
  #recoveryMs(): number {
    const { sweepEveryMs, pollEveryMs, rates, acts } = this.#world.options;
    const lag = 2 * (180 + 120 + 125) * SECOND;
    const looks = 2 * (sweepEveryMs ?? 0) + 6 * pollEveryMs;
    const waits = 10 * MINUTE + (rates.pause > 0 ? 10 * MINUTE : 0);
    return lag + looks + waits + acts * 2 * SECOND;
  }

  /** I2: nothing more is written once everything agrees. */
  async #rest(): Promise<void> {
    const world = this.#world;
    const before = { writes: world.writes, changes: this.#watch.changes.length };
    const { sweepEveryMs, pollEveryMs } = world.options;
    await this.#until(world.now - START + 2 * pollEveryMs + (sweepEveryMs ?? 0) + 5 * SECOND);
    const writes = world.writes - before.writes;
    const changes = this.#watch.changes.length - before.changes;
    if (writes + changes > 0)
      world.fail("I2", `${writes} writes and ${changes} changes after everything had come to rest`);
  }

  #until(ms: number): Promise<void> {
    return this.#world.scheduler.runUntil(START + ms, () => this.#isOver());
  }

  #isOver(): boolean {
    return this.#world.violations.length > 0;
  }
}

/** As `lockstep init` leaves it: what the ids of the configuration stand for is known. */
async function remember({ world, store, ids }: Household): Promise<void> {
  const clock = { now: () => world.now, monotonic: () => 0, sleep: async () => {} };
  const deps = { store, ids, clock, owner: "init", isDead: () => true };
  for (const shelf of shelfNames) {
    const { dataSourceId } = world.shelves[shelf];
    await rememberDataSources(deps, dataSourceId, [{ id: dataSourceId, name: shelf }]);
  }
}

/** Webhooks of Notion: mostly they come, some are lost, told twice, told late. */
function sendHint({ world, store }: Household, change: PageChange): void {
  const { options, tape, rates } = world;
  if (!options.hasHints || tape.chance("hintLost", rates.hintLost)) return;
  const syncId = `table:${world.shelves[change.shelf].dataSourceId}:${change.shelf}`;
  const event = hintAbout(change, syncId);
  const deliver = () =>
    void store.pairs.putInbox([{ ...event, receivedAt: new Date(world.now).toISOString() }]);
  world.scheduler.after(tape.int("hint", ...GATHERING_MS), deliver);
  if (tape.chance("hintRepeated", rates.hintRepeated))
    world.scheduler.after(tape.int("hintRepeated", MINUTE, 15 * MINUTE), deliver);
}
