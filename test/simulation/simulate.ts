import type { Ids } from "../../src/core/clock.ts";
import type { Side } from "../../src/core/two-way/mapping.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { Store } from "../../src/store/store.ts";
import { type Act, drawActs, type Operator, perform } from "./acts.ts";
import { audit, readEnd } from "./audit.ts";
import { drill } from "./drills.ts";
import { createOn } from "./hands.ts";
import { sendCommentHint, sendHint } from "./hints.ts";
import { simulateLibrary } from "./library/run.ts";
import { drawOptions, type Options } from "./options.ts";
import { BoardRules } from "./pipeline/rules.ts";
import { bootTaskWorker } from "./pipeline/workers.ts";
import { Planners } from "./planning/planners.ts";
import { plantPlanning } from "./planning/plant.ts";
import { PlanningRules } from "./planning/rules.ts";
import { countedIds, randomFrom } from "./random.ts";
import { Watch } from "./watch.ts";
import { boot, type Fleet } from "./worker.ts";
import { START, type Violation, World } from "./world.ts";

/** Everything that a run follows from: equal cases, equal runs. Can be stored, and cut down. */
export interface Case {
  readonly options: Options;
  readonly acts: readonly Act[];
  /** Draws of the schedule's tape before everything turns benign. */
  readonly tapeLimit: number;
}

export interface Result {
  readonly violations: readonly Violation[];
  /** Equal for equal runs. */
  readonly hash: string;
  readonly lines: readonly string[];
  readonly tapeDrawn: number;
  readonly events: number;
  readonly calls: { readonly left: number; readonly right: number };
  readonly writes: number;
  readonly edits: number;
  readonly passes: number;
}

export interface HowToRun {
  readonly isTraced: boolean;
  readonly openStore: (ids: Ids) => Promise<Store>;
}

export const inMemory: HowToRun = { isTraced: false, openStore: async (ids) => createMemoryStore({ ids }) };

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** Far more than polls and waits come to; a process that runs in circles comes to sixty. */
const PASSES_PER_MINUTE = 8;
const PASSES_PER_ACT = 10;

export function caseOf(seed: number, change: (options: Options) => Options = (options) => options): Case {
  const options = change(drawOptions(seed));
  return { options, acts: drawActs(options), tapeLimit: Number.MAX_SAFE_INTEGER };
}

/** One run: people work while everything fails, then faults cease, then people rest, then the books are checked. */
export async function simulate(
  { options, acts, tapeLimit }: Case,
  how: HowToRun = inMemory,
): Promise<Result> {
  if (options.subject === "library") return simulateLibrary({ options, acts, tapeLimit }, how);
  const run = await Run.start({ options, acts, tapeLimit }, how);
  await run.carryOut();
  return run.result();
}

/** What planning brings along. */
interface Planned {
  readonly rules: PlanningRules;
  readonly planners: Planners;
}

class Run {
  readonly #case: Case;
  readonly #world: World;
  readonly #watch: Watch;
  /** Of the recipe; null: no recipe made this pair. */
  readonly #rules: BoardRules | PlanningRules | null;
  /** null: this pair is none of planning's. */
  readonly #planned: Planned | null;
  readonly #store: Store;
  readonly #fleet: Fleet;
  readonly #openStore: () => Promise<Store>;
  #approved = 0;

  private constructor(parts: {
    case: Case;
    world: World;
    watch: Watch;
    rules: BoardRules | PlanningRules | null;
    planned: Planned | null;
    store: Store;
    fleet: Fleet;
    openStore: () => Promise<Store>;
  }) {
    this.#openStore = parts.openStore;
    this.#case = parts.case;
    this.#world = parts.world;
    this.#watch = parts.watch;
    this.#rules = parts.rules;
    this.#planned = parts.planned;
    this.#store = parts.store;
    this.#fleet = parts.fleet;
  }

  static async start(what: Case, how: HowToRun): Promise<Run> {
    const { options, tapeLimit } = what;
    const watch: Watch = new Watch(() => world, {
      // A pass that had begun before the mapping changed goes on as it began.
      mayWrite: ({ passBeganAt }) => fleet.mapping.isAccepted || passBeganAt <= fleet.mapping.changedAt,
      isForeseen: (link, sent) => planned?.rules.isForeseen(link, sent) === true,
    });
    const world: World = new World({
      options,
      tapeLimit,
      isTraced: how.isTraced,
      hooks: {
        onSend: (side, machine, write) => {
          watch.onSend(side, machine, write);
          rules?.onSend(side, write, machine);
        },
        onHappening: (each) => {
          watch.onHappening(each);
          rules?.onHappening(each);
          sendHint(fleet, each);
        },
        onRowComment: (pageId) => sendCommentHint(fleet, pageId),
        onComment: (pageId, text) => planned?.rules.onComment(pageId, text),
        partnerOf: (pageId) => [...watch.partnersOf("left", pageId)].at(-1),
      },
    });
    const isPlanned = options.subject === "planning";
    const planned = isPlanned
      ? { rules: new PlanningRules(world, watch), planners: new Planners(world, () => watch.writes) }
      : null;
    const rules = options.subject === "pipeline" ? new BoardRules(world, watch) : (planned?.rules ?? null);
    const ids = countedIds(options.seed);
    const store = await how.openStore(ids);
    const fleet: Fleet = {
      world,
      store,
      ids,
      storeOutage: { until: 0 },
      mapping: { print: "one", isAccepted: !isPlanned, changedAt: 0 },
      onDurable: (...told) => {
        watch.onDurable(...told);
        planned?.rules.onDurable(...told);
      },
      machines: new Map(),
      ...(planned === null ? {} : { work: (...at) => planned.planners.work(...at) }),
      passes: 0,
    };
    if (isPlanned) await Planners.prepare(fleet);
    return new Run({
      case: what,
      world,
      watch,
      rules,
      planned,
      store,
      fleet,
      openStore: () => how.openStore(ids),
    });
  }

