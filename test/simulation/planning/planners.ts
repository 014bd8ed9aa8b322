import { createHmac } from "node:crypto";
import { Bell } from "../../../src/app/bell.ts";
import { rememberDataSources } from "../../../src/app/data-sources.ts";
import type { Wish } from "../../../src/app/follow.ts";
import { GitHubDesk } from "../../../src/app/github-desk.ts";
import { Herald } from "../../../src/app/herald.ts";
import { type PairSource, Pairs } from "../../../src/app/pairs.ts";
import { Planning } from "../../../src/app/planning.ts";
import { passOver } from "../../../src/app/run-pairs.ts";
import type { SyncWorld } from "../../../src/app/run-syncs.ts";
import { createSyncs } from "../../../src/app/syncs.ts";
import { LockstepError } from "../../../src/core/errors.ts";
import { payloadOf } from "../../../src/emulator/github/payloads.ts";
import type { HookEvent } from "../../../src/emulator/github/state.ts";
import type { Run, Store } from "../../../src/store/store.ts";
import { createHubClient } from "../github/client.ts";
import { HUB_TOKEN, HUB_URL } from "../github/hub.ts";
import { IssueTable } from "../github/issues.ts";
import type { Machine } from "../machine.ts";
import { notionAccess, TOKEN } from "../notion-access.ts";
import { type Fleet, restMs, stackOf } from "../worker.ts";
import type { World } from "../world.ts";
import { configOf, DATA_SOURCE, HOOK_SECRET, pairOf, planningOf, secretsOf } from "./setup.ts";

/** A process that hears of GitHub's deliveries. */
interface Station {
  readonly machine: Machine;
  readonly desk: GitHubDesk;
}

/** Calls to each side that a pass made, and whether it did no more than ask. */
export interface PassCalls {
  readonly at: number;
  readonly left: number;
  readonly right: number;
  readonly isPoll: boolean;
  readonly writes: number;
}

const DELIVERY_MS: readonly [number, number] = [200, 5_000];
const LATE_MS: readonly [number, number] = [60_000, 900_000];

/** The product's own passes over rows and issues, with everything around them, in processes that die. */
export class Planners {
  readonly passes: PassCalls[] = [];
  readonly #world: World;
  readonly #writes: () => number;
  readonly #stations = new Map<string, Station>();
  #deliveries = 0;

  constructor(world: World, writes: () => number) {
    this.#world = world;
    this.#writes = writes;
    const { table } = world;
    if (!(table instanceof IssueTable)) throw new Error("there is no GitHub here");
    table.hub.state.listeners.push((event) => this.#hear(table, event));
  }

  /** As `init` leaves it: which data source the database stands for is known. */
  static async prepare({ world, store, ids }: Pick<Fleet, "world" | "store" | "ids">): Promise<void> {
    const clock = { now: () => world.now, monotonic: () => world.now, sleep: async () => {} };
    const deps = { store, ids, clock, owner: "init", isDead: () => true };
    await rememberDataSources(deps, DATA_SOURCE, [{ id: DATA_SOURCE, name: "Planning" }]);
  }

  async work(fleet: Fleet, machine: Machine, store: Store): Promise<void> {
    const { world } = fleet;
    const sync = this.#open(fleet, machine, store);
    const bell = new Bell<Wish>(machine.clock);
    const desk = new GitHubDesk(sync, [HOOK_SECRET], () => bell.ring("hint"));
    this.#stations.set(machine.name, { machine, desk });
    const pair = pairOf(planningOf(world.options));
    const never = new AbortController().signal;
    let polledAt = Number.NEGATIVE_INFINITY;
    for (;;) {
      const isPolling = machine.clock.monotonic() >= polledAt + world.pollEveryMs;
      const run = await this.#pass({ fleet, machine, sync, isPolling }, () => sync.pairs.known(pair), bell);
      if (run !== null && isPolling) polledAt = machine.clock.monotonic();
      const isDone = run?.status === "succeeded";
      await bell.wait(isDone ? await restMs(fleet, machine.clock, store) : world.pollEveryMs, never);
      // Rung in the very moment it looks away, a bell would be rung for ever.
      await machine.clock.sleep(1_000);
    }
  }

  async #pass(
    at: {
      readonly fleet: Fleet;
      readonly machine: Machine;
      readonly sync: SyncWorld;
      readonly isPolling: boolean;
    },
    known: () => Promise<PairSource | null>,
    bell: Bell<Wish>,
  ): Promise<Run | null> {
    const { fleet, machine, sync, isPolling } = at;
    const { world } = fleet;
    bell.take();
    const calls = { ...world.calls };
    const writes = this.#writes();
    try {
      fleet.passes += 1;
      machine.passBeganAt = world.now;
      const source = await known();
      if (source === null) throw new Error("the data source is not known");
      const { run } = await passOver(sync, source, {
        trigger: isPolling ? "poll" : "webhook",
        isFull: false,
        polls: isPolling ? ["left", "right"] : [],
        isAccepted: fleet.mapping.isAccepted,
      });
      world.trace.note(world.now, `${machine.name} run ${run.status} ${JSON.stringify(run.errors)}`);
      for (const { code, message } of run.errors) if (code === "UNEXPECTED") world.fail("engine", message);
      if (holdsToken(JSON.stringify(run))) world.fail("I23", "a run's evidence holds a token");
      this.passes.push({
        at: machine.passBeganAt,
        left: world.calls.left - calls.left,
        right: world.calls.right - calls.right,
        isPoll: isPolling,
        writes: this.#writes() - writes,
      });
      return run;
    } catch (error) {
      if (!(error instanceof LockstepError)) world.fail("engine", stackOf(error));
      else if (holdsToken(error.message)) world.fail("I23", "an error's message holds a token");
      else world.trace.note(world.now, `${machine.name} ${error.code} ${error.message}`);
      return null;
    }
  }

