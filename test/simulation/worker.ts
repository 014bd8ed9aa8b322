import { createNotionConnector } from "../../src/connectors/notion/connector.ts";
import type { Clock, Ids } from "../../src/core/clock.ts";
import { LockstepError } from "../../src/core/errors.ts";
import type { PairDefinition } from "../../src/engine/two-way/definition.ts";
import { runPass } from "../../src/engine/two-way/pass.ts";
import type { Store } from "../../src/store/store.ts";
import { markerProperty } from "./fields.ts";
import { Machine } from "./machine.ts";
import { notionAccess, TOKEN } from "./notion-access.ts";
import { type StoreLine, throughSeam } from "./store-seam.ts";
import { createTableConnector } from "./table.ts";
import type { World } from "./world.ts";

/** Between two passes at least; and when something stays due although a pass has just ended (it waits for a person). */
const REST_MIN_MS = 1_000;
const REST_OVERDUE_MS = 15_000;
/** How long a process that died stays away. */
const RESTART_MS: readonly [number, number] = [500, 90_000];

/** What all processes share. */
export interface Fleet {
  readonly world: World;
  readonly store: Store;
  readonly ids: Ids;
  readonly storeOutage: { until: number };
  /** What an operator may change under way: the mapping's print, and whether it has been accepted. */
  readonly mapping: { print: string; isAccepted: boolean; changedAt: number };
  readonly onDurable: StoreLine["onDurable"];
  readonly machines: Map<string, Machine>;
  /** What a process does all day; by default the engine's own pass over the table. */
  readonly work?: (fleet: Fleet, machine: Machine, store: Store) => Promise<void>;
  passes: number;
}

/** Starts a process that works on the pair for ever: a pass, a wait, a pass. It comes back after a crash. */
export function boot(fleet: Fleet, place: number, generation = 1): void {
  const { world } = fleet;
  const machine = new Machine(world.scheduler, `w${place}.${generation}`, world.options.skewMs * (place % 2));
  fleet.machines.set(machine.name, machine);
  const onCrash = () => {
    machine.crash();
    world.trace.note(world.now, `CRASH ${machine.name}`);
    world.scheduler.after(world.tape.int("restart", ...RESTART_MS), () => boot(fleet, place, generation + 1));
  };
  const { tape } = world;
  const store = throughSeam(fleet.store, {
    machine,
    tape,
    rates: () => world.rates,
    now: () => world.now,
    outage: fleet.storeOutage,
    onCrash,
    onDurable: fleet.onDurable,
  });
  void (fleet.work ?? work)(fleet, machine, store);
}

async function work(fleet: Fleet, machine: Machine, store: Store): Promise<void> {
  const { world } = fleet;
  const pair = definePair(fleet, machine);
  const deps = {
    store,
    clock: machine.clock,
    ids: fleet.ids,
    owner: machine.name,
    isDead: (owner: string) => fleet.machines.get(owner)?.isDead === true,
  };
  let polledAt = Number.NEGATIVE_INFINITY;
  for (;;) {
    let isDone = false;
    const isPolling = machine.clock.monotonic() >= polledAt + world.pollEveryMs;
    try {
      fleet.passes += 1;
      machine.passBeganAt = world.now;
      const run = await runPass(deps, pair, {
        trigger: "simulation",
        isFull: false,
        polls: isPolling ? ["left", "right"] : [],
        allowDeletes: null,
        isAccepted: fleet.mapping.isAccepted,
        onProgress: () => {},
        signal: undefined,
      });
      isDone = run.status === "succeeded";
      if (isPolling) polledAt = machine.clock.monotonic();
      world.trace.note(world.now, `${machine.name} run ${run.status} ${JSON.stringify(run.errors)}`);
      for (const { code, message } of run.errors) if (code === "UNEXPECTED") world.fail("engine", message);
      if (JSON.stringify(run).includes(TOKEN)) world.fail("I23", "a run's evidence holds the token");
    } catch (error) {
      if (!(error instanceof LockstepError)) world.fail("engine", stackOf(error));
      else if (error.message.includes(TOKEN)) world.fail("I23", "an error's message holds the token");
      else world.trace.note(world.now, `${machine.name} ${error.code} ${error.message}`);
    }
    await machine.clock.sleep(isDone ? await restMs(fleet, machine.clock, store) : world.pollEveryMs);
  }
}

/** Until the next poll, or until something is due before it. */
export async function restMs({ world }: Fleet, clock: Clock, store: Store): Promise<number> {
  const { pollEveryMs } = world;
  const due = await store.pairs.nextDue(world.subject.syncId).catch(() => null);
  const untilDue = due === null ? pollEveryMs : due - clock.now();
  if (untilDue <= 0) return Math.min(pollEveryMs, REST_OVERDUE_MS);
  return Math.max(REST_MIN_MS, Math.min(pollEveryMs, untilDue));
}

export function definePair(fleet: Fleet, machine: Machine): PairDefinition {
  const { world } = fleet;
  const { options, workspace, subject } = world;
  const { http, client } = notionAccess(fleet, machine).connect();
  const notion = createNotionConnector({
    client,
    dataSourceId: workspace.dataSourceId,
    markerProperty,
    provisionOptions: true,
    lateWriteMs: options.lateMs,
    visibleAfterMs: options.indexLagMs + 1_000,
  });
  const table = subject.onTable(createTableConnector(world.table, world.lineFor(machine)));
  const sweepEveryMs = options.sweepEveryMs ?? Number.MAX_SAFE_INTEGER;
  const none = { calls: 0, retries: 0, waitingMs: 0 };
  return {
    id: subject.syncId,
    name: "simulated",
    sides: {
      left: {
        connector: notion,
        collectionId: workspace.dataSourceId,
        label: "Notion",
        sweepEveryMs,
        meter: () => http.stats(),
      },
      right: {
        connector: table,
        collectionId: "table",
        label: "table",
        sweepEveryMs,
        meter: () => none,
        marksOthers: subject.marksRows,
      },
    },
    bind: (descriptions, binding) =>
      subject.bind(options, descriptions, { binding, print: fleet.mapping.print }),
    policy: subject.policy(options),
    guard: subject.guard(options),
    writesAtOnce: 4,
  };
}

export function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
