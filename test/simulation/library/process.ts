import { createTwoWay } from "../../../src/app/create-two-way.ts";
import { Herald } from "../../../src/app/herald.ts";
import { Library } from "../../../src/app/library.ts";
import { Pairs } from "../../../src/app/pairs.ts";
import { runDue, runPair } from "../../../src/app/run-pairs.ts";
import type { SyncWorld } from "../../../src/app/run-syncs.ts";
import { createSyncs } from "../../../src/app/syncs.ts";
import type { TwoWay } from "../../../src/app/two-way.ts";
import type { Config } from "../../../src/config/config.ts";
import { noSecrets } from "../../../src/config/environment.ts";
import { resolveConfig } from "../../../src/config/resolve.ts";
import type { Ids } from "../../../src/core/clock.ts";
import { LockstepError } from "../../../src/core/errors.ts";
import type { EngineDeps } from "../../../src/engine/sync.ts";
import type { Store } from "../../../src/store/store.ts";
import { Machine } from "../machine.ts";
import { notionAccess, TOKEN } from "../notion-access.ts";
import { type StoreLine, throughSeam } from "../store-seam.ts";
import type { LibraryWorld } from "./world.ts";

/** How long a server that died stays away (ms). */
const RESTART_MS: readonly [number, number] = [500, 90_000];
const HOUR_MS = 3_600_000;

/** What all processes share. */
export interface Household {
  readonly world: LibraryWorld;
  readonly store: Store;
  readonly ids: Ids;
  readonly config: Config;
  readonly storeOutage: { until: number };
  readonly onDurable: StoreLine["onDurable"];
  readonly machines: Map<string, Machine>;
  passes: number;
  commands: number;
}

export function configFor({ options, shelves }: LibraryWorld): Config {
  const { sweepEveryMs, seed } = options;
  const library = {
    notion: { series: shelves.series.dataSourceId, books: shelves.books.dataSourceId },
    pollSeconds: options.pollEveryMs / 1_000,
    sweepEveryHours: sweepEveryMs === null ? 8_760 : sweepEveryMs / HOUR_MS,
    // In some, every cascade of more than one book waits for a person.
    ...(seed % 5 === 0 ? { cascadeMax: 1 } : {}),
  };
  return resolveConfig({ library }, "/lockstep.config.json");
}

/** The product as one process has it. */
export interface Process {
  readonly machine: Machine;
  readonly library: Library;
  readonly twoWay: TwoWay;
}

function openProcess(household: Household, machine: Machine, onCrash: () => void): Process {
  const { world, ids, config } = household;
  const store = throughSeam(household.store, {
    machine,
    tape: world.tape,
    rates: () => world.rates,
    now: () => world.now,
    outage: household.storeOutage,
    onCrash: () => {
      machine.crash();
      world.trace.note(world.now, `CRASH ${machine.name}`);
      onCrash();
    },
    onDurable: household.onDurable,
  });
  const deps: EngineDeps = {
    store,
    clock: machine.clock,
    ids,
    owner: machine.name,
    isDead: (owner) => household.machines.get(owner)?.isDead === true,
  };
  const access = notionAccess(household, machine);
  if (config.library === undefined) throw new Error("no library is configured");
  const library: Library = new Library(config.library, {
    deps,
    notion: config.notion,
    openLibrary: null,
    herald: new Herald(),
    known: (pair) => syncs.pairs.known(pair),
    runPair: (pair, request) => runPair(syncs, pair, request),
    runDue: (pair, request) => runDue(syncs, pair, request),
  });
  const syncs: SyncWorld = {
    deps,
    config,
    syncs: createSyncs(deps, config, access),
    pairs: new Pairs(deps, noSecrets, { access, pipeline: null, planning: null }),
    pipeline: null,
    planning: null,
    library,
  };
  return { machine, library, twoWay: createTwoWay(syncs, noSecrets, new Herald()) };
}

/** A server as `lockstep serve` runs it: it follows both syncs and recomputes at night. It comes back after a crash. */
export function bootServer(household: Household, place: number, generation = 1): void {
  const { world, machines } = household;
  const machine = new Machine(
    world.scheduler,
    `server${place}.${generation}`,
    world.options.skewMs * (place % 2),
  );
  machines.set(machine.name, machine);
  const restart = () =>
    world.scheduler.after(world.tape.int("restart", ...RESTART_MS), () =>
      bootServer(household, place, generation + 1),
    );
  const { library, twoWay } = openProcess(household, machine, restart);
  const onRun = ({ run, sync }: { readonly run: object; readonly sync: string }) => {
    household.passes += 1;
    const text = JSON.stringify(run);
    if (text.includes(TOKEN)) world.fail("I23", "a run's evidence holds the token");
    if (text.includes('"UNEXPECTED"')) world.fail("engine", text);
    world.trace.note(world.now, `${machine.name} ran ${sync}`);
  };
  const never = new AbortController().signal;
  const serving = Promise.all([twoWay.follow(never, onRun), library.follow(never, onRun)]);
  void serving.catch((error: unknown) => failOf(world, error));
}

/** How a command ended. `crashed`: it never will. */
export type Ending<T> =
  | { readonly kind: "done"; readonly value: T }
  | { readonly kind: "failed"; readonly error: LockstepError }
  | { readonly kind: "crashed" };

/** A command in a process of its own. What it throws must be an error that people are meant to see. */
export function command<T>(
  household: Household,
  what: string,
  work: (library: Library, twoWay: TwoWay) => Promise<T>,
): Promise<Ending<T>> {
  const { world, machines } = household;
  household.commands += 1;
  const machine = new Machine(world.scheduler, `${what}${household.commands}`, 0);
  machines.set(machine.name, machine);
  return new Promise((resolve) => {
    const { library, twoWay } = openProcess(household, machine, () => resolve({ kind: "crashed" }));
    const end = (ending: Ending<T>) => {
      // The process is gone.
      machine.crash();
      resolve(ending);
    };
    work(library, twoWay).then(
      (value) => {
        world.trace.note(world.now, `${machine.name} done`);
        end({ kind: "done", value });
      },
      (error: unknown) => {
        if (error instanceof LockstepError) {
          world.trace.note(world.now, `${machine.name} ${error.code} ${error.message}`);
          return end({ kind: "failed", error });
        }
        failOf(world, error);
      },
    );
  });
}

function failOf(world: LibraryWorld, error: unknown): void {
  world.fail("engine", error instanceof Error ? (error.stack ?? error.message) : String(error));
}