  async carryOut(): Promise<void> {
    const { options, acts } = this.#case;
    const world = this.#world;
    this.#plant();
    for (let place = 0; place < options.workers; place += 1) boot(this.#fleet, place);
    for (let place = 0; place < options.taskWorkers; place += 1) bootTaskWorker(world, place);
    const operator = this.#operator();
    for (const act of acts) world.scheduler.at(START + act.at, () => perform(world, act, operator));
    this.#planOutages();
    this.#planAcceptance();
    await this.#until(options.minutes * MINUTE);
    if (this.#isOver()) return;
    await this.#recover();
    if (this.#isOver()) return;
    await this.#rest();
    if (this.#isOver()) return;
    await audit(await readEnd(world, this.#watch, this.#store, this.#approved), this.#store);
    await this.#rules?.atEnd();
    this.#checkPasses();
    if (this.#isOver() || !this.#case.options.isDrilled) return;
    await drill({
      world,
      watch: this.#watch,
      fleet: this.#fleet,
      pass: (ms) => this.#until(world.now - START + ms),
      openStore: this.#openStore,
    });
  }

  /** I22: processes rest between polls, unless there is something to be done. */
  #checkPasses(): void {
    const world = this.#world;
    const minutes = (world.now - START) / MINUTE;
    const { workers, acts } = this.#case.options;
    const most = PASSES_PER_MINUTE * minutes * workers + PASSES_PER_ACT * acts;
    if (this.#fleet.passes > most)
      world.fail("I22", `${this.#fleet.passes} passes in ${Math.round(minutes)} minutes`);
  }

  async result(): Promise<Result> {
    const world = this.#world;
    await this.#store.close();
    world.table.close();
    return {
      violations: world.violations,
      hash: world.trace.hash,
      lines: world.trace.lines,
      tapeDrawn: world.tape.drawn,
      events: world.scheduler.events,
      calls: world.calls,
      writes: this.#watch.writes,
      edits: world.ledger.happenings.filter(({ by }) => by === "person").length,
      passes: this.#fleet.passes,
    };
  }

  /** What is there before the first pass: one set of records, seen by both sides, each with changes of its own. */
  #plant(): void {
    const random = randomFrom(this.#case.options.seed, "plant");
    const world = this.#world;
    if (this.#case.options.subject === "planning") plantPlanning(world);
    if (this.#case.options.subject !== "fields") return;
    for (let index = random.int(0, 5); index > 0; index -= 1) {
      const name = `old${index}`;
      const isOnBoth = this.#case.options.matchesByName && random.chance(0.5);
      const first: Side = random.pick(["left", "right"]);
      createOn(world, first, { name });
      if (isOnBoth)
        createOn(world, first === "left" ? "right" : "left", {
          name,
          note: random.chance(0.5) ? `${name}n` : null,
        });
    }
  }

  #planOutages(): void {
    const { options } = this.#case;
    const random = randomFrom(options.seed, "outages");
    const world = this.#world;
    const at = () => START + random.int(MINUTE, options.minutes * MINUTE);
    for (let count = 0; count < options.outages; count += 1) {
      const [ms, isSilent, isRight] = [
        random.int(30 * SECOND, 12 * MINUTE),
        random.chance(0.6),
        random.chance(0.2),
      ];
      world.scheduler.at(at(), () => {
        if (!isRight) return world.takeAccess(ms, isSilent);
        if (world.hub !== null)
          return world.takeHubAccess(ms, isSilent ? "hidden" : ms % 2 === 0 ? "revoked" : "issuesOff");
        world.table.isAccessible = false;
        world.scheduler.after(ms, () => {
          world.table.isAccessible = true;
        });
      });
    }
    for (let count = 0; count < options.hiddenPages; count += 1) {
      const [pick, ms] = [random.int(0, 99), random.int(30 * SECOND, 12 * MINUTE)];
      world.scheduler.at(at(), () => {
        const pages = [...world.workspace.pages()];
        const page = pages[pick % Math.max(1, pages.length)];
        if (page !== undefined) world.hide(page.id, ms);
      });
    }
  }

  /** A person looks at what planning would do, and lets it. */
  #planAcceptance(): void {
    if (this.#planned === null) return;
    const random = randomFrom(this.#case.options.seed, "acceptance");
    const { mapping } = this.#fleet;
    this.#world.scheduler.at(START + random.int(0, 3 * MINUTE), () => {
      mapping.isAccepted = true;
      this.#planned?.rules.accept();
    });
  }

  #operator(): Operator {
    const world = this.#world;
    return {
      settle: (pick, winner) => void this.#settle(pick, winner),
      skew: (ms) => {
        for (const machine of this.#fleet.machines.values())
          if (world.options.skewMs !== 0) machine.skewMs = ms;
      },
    };
  }

  async #settle(pick: number | null, winner: Side): Promise<void> {
    const { pairs } = this.#store;
    const { syncId } = this.#world.subject;
    const open = await pairs.listConflicts({ syncId, isOpen: true, limit: 1_000 });
    const waiting = open.filter((conflict) => conflict.winner === null);
    const chosen = pick === null ? waiting : waiting.slice(pick % Math.max(1, waiting.length)).slice(0, 1);
    for (const { id } of chosen) {
      const at = new Date(this.#world.now).toISOString();
      const isSettled = await pairs.settleConflict({ id, winner, by: "operator", at, now: this.#world.now });
      if (isSettled) this.#watch.onSettled(id, winner);
    }
  }

  async #approveHolds(): Promise<void> {
    const { pairs } = this.#store;
    const { syncId } = this.#world.subject;
    for (const hold of await pairs.listHolds({ syncId, isOpen: true, limit: 1_000 })) {
      if (hold.decision !== null) continue;
      const at = new Date(this.#world.now).toISOString();
      const isDecided = await pairs.decideHold({ id: hold.id, decision: "approved", by: "operator", at });
      if (isDecided && hold.kind === "mass-delete") this.#approved += hold.count;
    }
  }

  /** Faults cease; people rest; an operator does what is asked for. Within this time both sides have to agree. */
  async #recover(): Promise<void> {
    const world = this.#world;
    const { options } = this.#case;
    world.heal();
    this.#fleet.storeOutage.until = 0;
    if (options.losesWorker) this.#loseWorker();
    const answers = randomFrom(options.seed, "operator").chance(0.7);
    const rounds = 6;
    for (let round = 0; round < rounds; round += 1) {
      if (answers) {
        world.scheduler.after(1, () => void this.#settle(null, "left"));
        world.scheduler.after(2, () => void this.#approveHolds());
      }
      await this.#until(world.now - START + Math.ceil(this.#recoveryMs() / rounds));
      if (this.#isOver()) return;
    }
    // Somebody who sets values back again and again is left in peace for a while; then the last word is carried over, and what follows
    // from it.
    if (await this.#isFoughtOver())
      await this.#until(world.now - START + 11 * MINUTE + 2 * world.pollEveryMs);
    if (options.hiddenPages + options.outages === 0) return;
    // What could not be seen is looked for again after an hour; nothing else is to be waited for, so polls may be rare.
    world.pollEveryMs = 10 * MINUTE;
    await this.#until(world.now - START + 75 * MINUTE);
  }

  async #isFoughtOver(): Promise<boolean> {
    for await (const { problem } of this.#fleet.store.pairs.iterateLinks(this.#world.subject.syncId))
      if (problem?.startsWith("OSCILLATION")) return true;
    return false;
  }

  /** One process stays stopped for good; the others have to do without it. */
  #loseWorker(): void {
    const [machine] = this.#fleet.machines.values().filter(({ isDead }) => !isDead);
    machine?.pause(365 * 24 * 60 * MINUTE);
  }

  /** The bound within which everything has to have come to agreement. */
  #recoveryMs(): number {
    const { lateMs, indexLagMs, sweepEveryMs, pollEveryMs, rates, acts, minutes } = this.#case.options;
    const lag = 2 * (lateMs + indexLagMs) + 125 * SECOND;
    const looks = 2 * (sweepEveryMs ?? 0) + 4 * pollEveryMs;
    const waits = 5 * MINUTE + (rates.pause > 0 ? 10 * MINUTE : 0);
    // What could not be read is read again after waits that double: the last is no longer than all before it.
    const rereads = rates.partial > 0 ? (minutes + 1) * MINUTE : 0;
    return lag + looks + waits + rereads + acts * SECOND;
  }

  /** I2: nothing more is written once both sides agree. */
  async #rest(): Promise<void> {
    const world = this.#world;
    const before = this.#watch.writes;
    const restedAt = world.now;
    const { sweepEveryMs } = this.#case.options;
    await this.#until(world.now - START + 2 * world.pollEveryMs + (sweepEveryMs ?? 0) + 5 * SECOND);
    this.#planned?.rules.atRest(this.#planned.planners.passes.filter(({ at }) => at >= restedAt));
    const more = this.#watch.writes - before;
    if (more > 0) world.fail("I2", `${more} writes after everything had come to rest`);
  }

  #until(ms: number): Promise<void> {
    return this.#world.scheduler.runUntil(START + ms, () => this.#isOver());
  }

  #isOver(): boolean {
    return this.#world.violations.length > 0;
  }
}
