import { type ClaimedJob, createTaskQueue, type TaskQueue } from "../../../src/recipes/pipeline/queue.ts";
import { errorStatuses, statuses } from "../../../src/recipes/pipeline/statuses.ts";
import { Machine } from "../machine.ts";
import type { World } from "../world.ts";
import { TaskTable } from "./task-table.ts";

const SECOND = 1_000;
const LEASE_MS = 90 * SECOND;
const STEPS_MAX = 3;
/** A worker that is still at it comes back after its lease. */
const SLOW_MS: readonly [number, number] = [60 * SECOND, 180 * SECOND];
const working = statuses.filter(({ state }) => state === "processing").map(({ name }) => name);
const failures = errorStatuses.filter((name) => name !== "Error: Retriable");

/** Programs that work through the queue while faults strike: they step, finish, fail, try again, are slow, and vanish. */
export function bootTaskWorker(world: World, place: number, generation = 1): void {
  if (!(world.table instanceof TaskTable)) throw new Error("this table has no queue");
  const machine = new Machine(world.scheduler, `t${place}.${generation}`, 0);
  const { tape } = world;
  const random = () => tape.int("task retry", 0, 999) / 1_000;
  const queue = createTaskQueue({ database: world.table.database, random, now: () => world.now });
  const onVanish = () => {
    machine.crash();
    world.trace.note(world.now, `VANISH ${machine.name}`);
    world.scheduler.after(tape.int("task", 5 * SECOND, 60 * SECOND), () =>
      bootTaskWorker(world, place, generation + 1),
    );
  };
  void work({ world, machine, queue, onVanish });
}

interface Station {
  readonly world: World;
  readonly machine: Machine;
  readonly queue: TaskQueue;
  readonly onVanish: () => void;
}

async function work(station: Station): Promise<void> {
  const { world, machine, queue } = station;
  for (;;) {
    await machine.clock.sleep(world.tape.int("task", 5 * SECOND, 40 * SECOND));
    if (!world.isFaulty) return;
    const job = await queue.claim({ worker: machine.name, leaseMs: LEASE_MS });
    if (job === null) continue;
    world.trace.note(world.now, `${machine.name} claims ${job.id} of ${job.task.id}, attempt ${job.attempt}`);
    await carryOut(station, job).catch((error: unknown) => {
      // Somebody made a draft of the task meanwhile, and emptied it: the table does not take it back.
      if (!(error instanceof Error && "errcode" in error)) throw error;
    });
  }
}

async function carryOut({ world, machine, queue, onVanish }: Station, job: ClaimedJob): Promise<void> {
  const { tape } = world;
  for (let steps = tape.int("task", 0, STEPS_MAX); steps > 0; steps -= 1) {
    const isSlow = tape.chance("task", 0.05);
    await machine.clock.sleep(isSlow ? tape.int("task", ...SLOW_MS) : tape.int("task", SECOND, 30 * SECOND));
    if (!world.isFaulty) return;
    if (tape.chance("task", 0.06)) return onVanish();
    const stage = tape.pick("task", working);
    if ((await queue.step(job, { state: "processing", stage })) === "lost") return;
  }
  const outcome = tape.int("task", 0, 9);
  const error = "simulated";
  if (outcome === 7) await queue.fail(job, { error, stage: tape.pick("task", failures) });
  else if (outcome >= 8) await queue.retry(job, { error });
  else await queue.complete(job, { state: "awaiting_review", stage: null });
}