  #open(fleet: Fleet, machine: Machine, store: Store): SyncWorld {
    const { world, ids } = fleet;
    const { clock } = machine;
    const config = configOf(world.options);
    const planning = planningOf(world.options);
    const isDead = (owner: string) => fleet.machines.get(owner)?.isDead === true;
    const deps = { store, clock, ids, owner: machine.name, isDead };
    const secrets = secretsOf(TOKEN);
    const access = notionAccess(fleet, machine);
    const { hub } = world;
    if (hub === null) throw new Error("there is no GitHub here");
    const client = createHubClient({
      clock,
      token: HUB_TOKEN,
      baseUrl: HUB_URL,
      fetch: hub.fetchFor(machine),
      timeoutAfter: (ms) => {
        const timeout = new AbortController();
        machine.after(ms, () => timeout.abort());
        return timeout.signal;
      },
      pace: "github",
    });
    const herald = new Herald();
    herald.listen(({ event, fields }) =>
      world.trace.note(world.now, `${machine.name} ${event} ${JSON.stringify(fields)}`),
    );
    const follower = new Planning(planning, {
      deps,
      secrets,
      access,
      herald,
      github: { connect: () => client },
    });
    const pairs = new Pairs(deps, secrets, { access, pipeline: null, planning: follower });
    const syncs = createSyncs(deps, config, access);
    return { deps, config, syncs, pairs, pipeline: null, library: null, planning: follower };
  }

  /** GitHub tells once, and never again by itself: mostly it arrives. */
  #hear({ hub }: IssueTable, event: HookEvent): void {
    const { options, tape, rates, scheduler } = this.#world;
    if (!options.hasHints || tape.chance("hintLost", rates.hintLost)) return;
    this.#deliveries += 1;
    const letter = {
      id: `delivery-${this.#deliveries}`,
      event: event.event,
      body: Buffer.from(JSON.stringify(payloadOf(hub.renderer, event))),
    };
    const travel = tape.int("hint", ...DELIVERY_MS);
    const late = tape.chance("hintLate", rates.hintLate) ? tape.int("hintLate", ...LATE_MS) : 0;
    scheduler.after(travel + late, () => this.#deliver(letter));
    if (tape.chance("hintRepeated", rates.hintRepeated))
      scheduler.after(tape.int("hintRepeated", ...LATE_MS), () => this.#deliver(letter));
  }

  #deliver({
    id,
    event,
    body,
  }: {
    readonly id: string;
    readonly event: string;
    readonly body: Buffer;
  }): void {
    const alive = [...this.#stations.values()].filter(({ machine }) => !machine.isDead);
    const station = alive[this.#deliveries % Math.max(1, alive.length)];
    const signature = `sha256=${createHmac("sha256", HOOK_SECRET).update(body).digest("hex")}`;
    void station?.desk.receive({ body, signature, event, id }).catch((error: unknown) => {
      if (!(error instanceof LockstepError)) this.#world.fail("engine", stackOf(error));
    });
  }
}

function holdsToken(text: string): boolean {
  return text.includes(TOKEN) || text.includes(HUB_TOKEN);
}
